"""The OpenAPI document: made of what stands beside the verbs, served to everybody, kept in docs/openapi.json."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import URLResolver, include, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from portal.api.once import DECISIONS, REPEATED
from portal.api.resource import FIELDS
from portal.api.schema import SECURITY
from portal.api.scopes import MEANINGS

Json = dict[str, Any]

HEADERS = {
    "Location": ("Where what was made can be read, if it has an address of its own", "string"),
    "Request-Id": ("Names this request in logs and audit events", "string"),
    "RateLimit": ("What is left of each allowance, and in how many seconds all of it is back", "string"),
    "RateLimit-Policy": ("The allowances that the request was counted in", "string"),
    "Retry-After": ("Seconds to wait before the same request", "integer"),
    "WWW-Authenticate": ("What is wrong with the token (RFC 6750 §3)", "string"),
    REPEATED: ("`true`: this answer was given before, and nothing was done now", "string"),
}
_COUNTED = ("RateLimit", "RateLimit-Policy")
_BEFORE_COUNTING = frozenset({"401", "406", "503"})
_CODES = {
    "Location": frozenset({"201"}),
    "Retry-After": frozenset({"409", "429", "503"}),
    "WWW-Authenticate": frozenset({"401", "403"}),
    REPEATED: frozenset(str(code) for code in DECISIONS),
}


@require_safe
def schema(request: HttpRequest) -> JsonResponse:
    """The document, the same for everybody."""
    return JsonResponse(document(settings.REGISTRY.issuer), headers={"Cache-Control": "public, max-age=300"})


@cache
def document(issuer: str) -> Json:
    """Made once in each process: the URL conf does not change while it runs."""
    generator = SchemaGenerator(patterns=_patterns())  # type: ignore[no-untyped-call]  # drf-spectacular is
    made: Json = generator.get_schema(public=True)  # type: ignore[no-untyped-call]  # half typed
    components = made["components"]
    for name, shape in components["schemas"].items():
        if name.endswith("Request"):
            shape["additionalProperties"] = False
        if name.startswith("Patched"):
            shape["minProperties"] = 1
    made["servers"] = [{"url": issuer}]
    components["securitySchemes"] = {SECURITY: _security(issuer)}
    components["headers"] = {name: _header(*said) for name, said in HEADERS.items()}
    components["responses"] = {}
    for operation in _operations(made):
        _share_answers(operation, components["responses"])
        if "Patched" in str(operation.get("requestBody")):
            operation["requestBody"]["required"] = True
        if any(parameter["name"] == FIELDS for parameter in operation.get("parameters", ())):
            _allow_parts(operation, components["schemas"])
    return made


def _patterns() -> list[URLResolver]:
    return [path("api/v1/", include("portal.api.urls"))]


def _security(issuer: str) -> Json:
    scopes = {str(scope): meaning for scope, meaning in MEANINGS.items()}
    return {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": f"{issuer}/token", "scopes": scopes}},
    }


def _header(description: str, kind: str) -> Json:
    return {"description": description, "schema": {"type": kind}}


def _operations(made: Json) -> Iterator[Json]:
    for item in made["paths"].values():
        yield from item.values()


def _share_answers(operation: Json, shared: Json) -> None:
    """Give each answer the headers that it may carry; problems of one status are the same everywhere."""
    for code, response in operation["responses"].items():
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _headers(code)}
        response["headers"] = headers | response.get("headers", {})
        if "application/problem+json" in response["content"]:
            shared.setdefault(f"Problem{code}", response)
            operation["responses"][code] = {"$ref": f"#/components/responses/Problem{code}"}


def _headers(code: str) -> list[str]:
    counted = () if code in _BEFORE_COUNTING else _COUNTED
    return ["Request-Id", *counted, *(name for name, codes in _CODES.items() if code in codes)]


def _allow_parts(operation: Json, schemas: Json) -> None:
    """Where a reader chooses `fields`, the answer is the whole or a part of it."""
    content = operation["responses"]["200"]["content"]["application/json"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    rows = schemas[name]["properties"].get("results", {}).get("items")
    if rows is None:
        content["schema"] = _whole_or_part(name, schemas)
    elif "$ref" in rows:
        schemas[name]["properties"]["results"]["items"] = _whole_or_part(
            rows["$ref"].rpartition("/")[2], schemas
        )


def _whole_or_part(name: str, schemas: Json) -> Json:
    part = {key: value for key, value in schemas[name].items() if key != "required"}
    part |= {"description": f"The members of {name} that were asked for.", "additionalProperties": False}
    schemas[f"PartOf{name}"] = part
    return {"anyOf": [{"$ref": f"#/components/schemas/{one}"} for one in (name, f"PartOf{name}")]}
