"""CVE-2026-1035 (Keycloak): a refresh token, or a code, used twice between check and use."""

from collections import Counter

import pytest

from registry import queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import AccessToken, Organization, RefreshToken
from registry.roles import Role
from tests import world
from tests.live import Answer, Live
from tests.software import code_by_hand, is_active, register, somebody
from tests.together import together

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture
def acme() -> Organization:
    return world.organization()


def winners(answers: list[Answer]) -> list[Answer]:
    assert {a.json()["error"] for a in answers if a.status != 200} == {"invalid_grant"}
    return [answer for answer in answers if answer.status == 200]


def seen(holder: Organization, event: Event) -> int:
    return int(queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder, action=event).count())


def test_twenty_refreshes_at_once_have_one_winner_and_end_the_family(
    live_server: Live, acme: Organization
) -> None:
    app, server = register(live_server, acme), world.resource_server()
    issued = app.exchange(code_by_hand(app, somebody())).json()
    answers = together(20, lambda _: app.refresh(issued["refresh_token"]))
    assert Counter(answer.status for answer in answers) == {200: 1, 400: 19}
    (winner,) = winners(answers)
    assert app.refresh(winner.json()["refresh_token"]).json()["error"] == "invalid_grant"
    for value in (issued["access_token"], winner.json()["access_token"]):
        assert not is_active(live_server, server, value)
    assert not RefreshToken.objects.filter(organization=acme, revoked=None).exists()
    assert not AccessToken.objects.filter(organization=acme).exists()
    assert seen(acme, Event.TOKEN_REUSE_SEEN) >= 1


def test_a_chain_of_rotations_under_attack_leaves_no_live_head(live_server: Live, acme: Organization) -> None:
    """Old values are presented while newer ones are being rotated: whatever the order, nothing lives on."""
    app = register(live_server, acme)
    first = app.exchange(code_by_hand(app, somebody())).json()["refresh_token"]
    second = app.refresh(first).json()["refresh_token"]
    together(12, lambda number: app.refresh(first if number % 2 else second))
    assert not RefreshToken.objects.filter(organization=acme, revoked=None).exists()
    assert not AccessToken.objects.filter(organization=acme).exists()


def test_without_rotation_twenty_at_once_all_win(live_server: Live, acme: Organization) -> None:
    app = register(live_server, acme)
    type(app.row).objects.filter(client_id=app.client_id).update(rotate_refresh_tokens=False)
    value = app.exchange(code_by_hand(app, somebody())).json()["refresh_token"]
    answers = together(20, lambda _: app.refresh(value))
    assert Counter(answer.status for answer in answers) == {200: 20}
    assert seen(acme, Event.TOKEN_REUSE_SEEN) == 0


def test_a_code_twenty_times_at_once_succeeds_once_and_its_tokens_die(
    live_server: Live, acme: Organization
) -> None:
    app, server = register(live_server, acme), world.resource_server()
    code = code_by_hand(app, somebody())
    answers = together(20, lambda _: app.exchange(code))
    assert Counter(answer.status for answer in answers) == {200: 1, 400: 19}
    (winner,) = winners(answers)
    assert not is_active(live_server, server, winner.json()["access_token"])
    assert app.refresh(winner.json()["refresh_token"]).json()["error"] == "invalid_grant"
    assert seen(acme, Event.CODE_REPLAY_SEEN) >= 1
