"""CVE-2026-14614, -9795, -3121 (Keycloak): whoever may do a little reaches for more than was given."""

import pytest

from registry.models import Entitlement
from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.software import is_active, machine

pytestmark = pytest.mark.usefixtures("live_db")


def test_a_token_bound_to_a_role_reaches_no_other(live_server: Live) -> None:
    holder = world.organization(scopes=["accounts:read"])
    Entitlement.objects.create(
        organization=holder, role="payer", scopes=["payments:write"], grant_types=["client_credentials"]
    )
    intruder = Intruder(live_server, holder, roles=["partner"])
    assert intruder.post(world.machine_metadata()).status == 201
    for scope in ("payments:write", "accounts:read payments:write"):
        answer = intruder.post(world.machine_metadata(scope=scope))
        assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_what_needs_a_person_in_one_role_is_not_had_by_the_grant_of_another(live_server: Live) -> None:
    """Neither at registration nor at the token endpoint, when the role changes later."""
    holder = world.organization(scopes=["accounts:read"], grant_types=["client_credentials"])
    payer = Entitlement.objects.create(
        organization=holder, role="payer", scopes=["payments:write"], grant_types=["authorization_code"]
    )
    refused = Intruder(live_server, holder).post(world.machine_metadata(scope="payments:write"))
    assert "[S1.grant_type]" in refused.json()["error_description"]
    Entitlement.objects.filter(pk=payer.pk).update(grant_types=["client_credentials"])
    software = machine(live_server, holder, scope="accounts:read payments:write")
    Entitlement.objects.filter(pk=payer.pk).update(grant_types=["authorization_code"])
    assert software.token(scope="payments:write").json()["error"] == "invalid_scope"
    assert software.token(scope="accounts:read").status == 200
    assert software.token().json()["scope"] == "accounts:read"


@pytest.mark.parametrize("scope", ["organizations:contain", "audit:read", "tokens:write"])
def test_a_partner_never_gets_a_scope_of_the_operator(live_server: Live, scope: str) -> None:
    intruder = Intruder(live_server)
    assert intruder.post(world.machine_metadata(scope=scope)).status == 400
    software = machine(live_server, intruder.holder)
    assert software.token(scope=scope).json()["error"] == "invalid_scope"


def test_a_partner_with_such_a_scope_is_no_service_all_the_same(live_server: Live) -> None:
    """Were it granted by mistake, the API still asks whose client it is."""
    holder = world.organization(scopes=["organizations:read"])
    software = machine(live_server, holder, scope="organizations:read")
    value = software.token().json()["access_token"]
    assert is_active(live_server, world.resource_server(["organizations:read"]), value)
    assert live_server.get("/api/v1/organizations", bearer=value).status == 401


def test_a_token_of_the_sandbox_registers_nothing_in_production(live_server: Live) -> None:
    intruder = Intruder(live_server)
    answer = intruder.register(environment="production")
    assert answer.status == 201
    server = world.resource_server(environment=world.Environment.PRODUCTION)
    software = machine(live_server, intruder.holder, environment=world.Environment.SANDBOX)
    assert not is_active(live_server, server, software.token().json()["access_token"])
