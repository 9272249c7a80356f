"""Errors are problem details (RFC 9457), whatever was sent; nothing that was sent is in them."""

import json

import pytest
from django.conf import settings

from portal.api.problems import FRAMEWORK, WORDS
from registry import audit
from tests import world

pytestmark = pytest.mark.django_db

GOOD = {
    "slug": "new-partner",
    "legal_name": "New Partner AS",
    "display_name": "New Partner",
    "registration_scheme": "national",
    "registration_number": "NO 1",
    "country": "NO",
}


def assert_problem(answer, status, code):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"{settings.REGISTRY.issuer}/problems/{code}"
    assert problem["request_id"] == answer["Request-Id"]
    return problem


def nested(depth):
    return "[" * depth + "]" * depth


MALFORMED = {
    "empty object cut off": ("{", 400),
    "not json": ("reason=x", 400),
    "single quotes": ("{'reason': 'x'}", 400),
    "trailing comma": ('{"reason": "x",}', 400),
    "two documents": ("{}{}", 400),
    "a list": ("[]", 400),
    "a string": ('"x"', 400),
    "null": ("null", 400),
    "byte order mark": (b'\xef\xbb\xbf{"reason": "x"}', 400),
    "utf-16": ('{"reason": "x"}'.encode("utf-16"), 400),
    "latin-1": (b'{"reason": "\xe5"}', 400),
    "overlong utf-8": (b'{"reason": "\xc0\xaf"}', 400),
    "duplicate member": ('{"reason": "x", "reason": "y"}', 400),
    "duplicate member by escape": ('{"reason": "x", "\\u0072eason": "y"}', 400),
    "NUL": ('{"reason": "a\\u0000b"}', 400),
    "NUL in a name": ('{"rea\\u0000son": "x"}', 400),
    "raw NUL": (b'{"reason": "a\x00b"}', 400),
    "lone surrogate": ('{"reason": "\\ud800"}', 400),
    "lone surrogate in a name": ('{"\\udfff": "x"}', 400),
    "NaN": ('{"reason": NaN}', 400),
    "Infinity": ('{"reason": -Infinity}', 400),
    "a number beyond doubles": ('{"reason": 1e999}', 400),
    "a thousand digits": ('{"reason": ' + "9" * 1000 + "}", 400),
    "deep arrays": ('{"reason": ' + nested(9) + "}", 400),
    "very deep arrays": (nested(30_000), 400),
    "deep objects": ('{"a":' * 9 + "1" + "}" * 9, 400),
    "unknown member": ('{"reason": "x", "force": true}', 422),
    "__proto__": ('{"reason": "x", "__proto__": {}}', 422),
    "a name with a quote": ('{"reason": "x", "a\\"b": 1}', 422),
    "number for text": ('{"reason": 5}', 422),
    "boolean for text": ('{"reason": true}', 422),
    "null for text": ('{"reason": null}', 422),
    "list for text": ('{"reason": ["x"]}', 422),
    "object for text": ('{"reason": {"x": 1}}', 422),
    "empty text": ('{"reason": ""}', 422),
    "spaces alone": ('{"reason": "   "}', 422),
    "too long": (json.dumps({"reason": "x" * 1001}), 422),
    "missing": ("{}", 422),
    "no body": ("", 422),
    "unknown environment": ('{"reason": "x", "environment": "staging"}', 422),
    "environment of another type": ('{"reason": "x", "environment": ["sandbox"]}', 422),
    "environment as object": ('{"reason": "x", "environment": {}}', 422),
    "environment null": ('{"reason": "x", "environment": null}', 422),
    "too large": (json.dumps({"reason": "x" * 70_000}), 413),
    "far too large": (json.dumps({"reason": "x" * 300_000}), 413),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_refused_and_leaves_nothing(name, api, acme):
    body, status = MALFORMED[name]
    code = {400: "invalid_request", 413: "invalid_request", 422: "invalid_input"}[status]
    before = audit.history().count()
    answer = api.call("POST", f"/api/v1/organizations/{acme.slug}/contain", body)
    problem = assert_problem(answer, status, code)
    assert problem["findings"]
    assert all(finding["rule"] and finding["fix"] and finding["found"] for finding in problem["findings"])
    assert audit.history().count() == before


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/merge-patch+json",
        "application/jsonp",
        "json",
        "*/*",
    ],
)
def test_another_media_type_is_415(kind, api, acme):
    answer = api.client.generic(
        "POST",
        f"/api/v1/organizations/{acme.slug}/contain",
        '{"reason": "x"}',
        content_type=kind,
        secure=True,
        headers={"Authorization": f"Bearer {api.token}"},
    )
    assert_problem(answer, 415, "invalid_request")


def test_every_bad_member_has_its_own_finding(api):
    body = GOOD | {
        "slug": "Not A Slug",
        "country": "no",
        "website": "javascript:alert(1)",
        "contract_end": "soon",
        "surprise": 1,
        "contacts": [{"kind": "business", "name": "A", "email": "a@b.example"}, {"kind": "boss", "name": 5}],
        "quotas": [{"environment": "sandbox", "clients": "20"}],
        "entitlements": [{"role": "x", "scopes": ['a"b'], "grant_types": ["implicit"]}],
    }
    del body["legal_name"]
    problem = assert_problem(api.post("organizations", body), 422, "invalid_input")
    found = {finding["member"]: finding["rule"] for finding in problem["findings"]}
    assert found == {
        "slug": "api.invalid",
        "country": "api.invalid",
        "legal_name": "api.required",
        "website": "api.invalid",
        "contract_end": "api.invalid",
        "surprise": "api.unknown",
        "contacts[1].kind": "api.invalid_choice",
        "contacts[1].name": "api.invalid",
        "contacts[1].email": "api.required",
        "quotas[0].clients": "api.invalid",
        "entitlements[0].scopes[0]": "api.invalid",
        "entitlements[0].grant_types[0]": "api.invalid_choice",
    }


def test_what_was_sent_is_not_in_the_answer(api):
    canary = "canary-5f1d"
    body = GOOD | {
        "slug": f"{canary} A",
        "registration_scheme": canary,
        "website": canary,
        "contract_end": canary,
    }
    answer = api.post("organizations", body)
    assert answer.status_code == 422
    assert canary not in answer.content.decode()


def test_what_the_registry_refuses_is_a_finding_too(api):
    body = GOOD | {"registration_scheme": "lei", "registration_number": "5493001KJTIIGC8Y1R13"}
    problem = assert_problem(api.post("organizations", body), 422, "invalid_input")
    assert [finding["rule"] for finding in problem["findings"]] == ["organization.registration_number"]
    assert "LEI" in problem["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "organizations/nobody-here",
        "organizations/Nobody Here",
        "organizations/%00",
        "organizations/a%2fb",
        "organizations/" + "a" * 5000,
        "organizations/nobody-here/domains",
        "organizations/nobody-here/initial-access-tokens",
        "organizations/nobody-here/initial-access-tokens/6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "clients/c_unknown",
        "clients/%00",
        "clients/%ff%fe",
        "clients/" + "a" * 5000,
        "registrations/6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "registrations/1",
        "registrations/%00",
        "audit-events/6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "audit-events/{6fa459ea-ee8a-3ca4-894e-db77e160355e}",
        "nothing",
        "",
        "organizations/",
    ],
)
def test_what_is_not_there_and_what_is_malformed_read_the_same(path, api):
    problem = assert_problem(api.get(path), 404, "not_found")
    assert set(problem) == {"type", "title", "status", "code", "request_id"}


def test_a_target_that_is_not_there_leaves_nothing(api, db):
    world.operator()
    before = audit.history().count()
    for path in ("organizations/nobody/contain", "clients/c_no/suspend"):
        assert_problem(api.post(path, {"reason": "x"}), 404, "not_found")
    assert audit.history().count() == before


def test_an_answer_in_another_format_is_406(api):
    answer = api.call("GET", "/api/v1/organizations", HTTP_ACCEPT="text/html")
    assert_problem(answer, 406, "not_acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*;q=0.5", "text/html, */*;q=0.1"])
def test_json_is_answered_to_whoever_takes_it(accept, api):
    assert api.call("GET", "/api/v1/organizations", HTTP_ACCEPT=accept).status_code == 200


@pytest.mark.parametrize(
    ("query", "members"),
    [
        ("stat=active", {"stat"}),
        ("state=alive", {"state"}),
        ("state=active&state=draft", {"state"}),
        ("state=", {"state"}),
        ("q=", {"q"}),
        ("q=%00", {"q"}),
        ("q=" + "x" * 201, {"q"}),
        ("page_size=0", {"page_size"}),
        ("page_size=201", {"page_size"}),
        ("page_size=many", {"page_size"}),
        ("page_size=" + "9" * 5000, {"page_size"}),
        ("a=1&b=2&state=alive", {"a", "b", "state"}),
        ("format=xml", {"format"}),
    ],
)
def test_a_query_that_is_not_read_is_refused(query, members, api):
    answer = api.call("GET", f"/api/v1/organizations?{query}")
    problem = assert_problem(answer, 422, "invalid_input")
    assert {finding["member"] for finding in problem["findings"]} == members


def test_too_many_parameters_are_400(api):
    query = "&".join(f"a{n}=1" for n in range(300))
    assert_problem(api.call("GET", f"/api/v1/organizations?{query}"), 400, "invalid_request")


def test_a_host_that_is_not_ours_is_400(api):
    answer = api.call("GET", "/api/v1/organizations", HTTP_HOST="evil.example")
    assert_problem(answer, 400, "invalid_request")


def test_the_words_are_whole():
    assert all(found and fix for found, fix in WORDS.values())
    assert {answer.status for answer in FRAMEWORK.values()} == {400, 404, 405, 406, 415}
