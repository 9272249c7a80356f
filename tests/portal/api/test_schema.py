"""The document says what the URL conf does: every address, verb, scope and refusal, and nothing else."""

import json

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from portal.api.document import document
from portal.api.schema import ALWAYS, WITH_BODY
from portal.management.commands import openapi
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
    for code, response in responses(operation).items():
        kind = "application/json" if code in {"200", "201"} else "application/problem+json"
        assert set(response["content"]) == {kind}


@BY_ROUTE
def test_a_list_can_be_paged(route):
    operation = OPERATIONS[route.template, route.method]
    if not (route.method == "GET" and hasattr(route.view, "order")):
        return
    assert {"cursor", "page_size"} <= {parameter["name"] for parameter in operation["parameters"]}
    reference = responses(operation)["200"]["content"]["application/json"]["schema"]["$ref"]
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


def responses(operation):
    """The answers of an operation by status, whether they stand there or are shared."""
    shared = DOCUMENT["components"]["responses"]
    return {
        code: shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for code, response in operation["responses"].items()
    }


def assert_as_documented(route, answer):
    """In full: where a reader may choose members, whoever chose none gets all."""
    response = responses(OPERATIONS[route.template, route.method])[str(answer.status_code)]
    assert {answer["Content-Type"]} == set(response["content"])
    assert set(dict(answer.headers)) - UNTOLD <= set(response["headers"]) | {"Content-Type"}
    shape = response["content"][answer["Content-Type"]]["schema"]
    Draft202012Validator({**whole(shape), "components": COMPONENTS}).validate(answer.json())


UNTOLD = {"Allow", "Cache-Control", "Content-Length", "Pragma", "Referrer-Policy", "Vary"} | {
    "Content-Security-Policy",
    "X-Content-Type-Options",
}


def whole(shape):
    """Without the branches for parts, and closed: an answer has no member that is not documented."""
    if isinstance(shape, dict):
        if "anyOf" in shape and "PartOf" in str(shape["anyOf"][-1]):
            return shape["anyOf"][0]
        closed = {"additionalProperties": False} if "properties" in shape else {}
        return closed | {name: whole(part) for name, part in shape.items()}
    return shape


COMPONENTS = {"schemas": {name: whole(shape) for name, shape in DOCUMENT["components"]["schemas"].items()}}


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
        nobody |= {"secret_id": 0}
        gone = {name: nobody.get(name, "6fa459ea-ee8a-3ca4-894e-db77e160355e") for name in route.arguments}
        write = WRITES.get(route.id)
        assert_as_documented(route, api.call(route.method, route.path(gone), write.body if write else None))


@BY_ROUTE
def test_a_read_may_be_of_parts(route):
    operation = OPERATIONS[route.template, route.method]
    parameters = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
    assert ("fields" in parameters) is (route.method == "GET")
    if route.method == "GET":
        shape = str(responses(operation)["200"]["content"]["application/json"]["schema"])
        page = shape.rpartition("/")[2].rstrip("'}")
        assert "PartOf" in shape or "PartOf" in str(DOCUMENT["components"]["schemas"][page])


@BY_ROUTE
def test_a_write_takes_a_key_and_a_condition(route):
    operation = OPERATIONS[route.template, route.method]
    names = {
        p["name"]: p.get("required", False) for p in operation.get("parameters", ()) if p["in"] == "header"
    }
    expected = {"Idempotency-Key": False} if route.writes else {}
    if route.writes and route.name != "organizations":
        expected["If-Match"] = WRITES[route.id].binds
    assert names == expected
    codes = set(operation["responses"])
    assert ({"400", "409", "422"} <= codes) or not route.writes
    assert ("412" in codes) is ("If-Match" in names)
    assert ("428" in codes) is names.get("If-Match", False)


def test_what_is_committed_is_what_is_served():
    """`manage.py openapi` writes the file; nothing but the addresses of the deployment differs from what is served."""
    kept = openapi.FILE.read_text(encoding="utf-8")
    assert kept == openapi.text()
    told = json.dumps(DOCUMENT, indent=1, ensure_ascii=False) + "\n"
    assert told.replace(settings.REGISTRY.issuer, openapi.ISSUER) == kept


class TestCommand:
    def test_writes_the_file(self, tmp_path):
        call_command("openapi", file=tmp_path / "made.json")
        assert (tmp_path / "made.json").read_text(encoding="utf-8") == openapi.text()

    @pytest.mark.parametrize("held", [None, "", "{}"])
    def test_finds_drift(self, held, tmp_path):
        file = tmp_path / "held.json"
        if held is not None:
            file.write_text(held)
        with pytest.raises(CommandError, match="is not what the API is"):
            call_command("openapi", file=file, check=True)
        assert file.exists() is (held is not None)

    def test_finds_none(self):
        call_command("openapi", check=True)
