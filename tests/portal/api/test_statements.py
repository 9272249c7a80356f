"""What an answer costs in SQL: one statement to know the caller, and not one more for each row."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.portal.api.conftest import ROUTES, registered, waiting
from tests.portal.api.test_audit import WRITES

pytestmark = pytest.mark.django_db

READS = {
    "GET organizations": 3,
    "GET organization": 4,
    "GET domains": 3,
    "GET entitlements": 3,
    "GET initial_access_tokens": 3,
    "GET initial_access_token": 3,
    "GET clients": 2,
    "GET client": 2,
    "GET registrations": 2,
    "GET registration": 2,
    "GET audit_events": 2,
    "GET audit_event": 2,
}


def statements(api, method, path, body=None):
    with CaptureQueriesContext(connection) as captured:
        answer = api.call(method, path, body)
    assert answer.status_code in {200, 201}, answer.content
    return len(captured)


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method == "GET"], ids=lambda route: route.id)
def test_a_read_costs_the_same_for_one_row_and_for_many(route, api, known, acme):
    path = route.path(known)
    before = statements(api, "GET", path)
    for _ in range(3):
        other = world.organization("more")
        registered(other)
        waiting(acme)
        world.initial_access_token(acme)
    assert statements(api, "GET", path) == before == READS[route.id]


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method != "GET"], ids=lambda route: route.id)
def test_a_write_has_a_bound(route, api):
    write = WRITES[route.id]
    assert statements(api, route.method, route.path(write.target()), write.body) <= 22
