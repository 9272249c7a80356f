"""Reading what a machine sends: one form, one bearer value, one pair of Basic credentials, or a clear error."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest

from registry.errors import InvalidClient, MalformedForm, RequestTooLarge, UnsupportedMediaType

_BEARER = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_FORM = "application/x-www-form-urlencoded"


def read_form(request: HttpRequest) -> Mapping[str, str]:
    """The parameters of a form body, each once (RFC 6749 §3.2). Raises MalformedForm and its like."""
    if request.content_type != _FORM:
        raise UnsupportedMediaType(f"The body is not {_FORM}.", fix="Send a form.")
    if len(read_body(request)) > settings.REGISTRY.registration_body_bytes:
        raise RequestTooLarge("The body is larger than 64 KiB.", fix="Send less.")
    repeated = [name for name, values in request.POST.lists() if len(values) > 1]
    if repeated:
        raise MalformedForm("A parameter is sent more than once.", fix="Send each parameter once.")
    form = {name: str(value) for name, value in request.POST.items()}
    if any(_is_dirty(text) for item in form.items() for text in item):
        raise MalformedForm("A parameter is not text: it holds a NUL or broken encoding.", fix="Send UTF-8.")
    return form


def _is_dirty(text: str) -> bool:
    return "\x00" in text or "\ufffd" in text or any("\ud800" <= c <= "\udfff" for c in text)


def read_body(request: HttpRequest) -> bytes:
    """The whole body; never more than Django's limit, which answers 413 by itself."""
    return request.body


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


def source(request: HttpRequest) -> str:
    """The network address that the request came from, as the server saw it."""
    return str(request.META.get("REMOTE_ADDR", "")) or "unknown"
