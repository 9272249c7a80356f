"""Objects of another organization: on every address, with every verb that it has, the answer for an id that there is
not. Generated from the URL conf; an argument of a path that is not in SAME_FORM fails.
"""

import html
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.db import transaction

from registry import audit_export
from registry.audit_export import Selection
from registry.identifiers import new_client_id, uuid7
from registry.models import AccessToken, Client, Organization
from registry.roles import Role
from registry.states import Environment
from tests import audit_log, world
from tests.attacks.doors import OF_STRANGERS, ROUTES, Route, Somebody, cast, known, registered, written
from tests.attacks.privileges import TABLE
from tests.live import Answer
from tests.software import InProcess, Software, code_by_hand, machine, register, somebody

pytestmark = pytest.mark.django_db

# What an id looks like that nobody has: of the same length and letters as a real one.
SAME_FORM: Mapping[str, Callable[[], object]] = {
    "slug": lambda: f"acme-{secrets.token_hex(4)}",
    "client_id": new_client_id,
    "secret_id": lambda: secrets.randbelow(2**31),
    "thumbprint": lambda: secrets.token_urlsafe(32),
    "registration_id": uuid7,
    "token_id": uuid4,
    "event_id": uuid7,
    "person_id": uuid4,
    "invitation_id": lambda: secrets.randbelow(10**9) + 10**9,
    "domain": lambda: f"acme-{secrets.token_hex(4)}.example",
}
# Arguments that name no object of an organization: a secret is its own permission, a word means the same to all.
NOBODYS = {"digest", "token", "uidb36", "key", "code", "staff_id", "role", "environment"}
NUMBERS = {"secret_id", "invitation_id"}  # a filter finds nothing by them
OUTSIDERS = ("anonymous", "viewer", "developer", "admin", "enduser", "software")
WITHIN = [route for route in ROUTES.values() if set(route.arguments) - NOBODYS]
NESTED = [route for route in WITHIN if len(set(route.arguments) - NOBODYS) > 1]
CHANGING = re.compile(
    r"req_(?:<wbr>)?[0-9a-f]+|nonce[-=]\S+|csrfmiddlewaretoken\" value=\"\w+|<wbr>|\d\d:\d\d(?::\d\d)?"
    r"|>(?:now|\d+ s ago)<"
)
TOLD = ("Location", "WWW-Authenticate", "Allow", "Content-Type", "Cache-Control", "ETag")


@pytest.fixture
def acme() -> Organization:
    return world.organization("acme", production_review="one_person")


@pytest.fixture
def other() -> Organization:
    """The organization of whoever asks."""
    return world.organization("other", production_review="one_person")


@pytest.fixture
def ids(acme: Organization) -> dict[str, Any]:
    return known(acme)


def made_up(ids: Mapping[str, Any]) -> dict[str, Any]:
    return dict(ids) | {name: make() for name, make in SAME_FORM.items()}


def outsider(name: str, other: Organization) -> Somebody:
    """Somebody of the other organization: a person, or software with a token of its own."""
    if name != "software":
        return cast(name, other)
    software = machine(InProcess(), other)
    return Somebody(
        name,
        bearer=software.token().json()["access_token"],
        secret=(software.client_id, software.secret),
    )


def seen(answer: Answer, ids: Mapping[str, Any]) -> tuple[object, ...]:
    """What an answer says, but for the ids that were asked for and what changes with every answer."""
    told = [answer.text, *(f"{name}: {answer.headers.get(name)}" for name in TOLD)]
    return (answer.status, *(_without(CHANGING.sub("", text), ids) for text in told))


def _without(text: str, ids: Mapping[str, Any]) -> str:
    longest_first = sorted(SAME_FORM.keys() & ids.keys(), key=lambda name: -len(str(ids[name])))
    for name in longest_first:  # a domain holds a slug
        value = ids[name]
        if isinstance(value, int):  # a number means something only in an address
            text = re.sub(rf"(?<=[/F]){value}(?!\d)", f"<{name}>", text)
            continue
        for spelled in {str(value), quote(str(value), safe=""), html.escape(str(value))}:
            text = text.replace(spelled, f"<{name}>")
    return text


def ask(who: Somebody, route: Route, verb: str, ids: Mapping[str, Any]) -> tuple[object, ...]:
    """Ask, and take back whatever it did; whatever is asked about others' objects writes nothing of theirs."""
    with transaction.atomic(), written() as tables:
        answer = seen(who.ask(verb, route.path(ids), {"reason": "leak"} if verb == "POST" else {}), ids)
        transaction.set_rollback(True)
    assert tables <= OF_STRANGERS, (verb, route.name)
    return answer


def verbs(route: Route) -> Iterator[str]:
    """Those that the address has for anybody; of the others nobody learns anything."""
    return (verb for (name, verb), cell in TABLE.items() if name == route.name and cell.roles)


def test_every_argument_of_a_path_is_known() -> None:
    arguments = {name for route in ROUTES.values() for name in route.arguments}
    assert arguments == set(SAME_FORM) | NOBODYS


@pytest.mark.parametrize("name", OUTSIDERS)
def test_what_is_there_looks_like_what_is_not(name: str, other: Organization, ids: dict[str, Any]) -> None:
    who, random = outsider(name, other), made_up(ids)
    differ = [
        f"{verb} {route.name}"
        for route in WITHIN
        for verb in (*verbs(route), "PUT")
        if ask(who, route, verb, ids) != ask(who, route, verb, random)
    ]
    assert differ == []


@pytest.mark.parametrize("name", ["manager", "service"])
def test_below_an_organization_only_what_belongs_to_it(
    name: str, acme: Organization, other: Organization, ids: dict[str, Any]
) -> None:
    """Who may see everything still finds nothing of Acme below the other one's address."""
    who = cast(name, acme)
    theirs = {"slug": other.slug, "client_id": registered(other, Environment.SANDBOX)}
    foreign, random = ids | theirs, made_up(ids) | theirs
    assert NESTED
    for route in NESTED:
        for verb in verbs(route):
            answer = ask(who, route, verb, foreign)
            assert answer == ask(who, route, verb, random), (verb, route.name)
            assert answer[0] == 404 or name not in TABLE[route.name, verb].roles


def secrets_of(holder: Organization, ids: Mapping[str, Any]) -> set[str]:
    """Words that name the organization or something of it."""
    people = [world.person(Role.ORGANIZATION_ADMIN, holder, "Alice of Acme")]
    clients = Client.objects.filter(organization=holder).values_list("client_id", flat=True)
    return {
        holder.slug,
        *clients,
        *(str(ids[name]) for name in ("registration_id", "token_id", "event_id")),
        *(person.email for person in people),
        *(person.name for person in people),
    }


LISTS = [
    route for route in ROUTES.values() if not route.arguments and TABLE[route.name, "GET"].roles >= {"admin"}
]
# What addresses read somewhere: what a list searches by alone, and all else at once.
FILTERS = (
    ("",),
    ("q",),
    ("search",),
    ("organization", "client", "client_id", "slug", "actor", "subject", "id", "state"),
)


@pytest.mark.parametrize("name", ["viewer", "developer", "admin", "enduser"])
def test_no_list_names_anything_of_another(
    name: str, acme: Organization, other: Organization, ids: dict[str, Any]
) -> None:
    who, named = outsider(name, other), secrets_of(acme, ids)
    for route in LISTS:
        page = who.ask("GET", route.path({})).text.replace("<wbr>", "")
        assert not {word for word in named if word in page}, route.name


@pytest.mark.parametrize("parameters", FILTERS, ids="+".join)
def test_no_filter_finds_anything_of_another(
    parameters: tuple[str, ...], other: Organization, ids: dict[str, Any]
) -> None:
    """Every parameter that an address has somewhere, on every list of the partners."""
    who, random = outsider("admin", other), made_up(ids)
    for route in LISTS:
        if route.name.startswith("partner:"):
            for argument in SAME_FORM.keys() - NUMBERS:
                pages = [
                    seen(who.ask("GET", f"{route.path({})}?{every(parameters, asked[argument])}"), asked)
                    for asked in (ids, random)
                ]
                assert pages[0] == pages[1], (route.name, argument)


def every(parameters: tuple[str, ...], value: object) -> str:
    return urlencode(dict.fromkeys(parameters, value))


def test_those_words_are_on_its_own_pages(acme: Organization, ids: dict[str, Any]) -> None:
    """The control: what was searched for can be found."""
    named, page = secrets_of(acme, ids), cast("admin", acme).ask("GET", "/partner/clients/").text
    assert {word for word in named if word in page.replace("<wbr>", "")}


def test_an_export_of_one_organization_holds_nothing_of_another(
    acme: Organization, other: Organization, ids: dict[str, Any]
) -> None:
    named = secrets_of(acme, ids)
    audit_log.sequence()
    lines = [line for _, line in audit_export.export(Selection(other)).lines(now=world.now())]
    text = b"".join(lines).decode()
    assert other.slug in text
    assert not {word for word in named if word in text}


class TestCredentials:
    """Ids and credentials of another organization where the protocol takes them: as good as made up."""

    @pytest.fixture
    def app(self, acme: Organization) -> Software:
        return register(InProcess(), acme)

    @pytest.fixture
    def mine(self, other: Organization) -> Software:
        return register(InProcess(), other)

    def same(self, first: Answer, second: Answer) -> None:
        assert seen(first, {}) == seen(second, {})

    def test_a_code(self, app: Software, mine: Software) -> None:
        code = code_by_hand(app, somebody())
        self.same(
            mine.exchange(code, redirect_uri=app.redirect_uri),
            mine.exchange(secrets.token_urlsafe(24), redirect_uri=app.redirect_uri),
        )
        assert app.exchange(code).status == 200

    def test_a_refresh_token(self, app: Software, mine: Software) -> None:
        value = app.exchange(code_by_hand(app, somebody())).json()["refresh_token"]
        self.same(mine.refresh(value), mine.refresh(value[:4] + secrets.token_urlsafe(32)))
        assert app.refresh(value).status == 200

    def test_a_token_to_revoke(self, app: Software, mine: Software) -> None:
        issued = app.exchange(code_by_hand(app, somebody())).json()
        for value in (issued["access_token"], issued["refresh_token"]):
            self.same(mine.revoke(value), mine.revoke(value[:4] + secrets.token_urlsafe(32)))
        assert AccessToken.objects.filter(organization__slug=app.row.organization.slug).exists()
        assert app.refresh(issued["refresh_token"]).status == 200

    def test_a_client_id_with_a_secret_of_ones_own(self, app: Software, mine: Software) -> None:
        form = {"grant_type": "client_credentials"}
        self.same(
            mine.door.post("/token", basic=(app.client_id, mine.secret), form=form),
            mine.door.post("/token", basic=(new_client_id(), mine.secret), form=form),
        )

    def test_a_token_of_the_other_environment(self, acme: Organization) -> None:
        value = machine(InProcess(), acme).token().json()["access_token"]
        server = world.resource_server(environment=Environment.PRODUCTION)
        self.same(
            InProcess().post("/introspect", basic=server, form={"token": value}),
            InProcess().post("/introspect", basic=server, form={"token": "cat_" + secrets.token_urlsafe(32)}),
        )

    def test_an_idempotency_key(self, app: Software, acme: Organization, other: Organization) -> None:
        """The key of one organization is free in another."""
        key = {"Idempotency-Key": "k" * 43}
        made = []
        for holder in (acme, other):
            bearer = world.initial_access_token(holder).value
            body = world.machine_metadata()
            made.append(InProcess().post("/register", bearer=bearer, json=body, headers=key))
        assert [answer.status for answer in made] == [201, 201]
        assert made[0].json()["client_id"] != made[1].json()["client_id"]
