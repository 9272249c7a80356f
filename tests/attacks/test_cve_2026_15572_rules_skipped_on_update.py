"""CVE-2026-15572 (Keycloak): an update that leaves a rule's own members alone escapes the rule.

The state after the change is judged whole: because of what a member beside it became, or because the organization is
not what it was, though the body is the same to the octet.
"""

from collections.abc import Callable
from typing import Any

import pytest

from registry import domain_proofs
from registry.models import Entitlement, Organization
from tests import world
from tests.attacks.holding import everything
from tests.portal.protocol.holder import Manager
from tests.portal.protocol.reading import error
from tests.software import InProcess, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Manager:
    return Manager(register(InProcess(), world.organization()))


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"application_type": "native"}, "A1.native_secret"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "A1.keys"),
        ({"redirect_uris": None}, "G1."),
        ({"response_types": ["token"]}, "G1."),
    ],
)
def test_one_member_makes_the_others_wrong(held: Manager, members: dict[str, Any], rule: str) -> None:
    before = everything(held.software.client_id)
    answer = held.change(**members)
    assert error(answer)[0] == 400
    assert f"[{rule}" in answer.json()["error_description"]
    assert everything(held.software.client_id) == before


def lose_domain(holder: Organization) -> None:
    domain = f"{holder.slug}.example"
    domain_proofs.end_domain(holder.pk, domain, actor=world.STAN, reason="sold", now=world.now())


def lose_scopes(holder: Organization) -> None:
    Entitlement.objects.filter(organization=holder).update(scopes=["payments:write"])


def lose_grants(holder: Organization) -> None:
    Entitlement.objects.filter(organization=holder).update(grant_types=["client_credentials"])


@pytest.mark.parametrize(
    ("lose", "refused"),
    [
        (lose_domain, (400, "invalid_redirect_uri")),
        (lose_scopes, (400, "invalid_client_metadata")),
        (lose_grants, (400, "invalid_client_metadata")),
    ],
)
@pytest.mark.parametrize("members", [{}, {"client_name": "Other"}])
def test_what_was_right_before_is_judged_anew(
    held: Manager,
    lose: Callable[[Organization], None],
    refused: tuple[int, str],
    members: dict[str, Any],
) -> None:
    assert held.change().status == 200
    lose(held.software.row.organization)
    held.read()
    before = everything(held.software.client_id)
    assert error(held.change(**members)) == refused
    assert everything(held.software.client_id) == before
