"""Dynamic client registration (RFC 7591 §3) and the client configuration endpoint (RFC 7592 §2)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from portal import errors, origin, trail
from portal.protocol import requests
from registry import clock, registration
from registry.registration import Registered
from registry.routes import configuration as configuring
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
    return _told(dynamic.register(call, now=clock.now()), 201)


@csrf_exempt
@requests.only("GET", "PUT", "DELETE")
def configuration(request: HttpRequest, client_id: str) -> HttpResponse:
    """Read, replace or deregister one client."""
    call = configuring.ConfigurationCall(
        client_id=client_id,
        bearer=requests.bearer(request),
        content_type=request.META.get("CONTENT_TYPE"),
        body=requests.read_body(request) if request.method == "PUT" else b"",
        source=origin.source(request),
        request_id=getattr(request, "id", ""),
    )
    if request.method == "DELETE":
        configuring.delete(call, now=clock.now())
        return HttpResponse(status=204, headers=_HEADERS)
    act = configuring.replace if request.method == "PUT" else configuring.read
    return _told(act(call, now=clock.now()), 200)


def _told(registered: Registered, status: int) -> HttpResponse:
    trail.know(client=registered.client_id)
    headers = _HEADERS | errors.ration_headers(registered.rations)
    return JsonResponse(_document(registered), status=status, headers=headers)


_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def _document(registered: Registered) -> dict[str, Any]:
    """The client information response (RFC 7591 §3.2.1, RFC 7592 §3)."""
    document: dict[str, Any] = dict(registered.metadata)
    document |= {
        "client_id": registered.client_id,
        "client_id_issued_at": int(registered.issued_at.timestamp()),
        "registration_access_token": registered.registration_access_token,
        "registration_client_uri": registration.configuration_address(registered.client_id),
    }
    if registered.client_secret is not None:
        document |= {
            "client_secret": registered.client_secret,
            "client_secret_expires_at": registration.seconds(registered.client_secret_expires_at),
        }
    if registered.state != State.ACTIVE:
        document["registration_state"] = registered.state
    if registered.pending_change is not None:
        document["pending_change"] = registered.pending_change
    return document
