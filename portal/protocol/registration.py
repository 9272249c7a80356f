"""Dynamic client registration (RFC 7591 §3) and, until its part comes, a closed configuration endpoint."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal import errors, origin, trail
from portal.protocol import requests
from registry import clock
from registry.registration import Registered
from registry.routes import dynamic
from registry.states import State


@csrf_exempt
@requests.only("POST")
def register(request: HttpRequest) -> HttpResponse:
    """Register a client and answer with its effective metadata and credentials."""
    call = dynamic.RegistrationCall(
        bearer=requests.bearer(request),
        content_type=request.META.get("CONTENT_TYPE"),
        body=requests.read_body(request),
        idempotency_key=request.META.get("HTTP_IDEMPOTENCY_KEY"),
        source=origin.source(request),
        request_id=getattr(request, "id", ""),
    )
    registered = dynamic.register(call, now=clock.now())
    trail.know(client=registered.client_id)
    return JsonResponse(_document(registered), status=201, headers=_HEADERS)


_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _document(registered: Registered) -> dict[str, Any]:
    """The client information response (RFC 7591 §3.2.1, RFC 7592 §3)."""
    document: dict[str, Any] = dict(registered.metadata)
    document |= {
        "client_id": registered.client_id,
        "client_id_issued_at": int(registered.issued_at.timestamp()),
        "registration_access_token": registered.registration_access_token,
        "registration_client_uri": f"{settings.REGISTRY.issuer}/register/{registered.client_id}",
    }
    if registered.client_secret is not None:
        document |= {"client_secret": registered.client_secret, "client_secret_expires_at": 0}
    if registered.state != State.ACTIVE:
        document["registration_state"] = registered.state
    return document


@csrf_exempt
def configuration(request: HttpRequest, client_id: str) -> HttpResponse:
    """RFC 7592 is not offered yet: no verb is allowed, which is what an empty `Allow` says (RFC 9110 §10.2.1)."""
    return errors.method_not_allowed(request, [])
