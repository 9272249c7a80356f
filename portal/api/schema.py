"""The OpenAPI document: what every operation reads, answers and refuses, and which scope it needs."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import URLResolver, include, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.serializers import Serializer, URLField

from portal.api.resource import Resource
from portal.api.scopes import MEANINGS, Scope
from portal.api.shapes.base import Shape, Text, Whole

SECURITY = "service"
View = TypeVar("View", bound=Callable[..., Any])


class ProblemFinding(Shape):
    member = Text(help_text="The offending member, such as `contacts[1].email`; empty for the whole request")
    found = Text()
    fix = Text()
    rule = Text()
    source = Text()  # type: ignore[assignment]  # a member, not the field's own source


class Problem(Shape):
    """Problem details (RFC 9457)."""

    type = URLField()
    title = Text()
    status = Whole()
    code = Text()
    request_id = Text()
    detail = Text(required=False)
    findings = ProblemFinding(many=True, required=False)


REFUSALS: Mapping[int, str] = {
    400: "The body or the cursor cannot be read",
    401: "No access token, or one that is not valid here",
    403: "The scope, a second person, or the target forbids this",
    404: "There is no such thing, or the identifier is malformed",
    405: "There is no such verb here",
    406: "Answers are JSON",
    409: "The state does not allow this, or it contradicts what is held",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "A member is not acceptable; the findings name it",
    429: "A quota is reached",
    503: "The registry cannot be reached now",
}
ALWAYS = (401, 403, 406, 503)
WITH_BODY = (400, 413, 415, 422)


def documented(
    summary: str,
    answers: Any,
    *,
    reads: Any = None,
    filters: type[Serializer[Any]] | None = None,
    status: int = 200,
    refuses: tuple[int, ...] = (),
) -> Callable[[View], View]:
    """Describe one verb of a view. `refuses` adds to what every operation, and every one with a body, refuses."""
    more = WITH_BODY if reads is not None else (400, 422) if filters is not None else ()
    refused = {
        (code, "application/problem+json"): _refusal(code) for code in sorted({*ALWAYS, *more, *refuses})
    }
    return extend_schema(
        summary=summary,
        request=reads,
        responses={(status, "application/json"): answers, **refused},
        parameters=[filters] if filters is not None else [],
    )


def _refusal(code: int) -> OpenApiResponse:
    return OpenApiResponse(Problem, REFUSALS[code])


class Operation(AutoSchema):
    """One operation: named for its path, secured by the scope that the view names for the verb."""

    @property
    def scope(self) -> Scope:
        return cast(Resource, self.view).scopes[self.method]

    def get_auth(self) -> list[dict[str, Any]]:
        return [{SECURITY: [str(self.scope)]}]

    def get_operation_id(self) -> str:
        """Acts have one verb, which their path names already."""
        name = str(super().get_operation_id())
        return name.removesuffix("_create") if set(cast(Resource, self.view).scopes) == {"POST"} else name

    def get_description(self) -> str:  # type: ignore[override]  # as in the class above
        return f"Needs the scope `{self.scope}`."


@require_safe
def schema(request: HttpRequest) -> JsonResponse:
    """The document, the same for everybody."""
    return JsonResponse(document(), headers={"Cache-Control": "public, max-age=300"})


@cache
def document() -> dict[str, Any]:
    """Made once in each process: the URL conf does not change while it runs."""
    generator = SchemaGenerator(patterns=_patterns())  # type: ignore[no-untyped-call]  # drf-spectacular is
    made: dict[str, Any] = generator.get_schema(public=True)  # type: ignore[no-untyped-call]  # half typed
    for name, shape in made["components"]["schemas"].items():
        if name.endswith("Request"):
            shape["additionalProperties"] = False
    made["servers"] = [{"url": settings.REGISTRY.issuer}]
    made["components"]["securitySchemes"] = {SECURITY: _security()}
    return made


def _patterns() -> list[URLResolver]:
    return [path("api/v1/", include("portal.api.urls"))]


def _security() -> dict[str, Any]:
    flow = {
        "tokenUrl": f"{settings.REGISTRY.issuer}/token",
        "scopes": {str(scope): meaning for scope, meaning in MEANINGS.items()},
    }
    return {"type": "oauth2", "flows": {"clientCredentials": flow}}
