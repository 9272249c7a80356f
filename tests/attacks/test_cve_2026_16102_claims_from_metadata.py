"""CVE-2026-16102, -4629 (Keycloak): members of a registration become claims or roles in tokens.

Also Keycloak #53079: members outside the schema switch something on.
"""

from typing import Any

import pytest

from registry.models import Client, Registration
from tests import world
from tests.live import Live
from tests.software import introspect, machine, register

pytestmark = pytest.mark.usefixtures("live_db")
MEMBERS: dict[str, Any] = {
    "active": True,
    "client_id": "c_chosen",
    "org_id": "11111111-1111-1111-1111-111111111111",
    "organization_id": "11111111-1111-1111-1111-111111111111",
    "environment": "production",
    "sub": "administrator",
    "username": "administrator",
    "roles": ["administrator"],
    "realm_access": {"roles": ["admin"]},
    "groups": ["staff"],
    "is_staff": True,
    "is_superuser": True,
    "aud": "https://api.example",
    "iss": "https://evil.example",
    "exp": 9_999_999_999,
    "scopes": "admin",
    "protocol_mappers": [{"name": "admin"}],
    "attributes": {"ssf.enabled": "true"},
    "ssf.enabled": True,
    "default_acr_values": ["gold"],
    "skip_authorization": True,
    "require_pkce": False,
    "assertion_audience": "issuer_or_token_endpoint",
    "access_token_seconds": 3600,
    "rotate_refresh_tokens": False,
    "state": "active",
    "epoch": 99,
    "valid_until": None,
    "policy_version": "none",
    "registration_state": "active",
    "__proto__": {"admin": True},
    "constructor": {"prototype": {}},
}


def test_none_reaches_a_token_or_a_column(live_server: Live) -> None:
    acme, server = world.organization(), world.resource_server()
    plain = machine(live_server, acme)
    loaded = register(live_server, acme, world.machine_metadata() | MEMBERS)
    one, two = (
        introspect(live_server, server, software.token().json()["access_token"])
        for software in (plain, loaded)
    )
    for member in ("client_id", "sub", "iat", "exp"):
        one.pop(member)
        two.pop(member)
    assert one == two
    columns = ("environment", "state", "epoch", "require_pkce", "assertion_audience", "access_token_seconds")
    rows = [Client.objects.values(*columns).get(client_id=each.client_id) for each in (plain, loaded)]
    assert rows[0] == rows[1]


def test_all_are_dropped_and_remembered(live_server: Live) -> None:
    loaded = register(live_server, world.organization(), world.machine_metadata() | MEMBERS)
    unknown = MEMBERS.keys() - {"client_id", "valid_until"}  # one is answered, one is null
    assert not unknown & loaded.information.keys()
    evidence = Registration.objects.get(client__client_id=loaded.client_id).evidence
    assert unknown <= set(evidence["ignored_members"])
    assert not unknown & loaded.row.metadata.keys()
