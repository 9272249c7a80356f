"""The OpenAPI document: made of what stands beside the verbs, served to everybody, kept in docs/openapi.json."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import URLResolver, include, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from portal.api.resource import FIELDS
from portal.api.schema import SECURITY
from portal.api.scopes import MEANINGS

Json = dict[str, Any]

_SPENT = {
    "RateLimit": ("What is left of each allowance, and in how many seconds all of it", "string"),
    "RateLimit-Policy": ("The allowances that the request was counted in", "string"),
}
HEADERS = {
    "Request-Id": ("Names this request in logs and audit events", "string"),
    "Retry-After": ("Seconds to wait before the same request", "integer"),
    "WWW-Authenticate": ("What is wrong with the token (RFC 6750 §3)", "string"),
    **_SPENT,
}
_BEFORE_SPENDING = frozenset({"401", "406", "503"})
_COMES_BACK = frozenset({"409", "429", "503"})


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
    made["servers"] = [{"url": issuer}]
    components["securitySchemes"] = {SECURITY: _security(issuer)}
    components["headers"] = {name: _header(*said) for name, said in HEADERS.items()}
    for operation in _operations(made):
        _name_headers(operation)
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


def _name_headers(operation: Json) -> None:
    """Which of the headers that all answers share an answer may carry."""
    for code, response in operation["responses"].items():
        names = {"Request-Id"} | (set() if code in _BEFORE_SPENDING else set(_SPENT))
        names |= {"Retry-After"} if code in _COMES_BACK else set()
        names |= {"WWW-Authenticate"} if code in {"401", "403"} else set()
        shared = {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}
        response["headers"] = response.get("headers", {}) | shared


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
    schemas[f"PartOf{name}"] = part | {"description": f"The members of {name} that were asked for."}
    return {"anyOf": [{"$ref": f"#/components/schemas/{one}"} for one in (name, f"PartOf{name}")]}
