"""A list asks the database as often for five rows as for one."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.models import Organization
from tests import world
from tests.portal.staff.scene import registered, waiting


def statements(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def grow(acme: Organization) -> None:
    """One more of each."""
    waiting(acme)
    registered(acme)
    world.initial_access_token(acme)
    world.organization("birch", active=False)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "queue/",
        "organizations/",
        "clients/",
        "audit/",
        "organizations/{slug}/",
        "organizations/{slug}/clients/",
    ],
)
def test_more_rows_are_no_more_statements(address: str, ada: Client, acme: Organization) -> None:
    grow(acme)
    page = f"/staff/{address.format(slug=acme.slug)}"
    first = statements(ada, page)
    for _ in range(4):
        grow(acme)
    assert statements(ada, page) <= first
    assert first <= 40
