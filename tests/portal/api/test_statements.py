"""What an answer costs in SQL: two statements to know the caller and to count it, and none for each row."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world
from tests.portal.api.conftest import ROUTES, registered, waiting
from tests.portal.api.test_audit import WRITES

pytestmark = pytest.mark.django_db

READS = {
    "GET organizations": 4,
    "GET organization": 5,
    "GET domains": 4,
    "GET domain_challenges": 4,
    "GET entitlements": 4,
    "GET quotas": 4,
    "GET initial_access_tokens": 4,
    "GET initial_access_token": 4,
    "GET clients": 3,
    "GET client": 3,
    "GET client_secrets": 4,
    "GET client_keys": 4,
    "GET policy_rules": 3,
    "GET registrations": 3,
    "GET registration": 3,
    "GET audit_checkpoint": 4,
    "GET audit_proof": 8,
    "GET audit_consistency": 5,
    "GET audit_events": 3,
    "GET audit_event": 3,
}


def statements(api, method, path, body=None, **headers):
    with CaptureQueriesContext(connection) as captured:
        answer = api.call(method, path, body, **headers)
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


@pytest.mark.parametrize("route", [r for r in ROUTES if r.writes], ids=lambda route: route.id)
def test_a_write_has_a_bound(route, api):
    write = WRITES[route.id]
    target = write.target()
    path, headers = route.path(target), write.headers(target)
    assert statements(api, route.method, path, write.body, **headers) <= 25
