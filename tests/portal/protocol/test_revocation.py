"""Revocation (RFC 7009): a client ends its own tokens and learns nothing of anybody else's."""

import pytest

from registry import lifecycle, queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Organization, User
from registry.roles import Role
from tests import world
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, code_by_hand, is_active, machine, register

pytestmark = pytest.mark.django_db


def revocations(holder: Organization) -> int:
    events = queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder)
    return int(events.filter(action=Event.TOKEN_REVOKED).count())


@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "nonsense", "id_token"])
def test_a_token_ends_whatever_the_hint(
    batch: Software, server: tuple[str, str], acme: Organization, hint: str | None
) -> None:
    value = batch.token().json()["access_token"]
    answer = batch.revoke(value, token_type_hint=hint)
    assert (answer.status, answer.body, answer.headers["Cache-Control"]) == (200, b"", "no-store")
    assert not is_active(batch.door, server, value)
    assert revocations(acme) == 1


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_either_token_ends_the_whole_grant(
    app: Software, user: User, server: tuple[str, str], acme: Organization, kind: str
) -> None:
    told = app.exchange(code_by_hand(app, user)).json()
    newer = app.refresh(told["refresh_token"]).json()
    assert app.revoke(newer[kind]).status == 200
    assert not is_active(app.door, server, told["access_token"])
    assert not is_active(app.door, server, newer["access_token"])
    assert error(app.refresh(newer["refresh_token"])) == (400, "invalid_grant")
    assert revocations(acme) == 1


def test_a_token_that_was_replaced_ends_what_replaced_it(
    app: Software, user: User, acme: Organization
) -> None:
    """Whoever revokes may not know yet that a refresh was on its way."""
    first = app.exchange(code_by_hand(app, user)).json()["refresh_token"]
    second = app.refresh(first).json()["refresh_token"]
    assert [app.revoke(first).status for _ in range(2)] == [200, 200]
    assert error(app.refresh(second)) == (400, "invalid_grant")
    assert revocations(acme) == 1


@pytest.mark.parametrize("value", ["x", "cat_" + "A" * 43, "é" * 100])
def test_an_unknown_token_is_answered_like_a_known_one(
    batch: Software, acme: Organization, value: str
) -> None:
    """RFC 7009 §2.2."""
    answer = batch.revoke(value)
    assert (answer.status, answer.body) == (200, b"")
    assert revocations(acme) == 0


def test_another_client_s_token_stays(
    door: InProcess, batch: Software, acme: Organization, server: tuple[str, str]
) -> None:
    value = batch.token().json()["access_token"]
    assert machine(door, acme).revoke(value).status == 200
    assert is_active(door, server, value)


def test_a_public_client_may(
    door: InProcess, acme: Organization, user: User, server: tuple[str, str]
) -> None:
    software = register(door, acme, token_endpoint_auth_method="none")
    value = software.exchange(code_by_hand(software, user)).json()["access_token"]
    assert software.revoke(value).status == 200
    assert not is_active(door, server, value)


@pytest.mark.parametrize("parameter", [{}, {"grant_type": "refresh_token"}])
def test_a_suspended_organization_may(batch: Software, acme: Organization, parameter: dict[str, str]) -> None:
    value = batch.token().json()["access_token"]
    lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
    assert batch.revoke(value, **parameter).status == 200
    assert revocations(acme) == 1


def test_a_client_has_to_prove_itself(door: InProcess, batch: Software, server: tuple[str, str]) -> None:
    value = batch.token().json()["access_token"]
    assert error(door.post("/revoke", form={"token": value})) == (401, "invalid_client")
    assert error(door.post("/revoke", basic=(batch.client_id, "x"), form={"token": value})) == (
        401,
        "invalid_client",
    )
    assert is_active(door, server, value)


def test_a_token_is_needed(batch: Software) -> None:
    assert error(batch.ask("/revoke")) == (400, "invalid_request")
    assert error(batch.revoke("")) == (400, "invalid_request")


def test_credentials_do_not_stand_in_the_query(door: InProcess, batch: Software) -> None:
    value = batch.token().json()["access_token"]
    answer = door.post(f"/revoke?token={value}", basic=(batch.client_id, batch.secret), form={"token": value})
    assert error(answer) == (400, "invalid_request")
