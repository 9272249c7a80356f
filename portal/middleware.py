"""What every request passes: an identity, and for browsers the end of sessions and the second factor."""

import secrets
import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal import access_log, authn, trail
from portal.access_log import address_of
from portal.metrics import observation

type_of_next = Callable[[HttpRequest], HttpResponse]


def request_identity(get_response: type_of_next) -> type_of_next:
    """Give the request an id for its log lines, its audit events and its error page; log and measure its answer."""

    def respond(request: HttpRequest) -> HttpResponse:
        identity, started = f"req_{secrets.token_hex(10)}", time.perf_counter()
        request.id = identity  # type: ignore[attr-defined]  # Django lets a request carry more
        trail.begin(request_id=identity)
        response = get_response(request)
        response["Request-Id"] = identity
        seconds, address = time.perf_counter() - started, address_of(request)
        access_log.write(request.method, address, response.status_code, seconds, trail.end())
        observation.request(request.method, address, response.status_code, seconds)
        return response

    return respond


def machine_headers(get_response: type_of_next) -> type_of_next:
    """The short stack of machine endpoints: nothing stored, nothing sniffed, nothing framed."""
    hsts = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        response["Referrer-Policy"] = "no-referrer"
        if settings.SECURE_HSTS_SECONDS:
            response["Strict-Transport-Security"] = hsts
        return response

    return respond


def known_host(get_response: type_of_next) -> type_of_next:
    """Refuse a request for a host that is not ours, as Django's own stack does when it asks for the host."""

    def respond(request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost
        return get_response(request)

    return respond


def sessions_end_with_their_epoch(get_response: type_of_next) -> type_of_next:
    """End a session whose person was cut off after it began: the epoch is read with the person, each time."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            trail.know(person=str(request.user.pk))
            if not authn.session_stands(request):
                logout(request)
        return get_response(request)

    return respond


def staff_carry_a_second_factor(get_response: type_of_next) -> type_of_next:
    """Send staff without a second factor to the page where they enrol one, whatever they asked for."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/staff/") and authn.lacks_second_factor(request):
            return HttpResponseRedirect(
                f"{reverse('mfa_activate_totp')}?{urlencode({'next': request.get_full_path()})}"
            )
        return get_response(request)

    return respond
