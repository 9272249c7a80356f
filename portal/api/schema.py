"""What every operation reads, answers and refuses, and which scope it needs, said beside the verb.

`documented` is for verbs that read, `writing` for those that change something: these honour Idempotency-Key, and
If-Match where what they change has an edition. The document that is made of it: `portal.api.document`.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.serializers import ListSerializer, Serializer, URLField

from portal.api.once import REPEATED, once
from portal.api.resource import FIELDS, Resource
from portal.api.scopes import Scope
from portal.api.shapes.base import ProblemFinding, Shape, Text, Whole
from registry.idempotency import MAXIMUM_KEY_CHARACTERS, MINIMUM_KEY_CHARACTERS

SECURITY = "service"
View = TypeVar("View", bound=Callable[..., Any])


class Problem(Shape):
    """Problem details (RFC 9457)."""

    type = URLField(help_text="A page that says what this kind of problem means")
    title = Text()
    status = Whole()
    code = Text()
    request_id = Text()
    detail = Text(required=False)
    findings = ProblemFinding(many=True, required=False)


REFUSALS: Mapping[int, str] = {
    400: "The body, the cursor or a header cannot be read",
    401: "No access token, or one that is not valid here",
    403: "The scope, a second person, or the target forbids this",
    404: "There is no such thing, or the identifier is malformed",
    405: "There is no such verb here",
    406: "Answers are JSON",
    409: "The state does not allow this, it contradicts what is held, or an equal request is being answered",
    412: "It is not what the caller saw",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "A member is not acceptable, and the findings name it; or the Idempotency-Key belongs to another request",
    428: "The act is final and needs If-Match",
    429: "A quota is reached, or requests come too fast",
    503: "The registry cannot be reached now",
}
ALWAYS = (401, 403, 406, 429, 503)
WITH_QUERY = (422,)
WITH_BODY = (400, 413, 415, 422)
WRITING = (400, 409, 422)

_CHARACTERS = "[A-Za-z0-9._~+/=:-]"
_LENGTH = f"{{{MINIMUM_KEY_CHARACTERS},{MAXIMUM_KEY_CHARACTERS}}}"
_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": f'^("{_CHARACTERS}{_LENGTH}"|{_CHARACTERS}{_LENGTH})$'},
    OpenApiParameter.HEADER,
    description="128 random bits or more. The same request under the same key is done once in 24 hours and "
    "answered the same; another request under it is refused.",
)
_IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": r'^(\*|"[!#-~]{1,64}")$'},
    OpenApiParameter.HEADER,
    description="The ETag of what was seen: nothing is done once it has changed.",
)
_IF_MATCH_NEEDED = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": r'^"[!#-~]{1,64}"$'},
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of what was seen: nothing is done without it, or once it has changed.",
)
_EDITION = OpenApiParameter(
    "ETag", {"type": "string"}, OpenApiParameter.HEADER, response=[200, 201], description="For If-Match"
)
_REPEATED = OpenApiParameter(
    REPEATED,
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="This answer was given before, and nothing was done now",
)


def documented(
    summary: str,
    answers: Any,
    *,
    reads: Any = None,
    filters: type[Serializer[Any]] | None = None,
    refuses: tuple[int, ...] = (),
    edition: bool = False,
) -> Callable[[View], View]:
    """Describe a verb that only reads. `refuses` adds to what every operation of its kind refuses.

    edition  the answer carries an ETag
    """
    parameters: list[Any] = [filters] if filters is not None else []
    parameters += [] if reads is not None else [_sparse(answers)]
    parameters += [_EDITION] if edition else []
    more = WITH_BODY if reads is not None else (400, 422) if filters is not None else WITH_QUERY
    return extend_schema(
        summary=summary,
        request=reads,
        responses=_responses(200, answers, more, refuses),
        parameters=parameters,
    )


def writing(
    summary: str,
    answers: Any,
    *,
    reads: Any = None,
    status: int = 200,
    refuses: tuple[int, ...] = (),
    edition: bool = False,
    binds: bool | None = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Describe a verb that changes something, and make it do so once for each Idempotency-Key.

    binds  honours If-Match: True, False, or None where nothing is done without it
    """
    more = WITH_BODY if reads is not None else ()
    bound = {True: (412,), False: (), None: (412, 428)}[binds]
    parameters = [_KEY, _REPEATED] + ([_EDITION] if edition else [])
    parameters += {True: [_IF_MATCH], False: [], None: [_IF_MATCH_NEEDED]}[binds]
    describe = extend_schema(
        summary=summary,
        request=reads,
        responses=_responses(status, answers, WRITING, more, bound, refuses),
        parameters=parameters,
    )
    return lambda verb: describe(once(verb))


def _responses(status: int, answers: Any, *refused: tuple[int, ...]) -> dict[Any, Any]:
    codes = sorted({*ALWAYS, *(code for some in refused for code in some)})
    problems = {
        (code, "application/problem+json"): OpenApiResponse(Problem, REFUSALS[code]) for code in codes
    }
    return {(status, "application/json"): answers, **problems}


def _sparse(answers: Any) -> OpenApiParameter:
    one = cast(Shape, answers.child if isinstance(answers, ListSerializer) else answers())
    return OpenApiParameter(
        FIELDS,
        {
            "type": "array",
            "items": {"type": "string", "enum": list(one.fields)},
            "minItems": 1,
            "uniqueItems": True,
        },
        OpenApiParameter.QUERY,
        description="Only these members, in place of all; separated by commas, or one in each parameter",
    )


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
