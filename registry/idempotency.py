"""Answers remembered under an Idempotency-Key: a request that is sent again is not done again (docs/adr/0009).

The answer is written in the transaction of the change, so that both are there or neither. It rests encrypted with a
key that comes from the caller's Idempotency-Key, which is not kept: an answer may hold a credential's value.
Source: draft-ietf-httpapi-idempotency-key-header §2.
"""

import hmac
import json
import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction

from registry.errors import KeyReused, MalformedRequest, Refusal, StillRunning
from registry.models import RememberedAnswer

MINIMUM_KEY_CHARACTERS = 22  # 128 bit in base64url
MAXIMUM_KEY_CHARACTERS = 255
_NONCE_OCTETS = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """One request under an Idempotency-Key.

    caller   stable name of who asks; the same key of somebody else is another key
    request  octets that are equal for equal requests: verb, address, conditions, body
    """

    caller: str
    key: str = field(repr=False)
    request: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it went out. `is_repeated`: it was given before, and nothing was done now."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    is_repeated: bool = False


@transaction.atomic
def once(
    asked: Asked, act: Callable[[], Told], refused: Callable[[Refusal], Told | None], *, now: datetime
) -> Told:
    """The answer of `act`, or the one that it gave before under this key within the time that keys are remembered.

    refused  the answer to a refusal, None when it is not to be remembered and the same key may try again

    Raises MalformedRequest for a key that is too short or too long, StillRunning while the first request is being
    answered, KeyReused when the key stands for another request, and what `act` raises and `refused` passes over.
    """
    _check(asked.key)
    place = _derived(asked, "place").hex()
    _claim(place)
    earlier = _earlier(asked, place, now)
    if earlier is not None:
        return earlier
    told = _judged(act, refused)
    _remember(asked, place, told, now)
    return told


def _check(key: str) -> None:
    if not MINIMUM_KEY_CHARACTERS <= len(key) <= MAXIMUM_KEY_CHARACTERS:
        raise MalformedRequest(
            f"The Idempotency-Key is not {MINIMUM_KEY_CHARACTERS} to {MAXIMUM_KEY_CHARACTERS} characters.",
            fix="Send 128 random bits or more, such as a UUID.",
        )


def _claim(place: str) -> None:
    """Have the key to oneself until the transaction ends, without waiting for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(place[:16], 16) - (1 << 63)])
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        raise StillRunning


def _earlier(asked: Asked, place: str, now: datetime) -> Told | None:
    oldest = now - timedelta(seconds=settings.REGISTRY.idempotency_seconds)
    row = RememberedAnswer.objects.filter(place=place, created_at__gt=oldest).first()
    if row is None:
        return None
    if not hmac.compare_digest(row.request, _request(asked)):
        raise KeyReused(
            "This Idempotency-Key was used for another request.", fix="Make a new key for each new request."
        )
    return _opened(asked, place, bytes(row.sealed))


def _judged(act: Callable[[], Told], refused: Callable[[Refusal], Told | None]) -> Told:
    """What a refusal left undone is undone; the answer that tells it may stay."""
    try:
        with transaction.atomic():
            return act()
    except Refusal as refusal:
        told = refused(refusal)
        if told is None:
            raise
        return told


def _remember(asked: Asked, place: str, told: Told, now: datetime) -> None:
    row = RememberedAnswer(
        place=place, request=_request(asked), sealed=_sealed(asked, place, told), created_at=now
    )
    RememberedAnswer.objects.bulk_create(  # over one that is too old to be told again
        [row],
        update_conflicts=True,
        unique_fields=["place"],
        update_fields=["request", "sealed", "created_at"],
    )


def _request(asked: Asked) -> str:
    return _derived(asked, "request", sha256(asked.request).digest()).hex()


def _derived(asked: Asked, purpose: str, more: bytes = b"") -> bytes:
    """32 octets that nobody derives without both the deployment's key and the caller's."""
    parts = [b"idempotency", purpose.encode(), asked.caller.encode(), asked.key.encode(), more]
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(urlsafe_b64decode(settings.REGISTRY.credential_key), framed, "sha256")


def _sealed(asked: Asked, place: str, told: Told) -> bytes:
    plain = {"status": told.status, "headers": dict(told.headers), "body": b64encode(told.body).decode()}
    nonce = secrets.token_bytes(_NONCE_OCTETS)
    cipher = AESGCM(_derived(asked, "seal"))
    return nonce + cipher.encrypt(nonce, json.dumps(plain).encode(), place.encode())


def _opened(asked: Asked, place: str, sealed: bytes) -> Told:
    nonce, ciphertext = sealed[:_NONCE_OCTETS], sealed[_NONCE_OCTETS:]
    plain = json.loads(AESGCM(_derived(asked, "seal")).decrypt(nonce, ciphertext, place.encode()))
    return Told(plain["status"], plain["headers"], b64decode(plain["body"]), is_repeated=True)


def purge(*, now: datetime, limit: int) -> int:
    """Forget answers that are too old to be told again, `limit` at most; how many went."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registry_rememberedanswer WHERE place IN (SELECT place FROM registry_rememberedanswer"
            " WHERE created_at < %s ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)",
            [now - timedelta(seconds=settings.REGISTRY.idempotency_seconds), limit],
        )
        return int(cursor.rowcount)
