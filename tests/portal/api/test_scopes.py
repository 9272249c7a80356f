"""Every verb of every address, against a table of its own: a new one without an entry fails."""

import pytest

from portal.api.scopes import MEANINGS, Scope
from registry.operator import API_SCOPES
from tests.portal.api.conftest import ROUTES

SCOPES = {
    "GET organizations": "organizations:read",
    "POST organizations": "organizations:write",
    "POST organizations_lookup": "organizations:read",
    "GET organization": "organizations:read",
    "PATCH organization": "organizations:write",
    "POST organization_submit": "organizations:write",
    "POST organization_approve": "organizations:approve",
    "POST organization_reject": "organizations:approve",
    "POST organization_revoke": "organizations:contain",
    "POST organization_contain": "organizations:contain",
    "POST organization_restore": "organizations:restore",
    "GET domains": "organizations:read",
    "POST domains": "organizations:write",
    "GET entitlements": "organizations:read",
    "POST entitlements": "organizations:write",
    "GET quotas": "organizations:read",
    "POST quotas": "organizations:write",
    "GET initial_access_tokens": "tokens:read",
    "POST initial_access_tokens": "tokens:write",
    "GET initial_access_token": "tokens:read",
    "DELETE initial_access_token": "tokens:write",
    "POST initial_access_token_revoke": "tokens:write",
    "GET clients": "clients:read",
    "POST clients_lookup": "clients:read",
    "GET client": "clients:read",
    "POST client_suspend": "clients:write",
    "POST client_reactivate": "clients:write",
    "POST client_deregister": "clients:write",
    "GET registrations": "registrations:read",
    "GET registration": "registrations:read",
    "POST registration_approve": "registrations:write",
    "POST registration_reject": "registrations:write",
    "GET audit_checkpoint": "audit:read",
    "GET audit_proof": "audit:read",
    "GET audit_consistency": "audit:read",
    "GET audit_events": "audit:read",
    "GET audit_event": "audit:read",
}
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)


def test_the_table_names_every_verb_of_every_address():
    assert {route.id for route in ROUTES} == set(SCOPES)


def test_the_scopes_are_those_of_the_operator():
    assert {str(scope) for scope in Scope} == set(API_SCOPES) == {str(scope) for scope in MEANINGS}


@every_route
def test_the_view_names_the_scope_of_the_table(route):
    assert route.view.scopes[route.method] == SCOPES[route.id]
    assert set(route.view.scopes) == {other.method for other in ROUTES if other.view is route.view}


@every_route
def test_every_other_scope_is_not_enough(route, service, known):
    needed = SCOPES[route.id]
    caller = service(*(scope for scope in API_SCOPES if scope != needed))
    answer = caller.call(route.method, route.path(known), {} if route.method in {"POST", "PATCH"} else None)
    assert answer.status_code == 403
    assert answer["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{needed}"'
    assert answer.json()["code"] == "insufficient_scope"
    assert needed in answer.json()["detail"]


@every_route
def test_the_scope_alone_is_enough(route, service, known):
    answer = service(SCOPES[route.id]).call(
        route.method, route.path(known), {} if route.method in {"POST", "PATCH"} else None
    )
    assert answer.status_code in {200, 201, 409, 422}, answer.content


@every_route
def test_a_stranger_is_asked_for_a_token(route, stranger, known):
    answer = stranger.call(route.method, route.path(known), {})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@every_route
def test_head_needs_the_scope_of_get(route, service, known):
    if route.method != "GET":
        return
    reader = service(SCOPES[route.id])
    other = service("audit:read" if SCOPES[route.id] != "audit:read" else "clients:read")
    assert reader.call("HEAD", route.path(known)).status_code == 200
    assert other.call("HEAD", route.path(known)).status_code == 403


@pytest.mark.parametrize("name", sorted({route.name for route in ROUTES}))
def test_a_verb_that_is_not_there_is_405_and_allow_says_which_are(name, api, known):
    here = [route for route in ROUTES if route.name == name]
    methods = {route.method for route in here} | ({"HEAD"} if any(r.method == "GET" for r in here) else set())
    for verb in set(VERBS) - methods:
        answer = api.call(verb, here[0].path(known))
        assert answer.status_code == 405, verb
        assert set(answer["Allow"].split(", ")) == methods
        assert verb == "HEAD" or answer.json()["code"] == "method_not_allowed"
