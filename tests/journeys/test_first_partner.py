"""The officer's story of the first partner, over real HTTP against real processes."""

from typing import Any

import pytest

from registry import decisions, lifecycle, queries
from registry.actors import Viewer
from registry.events import Event
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.live import Live

pytestmark = pytest.mark.usefixtures("live_db")
STAFF = Viewer(Role.PARTNER_MANAGER, None)


def register(live: Live, token: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = live.post("/register", bearer=token, json=body)
    assert answer.status == 201, answer.text
    return answer.json()


def ask_token(live: Live, client: dict[str, Any]) -> Any:
    return live.post(
        "/token",
        basic=(client["client_id"], client["client_secret"]),
        form={"grant_type": "client_credentials", "scope": "accounts:read"},
    )


def test_a_partner_registers_is_decided_works_and_is_contained(live_server: Live) -> None:
    acme = world.organization()
    server = world.resource_server(environment=Environment.PRODUCTION)
    token = world.initial_access_token(acme, Environment.PRODUCTION).value

    client = register(live_server, token, world.machine_metadata())
    assert client["registration_state"] == "pending"
    refused = ask_token(live_server, client)
    assert (refused.status, refused.json()["error"]) == (400, "unauthorized_client")

    case = queries.waiting(STAFF).get(organization=acme)
    decisions.approve(case.pk, actor=world.PAUL, reason="known partner", now=world.now())

    issued = ask_token(live_server, client)
    assert issued.status == 200, issued.text
    value = issued.json()["access_token"]
    seen = live_server.post("/introspect", basic=server, form={"token": value}).json()
    assert seen["active"] is True
    assert (seen["client_id"], seen["org_id"]) == (client["client_id"], str(acme.pk))

    lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="key leaked", now=world.now())

    seen = live_server.post("/introspect", basic=server, form={"token": value}).json()
    assert seen == {"active": False}
    refused = ask_token(live_server, client)
    assert (refused.status, refused.json()["error"]) == (401, "invalid_client")
    again = live_server.post("/register", bearer=token, json=world.machine_metadata())
    assert (again.status, again.json()["error"]) == (401, "invalid_token")

    told = list(queries.audit_events(STAFF, organization=acme).values_list("action", flat=True))
    for event in (
        Event.ORGANIZATION_APPROVED,
        Event.INITIAL_ACCESS_TOKEN_ISSUED,
        Event.REGISTRATION_AWAITS_REVIEW,
        Event.REGISTRATION_APPROVED,
        Event.ORGANIZATION_CONTAINED,
    ):
        assert told.count(event) == 1, event


def test_restoring_revives_nothing_old(live_server: Live) -> None:
    acme = world.organization()
    server = world.resource_server()
    token = world.initial_access_token(acme).value
    client = register(live_server, token, world.machine_metadata())
    value = ask_token(live_server, client).json()["access_token"]
    lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())

    lifecycle.restore_organization(acme.pk, actor=world.PAUL, reason="drill over", now=world.now())

    assert live_server.post("/introspect", basic=server, form={"token": value}).json() == {"active": False}
    assert live_server.post("/register", bearer=token, json=world.machine_metadata()).status == 401
    assert ask_token(live_server, client).status == 200
