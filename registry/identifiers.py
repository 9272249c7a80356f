"""Identifiers that we make: time-ordered UUIDs, client ids, credential values and their digests."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode
from functools import cache
from uuid import UUID

from django.conf import settings

from registry import clock

CLIENT_ID_PREFIX = "c_"


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = int(clock.now().timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return UUID(int=value | 0b10 << 62 | secrets.randbits(62))


def new_client_id() -> str:
    """A client_id that is never a URL and never looks like a user's id (RFC 9700 §4.15)."""
    return CLIENT_ID_PREFIX + secrets.token_urlsafe(18)


def new_credential(prefix: str) -> str:
    """A bearer value of 256 bit behind a prefix that secret scanners can find."""
    return prefix + secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """The form in which a credential of ours rests: HMAC-SHA-256 under the deployment's key, in hex.

    Fast on purpose: the value has 256 random bits, so there is nothing that a slow hash would protect.
    """
    return hmac.new(_credential_key(), value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@cache
def _credential_key() -> bytes:
    return urlsafe_b64decode(settings.REGISTRY.credential_key)
