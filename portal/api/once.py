"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header §2) on writing verbs: what is sent twice is done once."""

import re
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.problems import answer
from portal.api.resource import Resource
from registry import clock, idempotency
from registry.errors import MalformedRequest, Refusal
from registry.idempotency import Asked, Told

REPEATED = "Idempotent-Replayed"
# A decision is remembered. What could not be read, or asks to come back, may be sent again under the same key.
DECISIONS = frozenset({403, 404, 409, 412})

_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')  # RFC 9651 §3.3.3, as the draft asks
_BARE = re.compile(r"[A-Za-z0-9._~+/=:-]+")  # as many send it
Verb = TypeVar("Verb", bound=Callable[..., Any])


def once(verb: Verb) -> Callable[..., HttpResponseBase]:
    """Make a writing verb answer a repeated request with the answer that it gave the first time."""

    @wraps(verb)
    def answered(view: Resource, request: Request, **arguments: Any) -> HttpResponseBase:
        key = _key(request)
        if key is None:
            response: HttpResponseBase = verb(view, request, **arguments)
            return response
        asked = Asked(view.actor.name, key, _octets(request))
        act = partial(_act, verb, view, request, arguments)
        return _response(idempotency.once(asked, act, partial(_decision, request), now=clock.now()))

    return answered


def _key(request: Request) -> str | None:
    header = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if header is None:
        return None
    string, bare = _STRING.fullmatch(header), _BARE.fullmatch(header)
    if string is None and bare is None:
        raise MalformedRequest(
            "The Idempotency-Key is not one string.",
            fix='Send it as in "8e03978e-40d5-43dd-bc93-6894a57f9324".',
        )
    return re.sub(r"\\(.)", r"\1", string[1]) if string else header


def _octets(request: Request) -> bytes:
    """Equal for equal requests: verb, address, condition, body."""
    head = (str(request.method), request.get_full_path(), request.META.get("HTTP_IF_MATCH", ""))
    return "\n".join(head).encode() + b"\n" + request.body


def _act(verb: Callable[..., Any], view: Resource, request: Request, arguments: dict[str, Any]) -> Told:
    response: Response = verb(view, request, **arguments)
    headers = dict(response.headers) | {"Content-Type": JSONRenderer.media_type}
    return Told(response.status_code, headers, JSONRenderer().render(response.data))


def _decision(request: Request, refusal: Refusal) -> Told | None:
    problem = answer(refusal, {"request": request})
    if problem is None or problem.status_code not in DECISIONS:
        return None
    return Told(problem.status_code, dict(problem.headers), problem.content)


def _response(told: Told) -> HttpResponse:
    response = HttpResponse(told.body, status=told.status, headers=dict(told.headers))
    if told.is_repeated:
        response[REPEATED] = "true"
    return response
