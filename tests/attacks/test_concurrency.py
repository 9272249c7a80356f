"""Several at once, again and again, against two real processes and a real PostgreSQL.

Each has a short form, which runs always, and the long one whose figures stand in docs/concurrency.md. What one round
looks like in detail is tested in test_kc_27294_…, test_cve_2026_1035_… and test_cve_2020_5300_….
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from registry import lifecycle
from registry.models import AccessToken, Client, InitialAccessToken, Organization, RefreshToken
from registry.states import State
from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Answer, Live
from tests.software import Software, asserting, code_by_hand, is_active, machine, register, somebody
from tests.together import together

pytestmark = pytest.mark.usefixtures("live_db")


def rounds(short: int, long: int) -> pytest.MarkDecorator:
    """How often: a few times always, and as often as the issue says when long tests are asked for."""
    often = pytest.param(long, id=f"{long} rounds", marks=pytest.mark.long)
    return pytest.mark.parametrize("count", [pytest.param(short, id=f"{short} rounds"), often])


def both(first: Callable[[], Answer], second: Callable[[], Answer]) -> tuple[Answer, Answer]:
    """Two requests at the same moment."""
    answers = together(2, lambda number: (first, second)[number]())
    return answers[0], answers[1]


def many(count: int, ask: Callable[[], Answer]) -> list[Answer]:
    """The same request so many times at the same moment."""
    return together(count, lambda _: ask())


def statuses(answers: Iterable[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


@pytest.fixture
def acme() -> Organization:
    return world.organization()


@rounds(2, 200)
def test_two_uses_of_an_initial_access_token_by_fifty(
    live_server: Live, count: int, acme: Organization
) -> None:
    for _ in range(count):
        minted = world.initial_access_token(acme, max_uses=2)
        ask = partial(live_server.post, "/register", bearer=minted.value, json=world.machine_metadata())
        assert statuses(many(50, ask)) == {201: 2, 401: 48}
        assert InitialAccessToken.objects.get(pk=minted.row.pk).uses == 2
    assert Client.objects.filter(organization=acme).count() == 2 * count


@rounds(1, 10)
def test_a_quota_of_one_hundred_by_two_hundred(live_server: Live, count: int) -> None:
    for _ in range(count):
        intruder = Intruder(live_server, world.organization(clients=100))
        answers = many(200, partial(until_let_in, partial(intruder.post, world.machine_metadata())))
        assert statuses(answers) == {201: 100, 429: 100}
        assert Client.objects.filter(organization=intruder.holder).count() == 100


def until_let_in(ask: Callable[[], Answer]) -> Answer:
    """Come back, as Retry-After asks, while the server has enough to do."""
    while (answer := ask()).status == 503:
        threading.Event().wait(0.2)
    return answer


@rounds(3, 500)
def test_one_refresh_token_by_twenty(live_server: Live, count: int, acme: Organization) -> None:
    """One winner, whose tokens die of the reuse; never two live heads, never a server error."""
    app, user = register(live_server, acme), somebody()
    for _ in range(count):
        value = app.exchange(code_by_hand(app, user)).json()["refresh_token"]
        assert statuses(many(20, partial(app.refresh, value))) == {200: 1, 400: 19}
        assert not alive(acme)


@rounds(20, 2000)
def test_refresh_beside_revoke(live_server: Live, count: int, acme: Organization) -> None:
    """Whichever comes first: once the revocation was answered, nothing of the family lives."""
    app, user, server = register(live_server, acme), somebody(), world.resource_server()
    for _ in range(count):
        value = app.exchange(code_by_hand(app, user)).json()["refresh_token"]
        refreshed, revoked = both(partial(app.refresh, value), partial(app.revoke, value))
        assert revoked.status == 200
        assert refreshed.status in {200, 400}
        assert not alive(acme)
        if refreshed.status == 200:
            assert not is_active(live_server, server, refreshed.json()["access_token"])
            assert app.refresh(refreshed.json()["refresh_token"]).json()["error"] == "invalid_grant"


def alive(holder: Organization) -> bool:
    """True if the organization holds a refresh token or an access token that anybody could use."""
    heads = RefreshToken.objects.filter(organization=holder, revoked=None)
    return heads.exists() or AccessToken.objects.filter(organization=holder).exists()


@rounds(2, 200)
def test_one_code_by_twenty(live_server: Live, count: int, acme: Organization) -> None:
    """One success, whose tokens die of the replay."""
    app, user = register(live_server, acme), somebody()
    for _ in range(count):
        assert statuses(many(20, partial(app.exchange, code_by_hand(app, user)))) == {200: 1, 400: 19}
        assert not alive(acme)


@rounds(2, 200)
def test_one_assertion_by_twenty(live_server: Live, count: int, acme: Organization) -> None:
    software = machine(live_server, acme, signer=world.signer())
    for _ in range(count):
        form = {"grant_type": "client_credentials"} | asserting(software.assertion())
        assert statuses(many(20, partial(live_server.post, "/token", form=form))) == {200: 1, 401: 19}


@rounds(5, 200)
def test_contain_beside_register(live_server: Live, count: int) -> None:
    """What was registered a moment before is dead a moment after; nothing is registered later."""
    for _ in range(count):
        acme = world.organization()
        ask = partial(
            live_server.post,
            "/register",
            bearer=world.initial_access_token(acme).value,
            json=world.machine_metadata(),
        )
        answers = beside(partial(contain, acme), [ask] * 3)
        assert set(statuses(answers)) <= {201, 401, 403}
        assert ask().status == 401
        made = [Software(live_server, answer.json()) for answer in answers if answer.status == 201]
        assert Client.objects.filter(organization=acme).count() == len(made)
        assert {software.token().status for software in made} <= {401}


def contain(holder: Organization) -> None:
    lifecycle.contain_organization(holder.pk, actor=world.STAN, reason="leak", now=world.now())


def beside(act: Callable[[], None], asks: list[Callable[[], Answer]]) -> list[Answer]:
    """Do this, and ask those, at the same moment; the answers."""
    found = together(len(asks) + 1, lambda number: asks[number - 1]() if number else act())
    return [answer for answer in found if answer is not None]


class Api:
    """A service that may do everything."""

    def __init__(self, live: Live) -> None:
        made = world.service()
        form = {"grant_type": "client_credentials"}
        answer = live.post("/token", basic=(made.client_id, made.client_secret), form=form)
        self.live, self.bearer = live, answer.json()["access_token"]

    def call(self, verb: str, path: str, seen: str | None = None, **members: str) -> Answer:
        headers = {"Content-Type": "application/json"} | ({"If-Match": seen} if seen else {})
        return self.live.request(verb, f"/api/v1/{path}", json=members, bearer=self.bearer, headers=headers)

    def edition(self, path: str) -> str:
        return str(self.live.get(f"/api/v1/{path}", bearer=self.bearer).headers["ETag"])


def number(edition: str) -> int:
    return int(edition.strip('W/"'))


def submitted() -> Organization:
    """An organization that waits for its approval."""
    made = world.organization(active=False)
    return lifecycle.submit_organization(
        made.pk, evidence="extract", actor=world.STAN, reason="new", now=world.now()
    )


@rounds(5, 100)
def test_approve_beside_edit(live_server: Live, count: int) -> None:
    """An approval binds to what was seen: it is first, or it is refused. Nobody approves what came after."""
    for _ in range(count):
        api, acme = Api(live_server), submitted()
        path = f"organizations/{acme.slug}"
        seen = api.edition(path)
        approved, edited = both(
            partial(api.call, "POST", f"{path}/approve", seen),
            partial(api.call, "PATCH", path, display_name="Other"),
        )
        assert (approved.status, edited.status) in {(200, 200), (412, 200)}
        assert number(edited.headers["ETag"]) == number(seen) + (2 if approved.status == 200 else 1)
        state = State.ACTIVE if approved.status == 200 else State.PENDING
        assert Organization.objects.get(pk=acme.pk).state == state


@rounds(5, 100)
def test_edits_of_one_edition(live_server: Live, count: int, acme: Organization) -> None:
    """Of ten who saw the same, one changes it and nine are told."""
    path = f"organizations/{acme.slug}"
    for _ in range(count):
        api = Api(live_server)
        seen = api.edition(path)
        edits = [partial(api.call, "PATCH", path, seen, display_name=f"Acme {name}") for name in range(10)]
        answers = together(10, lambda number, edits=edits: edits[number]())
        assert statuses(answers) == {200: 1, 412: 9}
        (winner,) = [answer for answer in answers if answer.status == 200]
        assert Organization.objects.get(pk=acme.pk).display_name == winner.json()["display_name"]


@rounds(5, 100)
def test_edits_of_different_members(live_server: Live, count: int, acme: Organization) -> None:
    """Who does not say what was seen loses nothing of the others."""
    api, path = Api(live_server), f"organizations/{acme.slug}"
    for round_ in range(count):
        name, legal = f"Acme {round_}", f"Acme {round_} AS"
        answers = both(
            partial(api.call, "PATCH", path, display_name=name),
            partial(api.call, "PATCH", path, legal_name=legal),
        )
        assert statuses(answers) == {200: 2}
        row = Organization.objects.get(pk=acme.pk)
        assert (row.display_name, row.legal_name) == (name, legal)


@rounds(5, 100)
def test_contain_beside_approve(live_server: Live, count: int) -> None:
    """The stricter state wins, whoever is first."""
    for _ in range(count):
        api, acme = Api(live_server), submitted()
        path = f"organizations/{acme.slug}"
        approved, contained = both(
            partial(api.call, "POST", f"{path}/approve"),
            partial(api.call, "POST", f"{path}/contain", reason="leak"),
        )
        assert approved.status in {200, 409}
        assert contained.status == 200
        assert Organization.objects.get(pk=acme.pk).state == State.SUSPENDED


@rounds(5, 100)
def test_suspend_beside_reactivate(live_server: Live, count: int, acme: Organization) -> None:
    """A client that is stopped while somebody lets it go on is stopped, unless it was so before: then that is said."""
    software = machine(live_server, acme)
    path = f"clients/{software.client_id}"
    for _ in range(count):
        api = Api(live_server)
        api.call("POST", f"{path}/suspend", reason="first")
        again, stopped = both(
            partial(api.call, "POST", f"{path}/reactivate", reason="over"),
            partial(api.call, "POST", f"{path}/suspend", reason="leak"),
        )
        assert (again.status, stopped.status) in {(200, 200), (200, 409)}
        assert software.token().status == (401 if stopped.status == 200 else 200)
