"""The authorization endpoint (RFC 6749 §3.1): check, sign in, ask, answer at the registered redirection URI."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2.rfc6749.errors import AccessDeniedError

from portal import authn
from portal.protocol import requests
from portal.protocol.descriptions import description
from portal.scope_words import SCOPE_WORDS
from registry import clock, consents, logos
from registry.errors import MalformedForm
from registry.loading import ActingClient
from registry.states import Environment, State

_oauthlib = OAuthLibMixin()
_CARRIED = ("client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method")


@requests.only("GET", "POST")
@cache_control(no_store=True)
def authorize(request: HttpRequest) -> HttpResponse:
    """Show the consent page, or carry out what the person decided on it."""
    request.META["concordat.request_id"] = authn.request_id(request)
    try:
        return _checked(request)
    except FatalClientError as error:
        told = error.oauthlib_error
        return _page(request, told.error, description(told.error, told.description))
    except MalformedForm as refusal:
        return _page(request, "invalid_request", f"{refusal.found} {refusal.fix}")
    except OAuthToolkitError as error:
        return _to_client(error.oauthlib_error)


def _checked(request: HttpRequest) -> HttpResponse:
    scopes, asked = _oauthlib.validate_authorization_request(request)
    if not request.user.is_authenticated:
        return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}")
    if request.method == "GET":
        return _ask(request, scopes, asked)
    return _carry_out(request, scopes, asked)


def _ask(request: HttpRequest, scopes: list[str], asked: Mapping[str, Any]) -> HttpResponse:
    acting: ActingClient = asked["request"].acting
    response = render(
        request,
        "protocol/consent.html",
        {
            "client": _described(acting),
            "redirect_host": _where(asked["redirect_uri"]),
            "scopes": [{"sentence": SCOPE_WORDS[scope], "detail": scope} for scope in scopes],
            "account": str(request.user),
        },
    )
    # Browsers apply form-action to the redirect that follows the form, too.
    response._csp_update = {"form-action": [_origin(asked["redirect_uri"])]}  # type: ignore[attr-defined]  # noqa: SLF001  # as csp does
    return response


def _described(acting: ActingClient) -> dict[str, Any]:
    organization = acting.standing.organization
    return {
        "name": acting.row.name,
        "logo": logos.digest_of(acting.row),
        "organization_name": acting.organization_name,
        "verified": organization.state == State.ACTIVE,
        "standing": f"organization {organization.state}",
        "sandbox": organization.environment == Environment.SANDBOX,
    }


def _where(uri: str) -> str:
    parts = urlsplit(uri)
    return parts.netloc or f"an app on your device ({parts.scheme})"


def _origin(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def _carry_out(request: HttpRequest, scopes: list[str], asked: Mapping[str, Any]) -> HttpResponse:
    allowed = request.POST.get("allow") == "true"
    with consents.decided(
        asked["request"].acting,
        actor=authn.actor_of(request),
        scopes=scopes,
        granted=allowed,
        redirect_host=_where(asked["redirect_uri"]),
        now=clock.now(),
    ):
        if not allowed:
            raise _denied(asked)
        location, _, _, _ = _oauthlib.create_authorization_response(
            request=request,
            scopes=" ".join(scopes),
            credentials=_credentials(asked),
            allow=True,
        )
    return _away(location)


def _credentials(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the code will be bound to; the answer goes into the query whatever `response_mode` asks for."""
    carried = {name: asked[name] for name in _CARRIED if name in asked}
    sent = not asked["request"].using_default_redirect_uri
    return carried | {"redirect_uri_was_sent": sent, "response_mode": "query"}


def _denied(asked: Mapping[str, Any]) -> OAuthToolkitError:
    error = AccessDeniedError(state=asked.get("state"))
    error.redirect_uri = asked["redirect_uri"]
    return OAuthToolkitError(error=error)


def _to_client(error: Any) -> HttpResponse:
    """An error at the client's redirection URI, with `iss` (RFC 9207 §2)."""
    said = description(error.error, error.description)
    answer = {"error": error.error, "error_description": said, "state": error.state}
    query = urlencode(
        {name: value for name, value in answer.items() if value} | {"iss": settings.REGISTRY.issuer}
    )
    return _away(_with_query(error.redirect_uri, query))


def _with_query(uri: str, query: str) -> str:
    """The registered query stays (RFC 6749 §3.1.2), but for an `iss` that would stand beside ours (RFC 9207 §2.4)."""
    parts = urlsplit(uri)
    kept = "&".join(pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != "iss")
    return urlunsplit(parts._replace(query=f"{kept}&{query}" if kept else query))


def _away(location: str) -> HttpResponse:
    return OAuth2ResponseRedirect(location, [urlsplit(location).scheme])


def _page(request: HttpRequest, error: str, said: str) -> HttpResponse:
    """No redirection URI of the request can be trusted: the error stays here."""
    context = {
        "error": error,
        "description": said,
        "source": "RFC 6749 §4.1.2.1",
        "at": clock.now(),
    }
    return render(request, "protocol/authorize_error.html", context, status=400)
