"""Introspection: for authenticated resource servers, inactive without a word why (RFC 7662)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry import lifecycle, queries, resource_servers
from registry.actors import Viewer
from registry.events import Event
from registry.models import Organization, ResourceServer, User
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, code_by_hand, introspect, machine

pytestmark = pytest.mark.django_db
INACTIVE = {"active": False}
STAFF = Viewer(Role.AUDITOR, None)
NOW = datetime(2026, 11, 23, 9, 12, 10, tzinfo=UTC)


@pytest.fixture
def value(batch: Software) -> str:
    return str(batch.token().json()["access_token"])


def test_an_active_token_is_described(
    door: InProcess, batch: Software, value: str, server: tuple[str, str], acme: Organization
) -> None:
    seen = introspect(door, server, value)
    assert seen.pop("exp") - seen.pop("iat") == 300
    assert seen == {
        "active": True,
        "scope": "accounts:read",
        "client_id": batch.client_id,
        "org_id": str(acme.pk),
        "environment": "sandbox",
        "token_type": "Bearer",
        "sub": batch.client_id,
    }


def test_the_answer_is_not_stored(door: InProcess, value: str, server: tuple[str, str]) -> None:
    answer = door.post("/introspect", basic=server, form={"token": value})
    assert (answer.headers["Cache-Control"], answer.headers["Content-Type"]) == (
        "no-store",
        "application/json",
    )


@pytest.mark.parametrize("age", [299, 300])
def test_a_token_ends_with_its_expiry(
    door: InProcess, value: str, server: tuple[str, str], later: Any, age: int
) -> None:
    later(age - 1 if age < 300 else age)
    assert introspect(door, server, value)["active"] is (age < 300)


class TestInactive:
    @pytest.mark.parametrize(
        "other",
        ["x", "cat_" + "A" * 43, "c" * 60_000, "é", "null", "{}"],
    )
    def test_what_is_no_token(self, door: InProcess, server: tuple[str, str], other: str) -> None:
        assert introspect(door, server, other) == INACTIVE

    def test_codes_and_refresh_tokens(
        self, door: InProcess, app: Software, user: User, server: tuple[str, str]
    ) -> None:
        code = code_by_hand(app, user)
        assert introspect(door, server, code) == INACTIVE
        refresh = app.exchange(code).json()["refresh_token"]
        answer = door.post(
            "/introspect", basic=server, form={"token": refresh, "token_type_hint": "refresh_token"}
        )
        assert answer.json() == INACTIVE

    def test_tokens_of_the_other_environment(self, door: InProcess, value: str) -> None:
        production = world.resource_server(environment=Environment.PRODUCTION)
        assert introspect(door, production, value) == INACTIVE

    def test_tokens_without_a_scope_of_the_resource_server(self, door: InProcess, value: str) -> None:
        assert introspect(door, world.resource_server(["payments:write"]), value) == INACTIVE

    def test_revoked_tokens(
        self, door: InProcess, batch: Software, value: str, server: tuple[str, str]
    ) -> None:
        batch.revoke(value)
        assert introspect(door, server, value) == INACTIVE


def test_other_scopes_are_not_told(door: InProcess, acme: Organization) -> None:
    software = machine(door, acme, scope="accounts:read payments:write")
    value = software.token().json()["access_token"]
    assert introspect(door, world.resource_server(["accounts:read"]), value)["scope"] == "accounts:read"


class TestRefuses:
    @pytest.mark.parametrize("authorization", [None, "", "Basic", "Bearer x", "Basic !!!", "Basic Og=="])
    def test_strangers(self, door: InProcess, value: str, authorization: str | None) -> None:
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = door.post("/introspect", form={"token": value}, headers=headers)
        assert error(answer) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")

    def test_a_wrong_secret_and_an_unknown_server_alike(
        self, door: InProcess, value: str, server: tuple[str, str]
    ) -> None:
        wrong = door.post("/introspect", basic=(server[0], "prs_x"), form={"token": value})
        unknown = door.post("/introspect", basic=("nobody", "prs_x"), form={"token": value})
        assert wrong.body == unknown.body
        assert error(wrong) == (401, "invalid_client")

    def test_clients_with_their_own_secret(self, door: InProcess, batch: Software, value: str) -> None:
        answer = door.post("/introspect", basic=(batch.client_id, batch.secret), form={"token": value})
        assert error(answer) == (401, "invalid_client")

    def test_its_secret_in_the_body(self, door: InProcess, value: str, server: tuple[str, str]) -> None:
        form = {"token": value, "client_id": server[0], "client_secret": server[1]}
        assert error(door.post("/introspect", form=form)) == (401, "invalid_client")

    @pytest.mark.parametrize("form", [{}, {"token": ""}, {"token_type_hint": "access_token"}])
    def test_a_form_without_a_token(
        self, door: InProcess, server: tuple[str, str], form: dict[str, str]
    ) -> None:
        assert error(door.post("/introspect", basic=server, form=form)) == (400, "invalid_request")

    def test_a_token_that_is_sent_twice(self, door: InProcess, server: tuple[str, str], value: str) -> None:
        form = [("token", value), ("token", "x")]
        assert error(door.post("/introspect", basic=server, form=form)) == (400, "invalid_request")

    def test_a_server_that_ended(self, door: InProcess, server: tuple[str, str], value: str) -> None:
        ResourceServer.objects.filter(identifier=server[0]).update(ended_at=world.now())
        answer = door.post("/introspect", basic=server, form={"token": value})
        assert error(answer) == (401, "invalid_client")

    def test_a_server_of_a_contained_organization(
        self, door: InProcess, acme: Organization, value: str
    ) -> None:
        server = world.resource_server()
        partner = world.organization("partner")
        ResourceServer.objects.filter(identifier=server[0]).update(organization=partner)
        assert introspect(door, server, value)["active"] is True
        lifecycle.contain_organization(partner.pk, actor=world.STAN, reason="leak", now=world.now())
        answer = door.post("/introspect", basic=server, form={"token": value})
        assert error(answer) == (401, "invalid_client")


class TestRefusalsAreTold:
    """As of clients: one event for each resource server and minute (issue 1.10)."""

    def told(self, server: tuple[str, str]) -> list[str]:
        events = queries.audit_events(STAFF, action=Event.RESOURCE_SERVER_AUTHENTICATION_REFUSED)
        return [event.reason for event in events.filter(subject_id=server[0])]

    def test_once_a_minute(self, door: InProcess, server: tuple[str, str]) -> None:
        for minute in (0, 0, 0, 1):
            instant = NOW + timedelta(minutes=minute)
            resource_servers.asked(server[0], "prs_x", "", request_id="", now=instant)
        assert self.told(server) == ["the secret does not fit"] * 2

    def test_with_the_request_that_was_refused(self, door: InProcess, server: tuple[str, str]) -> None:
        answer = door.post("/introspect", basic=(server[0], "prs_x"), form={"token": "x"})
        event = queries.audit_events(STAFF, subject_id=server[0]).first()
        assert (event.action, event.request_id) == (
            Event.RESOURCE_SERVER_AUTHENTICATION_REFUSED,
            answer.headers["Request-Id"],
        )

    def test_with_its_cause(self, door: InProcess, server: tuple[str, str]) -> None:
        ResourceServer.objects.filter(identifier=server[0]).update(ended_at=world.now())
        door.post("/introspect", basic=server, form={"token": "x"})
        assert self.told(server) == ["the resource server ended"]

    def test_nothing_of_who_is_not_known(self, door: InProcess, server: tuple[str, str]) -> None:
        door.post("/introspect", basic=("nobody", "prs_x"), form={"token": "x"})
        assert self.told(("nobody", "")) == self.told(server) == []
