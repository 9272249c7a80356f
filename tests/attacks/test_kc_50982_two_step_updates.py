"""keycloak#50982: a value that is forbidden stays when a partial update leaves its member out.

A replacement replaces (RFC 7592 §2.2): what is left out, or null, is at its default, and what comes back is judged.
"""

from typing import Any

import pytest

from registry import domain_proofs
from registry.models import Organization
from tests import world
from tests.attacks.attempts import prove
from tests.attacks.holding import everything
from tests.portal.protocol.holder import Manager
from tests.portal.protocol.reading import error
from tests.software import InProcess, register

pytestmark = pytest.mark.django_db
OPTIONAL = {
    "client_uri": "https://app.{slug}.example/",
    "logo_uri": "https://app.{slug}.example/logo.png",
    "policy_uri": "https://app.{slug}.example/policy",
    "tos_uri": "https://app.{slug}.example/terms",
    "client_name#de": "Andere",
    "contacts": ["ops@{slug}.example"],
    "software_id": "s-1",
    "software_version": "1",
}


@pytest.fixture
def acme() -> Organization:
    return world.organization()


@pytest.fixture
def held(acme: Organization) -> Manager:
    return Manager(register(InProcess(), acme))


def filled(value: Any, holder: Organization) -> Any:
    if isinstance(value, list):
        return [filled(each, holder) for each in value]
    return value.replace("{slug}", holder.slug)


@pytest.mark.parametrize("member", OPTIONAL)
@pytest.mark.parametrize("how", ["left out", "null"])
def test_nothing_is_kept_that_was_not_sent(held: Manager, acme: Organization, member: str, how: str) -> None:
    held.change(**{member: filled(OPTIONAL[member], acme)})
    assert member in held.software.row.metadata
    sent = dict(held.software.row.metadata) | {"client_id": held.software.client_id, member: None}
    answer = held.put({name: value for name, value in sent.items() if how == "null" or name != member})
    assert answer.status == 200
    assert member not in answer.json()
    assert member not in held.software.row.metadata


def test_a_list_is_replaced_whole(held: Manager, acme: Organization) -> None:
    first, second = (f"https://{name}.{acme.slug}.example/cb" for name in ("one", "two"))
    held.change(redirect_uris=[first])
    assert held.change(redirect_uris=[second]).json()["redirect_uris"] == [second]
    assert held.software.row.redirect_uris == second


def test_a_forbidden_value_does_not_ride_along(held: Manager, acme: Organization) -> None:
    """Allowed at first, forbidden since: neither sending it again nor changing something beside it keeps it."""
    domain = "other.example"
    prove(acme, [f"{acme.slug}.example", domain])
    uris = [f"https://app.{acme.slug}.example/cb", f"https://app.{domain}/cb"]
    assert held.change(redirect_uris=uris).status == 200
    domain_proofs.end_domain(acme.pk, domain, actor=world.STAN, reason="sold", now=world.now())
    held.read()
    before = everything(held.software.client_id)
    for members in ({}, {"client_name": "Other"}, {"redirect_uris": [*uris, f"{uris[0]}2"]}):
        assert error(held.change(**members)) == (400, "invalid_redirect_uri")
    assert everything(held.software.client_id) == before
    assert held.change(redirect_uris=uris[:1]).status == 200
