"""keycloak#53079: members that no schema of the protocol knows switch something on, by whichever route they come."""

from collections.abc import Callable
from typing import Any

import pytest

from registry.models import Client, Organization, Registration
from registry.routes import manual
from registry.states import Environment
from tests import world
from tests.portal.protocol.holder import Manager
from tests.software import InProcess, register

pytestmark = pytest.mark.django_db
# Columns of ours, words of other products, and members of neighbouring standards that nothing here reads.
FOREIGN: dict[str, Any] = {
    "state": "active",
    "state_before": "active",
    "environment": "production",
    "epoch": 99,
    "version": 99,
    "valid_until": "9999-01-01T00:00:00Z",
    "organization": "operator",
    "organization_id": "00000000-0000-0000-0000-000000000000",
    "org_id": "operator",
    "user": "1",
    "user_id": 1,
    "skip_authorization": True,
    "require_pkce": False,
    "rotate_refresh_tokens": False,
    "access_token_seconds": 86400,
    "assertion_audience": "any",
    "policy_version": "none",
    "preset": "none",
    "risks": [],
    "undo_until": None,
    "waivers": [{"rule": "U1.fragment"}],
    "fetched_jwks": {"keys": []},
    "claimed_client_id": "c_other",
    "given": ["scope"],
    "protected": [],
    "ignored": [],
    "enabled": True,
    "attributes": {"ssf.enabled": "true"},
    "ssf_enabled": True,
    "protocolMappers": [{"name": "admin"}],
    "defaultRoles": ["admin"],
    "roles": ["admin"],
    "claims": {"role": "admin"},
    "fullScopeAllowed": True,
    "serviceAccountsEnabled": True,
    "directAccessGrantsEnabled": True,
    "consentRequired": False,
    "pkce_required": False,
    "request_uris": ["https://evil.example/"],
    "post_logout_redirect_uris": ["https://evil.example/"],
    "sector_identifier_uri": "https://evil.example/",
    "default_acr_values": ["x"],
    "__proto__": {"admin": True},
    "constructor": "x",
    "redirect_uris#de": ["https://evil.example/"],
    "scope#de": "admin",
    "Scope": "admin",
    "redirect_uris ": ["https://evil.example/"],
}
ITS_OWN = {"id", "client_id", "created", "updated", "registered_at", "state_since", "route", "name"}


@pytest.fixture
def acme() -> Organization:
    return world.organization()


def posted(acme: Organization, members: dict[str, Any]) -> Client:
    return register(InProcess(), acme, world.metadata(acme, **members)).row


def replaced(acme: Organization, members: dict[str, Any]) -> Client:
    manager = Manager(register(InProcess(), acme))
    assert manager.change(**members).status == 200
    return manager.software.row


def by_hand(acme: Organization, members: dict[str, Any]) -> Client:
    made = manual.register(
        acme.pk,
        Environment.SANDBOX,
        world.metadata(acme, **members),
        justification="none",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return Client.objects.get(client_id=made.client_id)


@pytest.mark.parametrize("way", [posted, replaced, by_hand])
def test_change_nothing(acme: Organization, way: Callable[[Organization, dict[str, Any]], Client]) -> None:
    plain = columns(register(InProcess(), acme).row)
    row = way(acme, FOREIGN | {"client_name": "Ledger"})
    assert columns(row) | {"version": 1} == plain
    assert not row.metadata.keys() & FOREIGN.keys()


@pytest.mark.parametrize("member", sorted(FOREIGN))
def test_are_told_in_no_answer(acme: Organization, member: str) -> None:
    manager = Manager(register(InProcess(), acme))
    told = manager.change(**{member: FOREIGN[member]}).json()
    assert member not in told.keys() - manager.software.information.keys()


def test_are_remembered_with_what_they_came_with(acme: Organization) -> None:
    row = posted(acme, {name: FOREIGN[name] for name in ("enabled", "roles", "state")})
    kept = Registration.objects.get(client=row).evidence["ignored_members"]
    assert kept == ["enabled", "roles", "state"]


def columns(row: Client) -> dict[str, Any]:
    values = Client.objects.values().get(pk=row.pk)
    return {name: value for name, value in values.items() if name not in ITS_OWN}
