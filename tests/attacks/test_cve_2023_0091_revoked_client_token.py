"""CVE-2023-0091 (Keycloak): a token of client credentials that goes on after its client was stopped."""

from collections.abc import Callable
from typing import Any

import pytest

from registry import lifecycle
from registry.models import Organization
from tests import world
from tests.live import Live
from tests.software import Software, is_active, machine

pytestmark = pytest.mark.usefixtures("live_db")
BY: dict[str, Any] = {"actor": world.STAN, "reason": "key leaked"}

STOPS: dict[str, Callable[[Software, Organization], object]] = {
    "client suspended": lambda one, _: lifecycle.suspend_client(one.client_id, **BY, now=world.now()),
    "client revoked": lambda one, _: lifecycle.revoke_client(one.client_id, **BY, now=world.now()),
    "client deregistered": lambda one, _: lifecycle.deregister_client(one.client_id, **BY, now=world.now()),
    "organization contained": lambda _, acme: lifecycle.contain_organization(acme.pk, **BY, now=world.now()),
    "organization revoked": lambda _, acme: lifecycle.revoke_organization(
        acme.pk, four_eyes=False, **BY, now=world.now()
    ),
}


@pytest.mark.parametrize("stop", STOPS)
def test_is_dead_at_the_next_introspection(live_server: Live, stop: str) -> None:
    acme, server = world.organization(), world.resource_server()
    software = machine(live_server, acme)
    value = software.token().json()["access_token"]
    assert is_active(live_server, server, value)
    STOPS[stop](software, acme)
    assert not is_active(live_server, server, value)
    assert software.token().json()["error"] == "invalid_client"


def test_is_dead_once_its_client_revoked_it(live_server: Live) -> None:
    server = world.resource_server()
    software = machine(live_server, world.organization())
    value, other = (software.token().json()["access_token"] for _ in range(2))
    software.revoke(value)
    assert not is_active(live_server, server, value)
    assert is_active(live_server, server, other)


def test_is_dead_at_the_api(live_server: Live) -> None:
    world.operator()
    service = world.service()
    information = {
        "client_id": service.client_id,
        "client_secret": service.client_secret,
        "token_endpoint_auth_method": "client_secret_basic",
    }
    software = Software(live_server, information)
    value = software.token().json()["access_token"]
    assert live_server.get("/api/v1/organizations", bearer=value).status == 200
    lifecycle.suspend_client(service.client_id, **BY, now=world.now())
    assert live_server.get("/api/v1/organizations", bearer=value).status == 401
