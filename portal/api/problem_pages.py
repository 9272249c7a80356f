"""What a problem's `type` leads to (RFC 9457 §3.1.1): a small public page for each code."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.api.problems import FRAMEWORK
from portal.errors import ANSWERS, BAD_REQUEST, NOT_ALLOWED, UNAVAILABLE, UNKNOWN, Answer
from registry.errors import NotFound

# Code → what it means, and what helps.
MEANINGS: Mapping[str, tuple[str, str]] = {
    "access_denied": (
        "The credential is good, but the state of its client or organization forbids this.",
        "Ask the operator of the registry why the client or organization is not active.",
    ),
    "conflict": (
        "The request contradicts what the registry holds, such as a name that is taken.",
        "Read what is there, then decide again.",
    ),
    "domain_not_proved": (
        "The domain does not show what the organization was asked to publish, at least not yet.",
        "Publish it as the open challenge says, wait until it is out, and ask again.",
    ),
    "four_eyes_required": (
        "One pair of eyes is not enough here, and whoever acts was the first pair.",
        "Let another person, or another service, do it.",
    ),
    "idempotency_key_reused": (
        "The Idempotency-Key was used for another request within the last 24 hours. Nothing was done.",
        "Make a new key for each new request, and keep it for repeating that request alone.",
    ),
    "insufficient_scope": (
        "The access token is good, but it does not carry the scope that this needs.",
        "Ask for a token with the scope that the detail names; the client may have to be granted it first.",
    ),
    "invalid_client": (
        "The client could not be authenticated, or may not act now.",
        "Check the client_id and its credential; then ask whether the client is active.",
    ),
    "invalid_client_metadata": (
        "A member of the client metadata is not acceptable. Nothing was registered.",
        "Correct the members that the findings name; each says what to change.",
    ),
    "invalid_input": (
        "The request was read, but a value in it is not acceptable. Nothing was changed.",
        "Correct the members that the findings name; each says what to change.",
    ),
    "invalid_redirect_uri": (
        "A redirection URI is not acceptable. Nothing was registered.",
        "Use https, a host under a proved domain of the organization, and the exact address that receives codes.",
    ),
    "invalid_request": (
        "The request cannot be read: its body, its media type, its size, a header, or the method.",
        "Compare it with the OpenAPI document; the findings say where reading ended.",
    ),
    "invalid_software_statement": (
        "The software statement is not valid, or none is read here.",
        "Register without one, or ask its issuer for a new one.",
    ),
    "invalid_state": (
        "The state does not allow this act: somebody may have been faster.",
        "Read the current state and choose an act that it allows.",
    ),
    "invalid_token": (
        "No credential was presented, or one that is not valid here: unknown, expired, ended or cut off.",
        "Get a new access token at the token endpoint, or a new initial access token from the registry.",
    ),
    "method_not_allowed": ("This address does not have that verb.", "See the Allow header for those it has."),
    "not_acceptable": (
        "The request accepts no format that there is.",
        "Send Accept: application/json, or leave the header out.",
    ),
    "not_found": (
        "There is no such thing, or it is not for the caller to know of; both read the same.",
        "Check the identifier.",
    ),
    "precondition_failed": (
        "What is to be changed is not what the caller saw: somebody changed it since. Nothing was done.",
        "Read it again, decide anew, and send the new ETag as If-Match.",
    ),
    "precondition_required": (
        "The act is final, so it is only done to what the caller has seen.",
        "Read it first, and send its ETag as If-Match.",
    ),
    "request_in_progress": (
        "A request with the same Idempotency-Key is being answered.",
        "Send the same request again after the time that Retry-After names; it will not be done twice.",
    ),
    "role_forbids": (
        "The act is not for this caller: a role does not include it, or it is kept for people.",
        "Let somebody do it whose role includes it.",
    ),
    "server_error": (
        "The server failed. Nothing was changed.",
        "Try again later; if it fails again, give the request id to the operator.",
    ),
    "temporarily_unavailable": (
        "A quota is reached, requests come too fast, or the registry cannot be reached.",
        "Wait as long as Retry-After says. A quota that does not refill is raised by the operator.",
    ),
    "terms_not_accepted": (
        "The organization has not accepted the terms that are in force, and production asks for them.",
        "Let an admin of the organization read and accept them in the partner portal.",
    ),
    "unauthorized_client": (
        "The client is known, but not authorized for this grant now.",
        "Ask the operator of the registry, who may still have to decide on it.",
    ),
}


def _known() -> dict[str, list[Answer]]:
    """Each code with every row that has it, without those that say the same twice."""
    rows = [*ANSWERS.values(), *FRAMEWORK.values(), BAD_REQUEST, NOT_ALLOWED, UNAVAILABLE, UNKNOWN]
    found: dict[str, list[Answer]] = {}
    for row in sorted(dict.fromkeys(rows), key=lambda row: row.status):
        found.setdefault(row.code, []).append(row)
    return found


PROBLEMS: Mapping[str, list[Answer]] = _known()


@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The page of one code. Raises NotFound."""
    if code not in PROBLEMS:
        raise NotFound("There is no such problem.")
    meaning, helps = MEANINGS[code]
    context = {"code": code, "answers": PROBLEMS[code], "meaning": meaning, "helps": helps}
    return render(request, "problems.html", context)
