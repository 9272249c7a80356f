"""The scope of each verb as the views name it, against the table of who is let in (tests/attacks/privileges.txt)."""

import pytest

from portal.api.scopes import MEANINGS, Scope
from registry.operator import API_SCOPES
from tests.attacks.privileges import TABLE
from tests.portal.api.conftest import ROUTES

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)


def test_the_scopes_are_those_of_the_operator():
    assert {str(scope) for scope in Scope} == set(API_SCOPES) == {str(scope) for scope in MEANINGS}


@every_route
def test_the_view_names_the_scope_of_the_table(route):
    assert route.view.scopes[route.method] == TABLE[f"api:{route.name}", route.method].scope
    assert set(route.view.scopes) == {other.method for other in ROUTES if other.view is route.view}


def test_a_service_is_told_which_scope_it_lacks(service, known):
    answer = service(*(scope for scope in API_SCOPES if scope != "clients:write")).call(
        "POST", f"/api/v1/clients/{known['client_id']}/suspend", {}
    )
    assert answer.status_code == 403
    assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="clients:write"'
    assert answer.json()["code"] == "insufficient_scope"
    assert "clients:write" in answer.json()["detail"]


def test_a_stranger_is_asked_for_a_token(stranger, known):
    answer = stranger.get("clients")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("name", sorted({route.name for route in ROUTES}))
def test_a_verb_that_is_not_there_is_405_and_allow_says_which_are(name, api, known):
    here = [route for route in ROUTES if route.name == name]
    methods = {route.method for route in here} | ({"HEAD"} if any(r.method == "GET" for r in here) else set())
    for verb in set(VERBS) - methods:
        answer = api.call(verb, here[0].path(known))
        assert answer.status_code == 405, verb
        assert set(answer["Allow"].split(", ")) == methods
        assert verb == "HEAD" or answer.json()["code"] == "method_not_allowed"
