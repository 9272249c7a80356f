"""The one table from refusals to the wire, and the two boundaries that catch what nobody answered.

Machine endpoints answer OAuth errors (RFC 6749 §5.2, RFC 7591 §3.2.2), the API problem details (RFC 9457),
browsers a page. A refusal without a row becomes `server_error` with its detail stripped.
"""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from portal.failures import RETRY_AFTER_SECONDS, STOPPED_RETRY_AFTER_SECONDS
from portal.metrics import observation
from portal.paths import is_api, is_machine
from registry import errors
from registry.policy.engine import describe

logger = logging.getLogger(__name__)

Responder = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one kind of refusal reads on the wire."""

    status: int
    code: str
    title: str
    source: str


ANSWERS: Mapping[type[errors.Refusal], Answer] = {
    errors.InvalidRedirectUri: Answer(
        400, "invalid_redirect_uri", "A redirection URI is not acceptable", "RFC 7591 §3.2.2"
    ),
    errors.InvalidClientMetadata: Answer(
        400, "invalid_client_metadata", "Client metadata is not acceptable", "RFC 7591 §3.2.2"
    ),
    errors.InvalidSoftwareStatement: Answer(
        400, "invalid_software_statement", "The software statement is not valid", "RFC 7591 §3.2.2"
    ),
    errors.RegistrationRefused: Answer(
        400, "invalid_client_metadata", "The registration is not granted", "RFC 7591 §3.2.2"
    ),
    errors.TermsNotAccepted: Answer(403, "terms_not_accepted", "The terms are not accepted", "product"),
    errors.RequestTooLarge: Answer(413, "invalid_request", "The body is too large", "RFC 9110 §15.5.14"),
    errors.UnsupportedMediaType: Answer(
        415, "invalid_request", "The media type is not read here", "RFC 9110 §15.5.16"
    ),
    errors.QuotaReached: Answer(429, "temporarily_unavailable", "A quota is reached", "RFC 6585 §4"),
    errors.RateExceeded: Answer(429, "temporarily_unavailable", "Requests come too fast", "RFC 6585 §4"),
    errors.CredentialMissing: Answer(401, "invalid_token", "A credential is needed", "RFC 6750 §3.1"),
    errors.InvalidToken: Answer(401, "invalid_token", "The credential is not valid", "RFC 6750 §3.1"),
    errors.InsufficientScope: Answer(
        403, "insufficient_scope", "The token does not reach this far", "RFC 6750 §3.1"
    ),
    errors.StandingForbids: Answer(403, "access_denied", "The state forbids this", "RFC 7592 §2"),
    errors.MalformedForm: Answer(400, "invalid_request", "The request is malformed", "RFC 6749 §5.2"),
    errors.InvalidClient: Answer(401, "invalid_client", "The client is not accepted", "RFC 6749 §5.2"),
    errors.IssuanceStopped: Answer(
        503, "temporarily_unavailable", "Nothing is issued at the moment", "RFC 6749 §4.1.2.1"
    ),
    errors.UnauthorizedClient: Answer(
        400, "unauthorized_client", "The client is not authorized for this", "RFC 6749 §5.2"
    ),
    errors.TransitionRefused: Answer(409, "invalid_state", "The state does not allow this", "product"),
    errors.FourEyesRequired: Answer(403, "four_eyes_required", "A second person has to decide", "product"),
    errors.RoleForbids: Answer(403, "role_forbids", "The role does not include this", "product"),
    errors.NotFound: Answer(404, "not_found", "There is no such thing here", "RFC 9110 §15.5.5"),
    errors.Conflict: Answer(409, "conflict", "It contradicts what is held", "RFC 9110 §15.5.10"),
    errors.StillRunning: Answer(
        409,
        "request_in_progress",
        "An equal request is being answered",
        "draft-ietf-httpapi-idempotency-key §2.7",
    ),
    errors.SignNotSeen: Answer(409, "domain_not_proved", "The domain does not show the proof", "product"),
    errors.KeyReused: Answer(
        422,
        "idempotency_key_reused",
        "The Idempotency-Key belongs to another request",
        "draft-ietf-httpapi-idempotency-key §2.7",
    ),
    errors.PreconditionFailed: Answer(
        412, "precondition_failed", "It is not what was seen", "RFC 9110 §15.5.13"
    ),
    errors.PreconditionRequired: Answer(428, "precondition_required", "If-Match is needed", "RFC 6585 §3"),
    errors.InvalidInput: Answer(422, "invalid_input", "A value is not acceptable", "RFC 9110 §15.5.21"),
}
UNKNOWN = Answer(500, "server_error", "The server failed", "RFC 6749 §4.1.2.1")
UNAVAILABLE = Answer(503, "temporarily_unavailable", "The registry cannot be reached", "RFC 6749 §4.1.2.1")
BAD_REQUEST = Answer(400, "invalid_request", "The request is malformed", "RFC 6749 §5.2")
NOT_ALLOWED = Answer(405, "invalid_request", "The method is not offered here", "RFC 9110 §15.5.6")
TOO_LARGE = ANSWERS[errors.RequestTooLarge]


def answer_for(refusal: BaseException) -> Answer:
    """The row of a refusal's class or of the nearest class above it."""
    for kind in type(refusal).__mro__:
        if kind in ANSWERS:
            return ANSWERS[kind]
    return UNKNOWN


def oauth_error(
    answer: Answer, description: str = "", headers: Mapping[str, str] | None = None
) -> JsonResponse:
    """An OAuth error response; the description is reduced to the characters of RFC 6749 §5.2."""
    body = {"error": answer.code, "error_description": _plain(description or answer.title)}
    return JsonResponse(body, status=answer.status, headers={"Cache-Control": "no-store", **(headers or {})})


def _plain(text: str) -> str:
    return "".join(c if " " <= c <= "~" and c not in {'"', "\\"} else "'" for c in text)


def refuse(refusal: errors.Refusal) -> JsonResponse:
    """The OAuth error response of a refusal, with the challenge that RFC 6750 §3 asks for."""
    answer = answer_for(refusal)
    return oauth_error(answer, _description(refusal), _headers(refusal, answer))


def _description(refusal: errors.Refusal) -> str:
    if refusal.findings:
        return describe(refusal.findings)
    return " ".join(part for part in (refusal.found, refusal.fix) if part)


_ALWAYS: Mapping[type[errors.Refusal], Mapping[str, str]] = {
    errors.CredentialMissing: {"WWW-Authenticate": "Bearer"},
    errors.InvalidClient: {"WWW-Authenticate": 'Basic realm="concordat"'},
    errors.IssuanceStopped: {"Retry-After": str(STOPPED_RETRY_AFTER_SECONDS)},
}


def _headers(refusal: errors.Refusal, answer: Answer) -> dict[str, str]:
    return _own_headers(refusal, answer) | ration_headers(refusal.rations)


def _own_headers(refusal: errors.Refusal, answer: Answer) -> dict[str, str]:
    if type(refusal) in _ALWAYS:
        return dict(_ALWAYS[type(refusal)])
    if isinstance(refusal, errors.InsufficientScope):
        return {"WWW-Authenticate": f'Bearer error="{answer.code}", scope="{refusal.scope}"'}
    if isinstance(refusal, errors.InvalidToken):
        return {"WWW-Authenticate": f'Bearer error="{answer.code}"'}
    if isinstance(refusal, errors.QuotaReached | errors.StillRunning) and refusal.retry_after:
        return {"Retry-After": str(refusal.retry_after)}
    return {}


def ration_headers(rations: Sequence[errors.Ration]) -> dict[str, str]:
    """What may be asked and what is left of it (draft-ietf-httpapi-ratelimit-headers §3, §4)."""
    if not rations:
        return {}
    policies = (f'"{one.name}";q={one.quota};w={one.window_seconds}' for one in rations)
    left = (f'"{one.name}";r={one.remaining};t={one.reset_seconds}' for one in rations)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}


def answer_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """What a view raised, as an answer; None leaves it to `server_error`."""
    if isinstance(exception, errors.Refusal):
        observation.refusal(exception)
        return _refusal(request, exception)
    if isinstance(exception, OperationalError | InterfaceError):
        logger.exception("database not reachable")
        return _page_or_error(request, UNAVAILABLE, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return None


class RefusalsBecomePages:
    """Middleware of the browser stack: hands the exceptions of views to `answer_exception`."""

    def __init__(self, get_response: Responder) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer_exception(request, exception)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400: malformed before any view could judge."""
    too_large = isinstance(exception, RequestDataTooBig)
    return _page_or_error(request, TOO_LARGE if too_large else BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    return _page_or_error(request, ANSWERS[errors.RoleForbids])


def method_not_allowed(request: HttpRequest, allowed: Sequence[str]) -> HttpResponse:
    """Another method than the `allowed` ones; none at all makes an empty `Allow` (RFC 9110 §10.2.1)."""
    return _page_or_error(request, NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    return _page_or_error(request, ANSWERS[errors.NotFound])


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: what no view raised, such as a session that cannot be read; the detail stays in the log."""
    failure = sys.exception()
    answer = answer_exception(request, failure) if isinstance(failure, Exception) else None
    if answer is not None:
        return answer
    logger.exception("unanswered exception")
    return _page_or_error(request, UNKNOWN)


def _refusal(request: HttpRequest, refusal: errors.Refusal) -> HttpResponse:
    if is_machine(request.path_info):
        return refuse(refusal)
    answer = answer_for(refusal)
    wait = {name: value for name, value in _headers(refusal, answer).items() if name == "Retry-After"}
    return _page(request, answer, refusal, wait)


def _page_or_error(
    request: HttpRequest, answer: Answer, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    if is_api(request.path_info):
        return problem(request, answer, headers=headers)
    if is_machine(request.path_info):
        return oauth_error(answer, headers=headers)
    return _page(request, answer, headers=headers)


def _page(
    request: HttpRequest,
    answer: Answer,
    refusal: errors.Refusal | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    context = {"answer": answer, "refusal": refusal, "request_id": getattr(request, "id", "")}
    template = f"{answer.status}.html" if answer.status in _PAGES else "400.html"
    content = render_to_string(template, context)  # no request: context processors may be what failed
    return HttpResponse(content, status=answer.status, headers=dict(headers or {}))


_PAGES = frozenset({400, 403, 404, 405, 429, 500, 503})


def problem(
    request: HttpRequest,
    answer: Answer,
    refusal: errors.Refusal | None = None,
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """A problem details object (RFC 9457 §3) with our extension members `code`, `findings`, `request_id`."""
    body: dict[str, object] = {
        "type": f"{settings.REGISTRY.issuer}/problems/{answer.code}",
        "title": answer.title,
        "status": answer.status,
        "code": answer.code,
        "request_id": getattr(request, "id", ""),
    }
    if refusal is not None:
        body["detail"] = _description(refusal)
        body["findings"] = [asdict(finding) for finding in refusal.findings]
    return JsonResponse(
        body,
        status=answer.status,
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def challenge(refusal: errors.Refusal) -> dict[str, str]:
    """The headers that go with a refusal: `WWW-Authenticate`, `Retry-After`."""
    return _headers(refusal, answer_for(refusal))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was not ours, or it waited longer than the session."""
    return _page(
        request,
        ANSWERS[errors.RoleForbids],
        errors.RoleForbids(
            "The form was not sent from our own page, or it waited too long.",
            fix="Open the page again and send the form once more.",
        ),
    )
