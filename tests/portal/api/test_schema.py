"""The document says what the URL conf does: every address, verb, scope and refusal, and nothing else."""

import json

import pytest
from django.conf import settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from portal.api.document import document
from portal.api.schema import ALWAYS, WITH_BODY
from registry.operator import API_SCOPES
from tests.portal.api.conftest import ROUTES, lookup
from tests.portal.api.test_audit import WRITES

DOCUMENT = document(settings.REGISTRY.issuer)
BY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)
OPERATIONS = {
    (path, method.upper()): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def test_every_verb_of_every_address_is_documented_and_no_other():
    assert set(OPERATIONS) == {(route.template, route.method) for route in ROUTES}


def test_generating_it_warns_of_nothing():
    document.cache_clear()
    document(settings.REGISTRY.issuer)
    assert not GENERATOR_STATS, str(GENERATOR_STATS._warn_cache)


def test_it_is_valid_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate_schema(json.loads(json.dumps(DOCUMENT)))


@BY_ROUTE
def test_an_operation_names_its_scope(route):
    operation = OPERATIONS[route.template, route.method]
    scope = str(route.view.scopes[route.method])
    assert operation["security"] == [{"service": [scope]}]
    assert scope in operation["description"]
    assert operation["summary"]


@BY_ROUTE
def test_an_operation_names_what_it_refuses(route):
    operation = OPERATIONS[route.template, route.method]
    expected = set(ALWAYS) | (set(WITH_BODY) if "requestBody" in operation else set())
    expected |= {404} if route.arguments else set()
    assert {int(code) for code in operation["responses"]} >= expected
    for code, response in operation["responses"].items():
        kind = "application/json" if code in {"200", "201"} else "application/problem+json"
        assert set(response["content"]) == {kind}


@BY_ROUTE
def test_a_list_can_be_paged(route):
    operation = OPERATIONS[route.template, route.method]
    if not (route.method == "GET" and hasattr(route.view, "order")):
        return
    assert {"cursor", "page_size"} <= {parameter["name"] for parameter in operation["parameters"]}
    reference = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    page = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
    assert set(page["properties"]) == {"next", "previous", "results"}


def test_operations_have_names_of_their_own():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)


def test_a_request_has_no_other_members():
    requests = [
        shape for name, shape in DOCUMENT["components"]["schemas"].items() if name.endswith("Request")
    ]
    assert requests
    assert all(shape["additionalProperties"] is False for shape in requests)


def test_it_says_where_tokens_come_from():
    flow = DOCUMENT["components"]["securitySchemes"]["service"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == f"{settings.REGISTRY.issuer}/token"
    assert set(flow["scopes"]) == set(API_SCOPES)


def test_everybody_may_read_it(stranger):
    answer = stranger.call("GET", "/api/v1/schema", HTTP_AUTHORIZATION="Bearer nonsense")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(DOCUMENT))
    assert "max-age" in answer["Cache-Control"]
    assert stranger.call("POST", "/api/v1/schema", {}).status_code == 405


def assert_as_documented(route, answer):
    response = OPERATIONS[route.template, route.method]["responses"][str(answer.status_code)]
    assert {answer["Content-Type"]} == set(response["content"])
    shape = response["content"][answer["Content-Type"]]["schema"]
    Draft202012Validator({**shape, "components": DOCUMENT["components"]}).validate(answer.json())


@BY_ROUTE
def test_an_answer_is_as_documented(route, api, known):
    write = WRITES.get(route.id)
    if write:
        answer = write.send(api, route, write.target())
    else:
        answer = api.call(route.method, route.path(known), lookup(route, known))
    assert answer.status_code in {200, 201}, answer.content
    assert_as_documented(route, answer)


@BY_ROUTE
def test_a_refusal_is_as_documented(route, api, stranger, known):
    path = route.path(known)
    assert_as_documented(route, stranger.call(route.method, path))
    if route.method in {"POST", "PATCH"}:
        for body in ("{", {"unknown": 1}):
            assert_as_documented(route, api.call(route.method, path, body))
    if route.arguments:
        nobody = {"slug": "nobody", "client_id": "c_nobody"}
        gone = {name: nobody.get(name, "6fa459ea-ee8a-3ca4-894e-db77e160355e") for name in route.arguments}
        write = WRITES.get(route.id)
        assert_as_documented(route, api.call(route.method, route.path(gone), write.body if write else None))
