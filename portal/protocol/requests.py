"""Reading what a machine sends: one form, one bearer value, one pair of Basic credentials, or a clear error."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TypeAlias
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict

from portal import errors
from registry.errors import InvalidClient, MalformedForm, RequestTooLarge, UnsupportedMediaType

_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_FORM = "application/x-www-form-urlencoded"

View: TypeAlias = Callable[..., HttpResponse]


def only(*methods: str) -> Callable[[View], View]:
    """Let these methods through and refuse every other with `Allow`, in the form that callers of the path read."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
            if request.method not in methods:
                return errors.method_not_allowed(request, methods)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def read_form(request: HttpRequest) -> Mapping[str, str]:
    """The parameters of a form body, as `parameters` reads them. Raises MalformedForm and its like."""
    if len(read_body(request)) > settings.REGISTRY.registration_body_bytes:
        raise RequestTooLarge("The body is larger than 64 KiB.", fix="Send less.")
    if request.content_type != _FORM:
        raise UnsupportedMediaType(f"The body is not {_FORM}.", fix="Send a form.")
    if not request.body.isascii():
        raise MalformedForm("The form is not percent-encoded.", fix="Encode it as RFC 6749 Appendix B says.")
    return parameters(request.POST)


def parameters(sent: QueryDict) -> Mapping[str, str]:
    """Each parameter once; without a value it counts as not sent (RFC 6749 §3.1, §3.2). Raises MalformedForm."""
    if any(len(values) > 1 for _, values in sent.lists()):
        raise MalformedForm("A parameter is sent more than once.", fix="Send each parameter once.")
    pairs = {name: str(value) for name, value in sent.items() if value}
    if any(_is_dirty(text) for item in pairs.items() for text in item):
        raise MalformedForm("A parameter is not text: it holds a NUL or broken encoding.", fix="Send UTF-8.")
    return pairs


def _is_dirty(text: str) -> bool:
    if text.isascii():
        return "\x00" in text
    return "\ufffd" in text or any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in text)


def read_body(request: HttpRequest) -> bytes:
    """The body; of one beyond the limit only its first octets, one more than the limit."""
    limit = settings.REGISTRY.registration_body_bytes
    if _announced_octets(request) <= limit:
        return request.body
    return request.read(limit + 1)


def _announced_octets(request: HttpRequest) -> int:
    announced = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(announced[:18]) if announced.isdecimal() and announced.isascii() else 0


def bearer(request: HttpRequest) -> str | None:
    """The value of `Authorization: Bearer`; None without the header, "" when it is not one bearer value."""
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    value = value.strip(" ")
    return value if scheme.lower() == "bearer" and _BEARER.fullmatch(value) else ""


def basic(header: str | None) -> tuple[str, str] | None:
    """Identifier and secret of `Authorization: Basic`, form-decoded (RFC 6749 §2.3.1); None without it.

    Raises InvalidClient when the header is something else or cannot be read.
    """
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    try:
        identifier, colon, secret = b64decode(value.strip(" "), validate=True).decode("utf-8").partition(":")
    except (NotBase64, ValueError) as cause:
        raise InvalidClient("the Authorization header cannot be read") from cause
    if scheme.lower() != "basic" or not colon:
        raise InvalidClient("the Authorization header is not Basic credentials")
    return unquote_plus(identifier), unquote_plus(secret)
