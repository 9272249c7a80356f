"""Token and revocation endpoints: the toolkit's, behind our reading of the form."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.views.mixins import OAuthLibMixin

from portal.protocol import requests
from portal.protocol.descriptions import description
from registry.errors import MalformedForm

_oauthlib = OAuthLibMixin()


@csrf_exempt
@requests.only("POST")
@sensitive_post_parameters()
def token(request: HttpRequest) -> HttpResponse:
    """Issue a token (RFC 6749 §3.2)."""
    form = requests.read_form(request)
    if not form.get("grant_type"):
        raise MalformedForm("grant_type is missing.", fix="Send grant_type.")
    _carry_request_id(request)
    _, headers, body, status = _oauthlib.create_token_response(request)
    return _answer(headers, body, status)


@csrf_exempt
@requests.only("POST")
@sensitive_post_parameters()
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke a token of the authenticated client (RFC 7009 §2)."""
    if not requests.read_form(request).get("token"):
        raise MalformedForm("token is missing.", fix="Send token.")
    _carry_request_id(request)
    _, headers, body, status = _oauthlib.create_revocation_response(request)
    return _answer(headers, body, status)


def _carry_request_id(request: HttpRequest) -> None:
    """The toolkit hands `META` on as the headers of its own request object."""
    request.META["concordat.request_id"] = getattr(request, "id", "")


def _answer(headers: dict[str, Any], body: str, status: int) -> HttpResponse:
    response = HttpResponse(_explained(body, status), status=status, content_type="application/json")
    for name, value in headers.items():
        response[name] = value
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="concordat"'
    return response


def _explained(body: str, status: int) -> str:
    if status < 400:
        return body or ""
    told: dict[str, str] = json.loads(body)
    said = description(told["error"], told.get("error_description"))
    return json.dumps({"error": told["error"], "error_description": said})
