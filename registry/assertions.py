"""Client assertions: short JWTs by which a client authenticates (RFC 7523 §3, rfc7523bis, catalogue rule A3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from jwcrypto.common import JWException, base64url_decode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from registry.errors import InvalidClient, InvalidClientMetadata
from registry.strict_json import read
from registry.tokens import checksum

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = {"ES256": ("EC", "P-256"), "PS256": ("RSA", None), "EdDSA": ("OKP", "Ed25519")}
TYPES = frozenset({"jwt", "client-authentication+jwt"})
MAX_CHARACTERS = 8192
LEEWAY_SECONDS = 10
MAX_LIFE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Assertion:
    """A client assertion taken apart, nothing of it believed yet."""

    compact: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def client_id(self) -> str:
        """The client that it speaks for. Raises InvalidClient unless `iss` and `sub` are the same text."""
        issuer, subject = self.claims.get("iss"), self.claims.get("sub")
        if not isinstance(subject, str) or issuer != subject:
            raise InvalidClient("iss and sub of the client assertion have to be the client_id")
        return subject


def parse(compact: str) -> Assertion:
    """Take a compact JWS apart. Raises InvalidClient; verifies nothing."""
    parts = compact.split(".")
    if len(compact) > MAX_CHARACTERS or len(parts) != 3:
        raise InvalidClient("the client assertion is not a compact JWS of at most 8192 characters")
    return Assertion(compact, _object(parts[0]), _object(parts[1]))


def _object(part: str) -> dict[str, Any]:
    try:
        return read(base64url_decode(part), max_bytes=MAX_CHARACTERS, max_depth=4)
    except (ValueError, InvalidClientMetadata) as cause:
        raise InvalidClient("the client assertion is not made of JSON objects") from cause


@dataclass(frozen=True, slots=True)
class Verified:
    """Which of the keys signed, by its place among them, and after which instant the assertion is useless."""

    place: int
    useless_after: datetime


def verify(
    assertion: Assertion,
    *,
    keys: Sequence[Mapping[str, Any]],
    registered_alg: str | None,
    audiences: frozenset[str],
    now: datetime,
) -> Verified:
    """Check header, signature and times.

    keys        public JWKs of the client that are in use
    audiences   the accepted values of `aud`, which has to be exactly one of them
    Raises InvalidClient. Does not spend the `jti`: see `spend`.
    """
    _check_header(assertion.header, registered_alg)
    place = _check_signature(assertion, keys)
    _check_audience(assertion.claims.get("aud"), audiences)
    return Verified(place, _check_times(assertion.claims, now))


def _check_header(header: Mapping[str, Any], registered_alg: str | None) -> None:
    alg, typ = header.get("alg"), header.get("typ")
    if not isinstance(alg, str) or alg not in ALGORITHMS or (registered_alg and alg != registered_alg):
        raise InvalidClient("the client assertion is not signed with the registered algorithm")
    if typ is not None and (
        not isinstance(typ, str) or typ.lower().removeprefix("application/") not in TYPES
    ):
        raise InvalidClient("typ of the client assertion is not JWT or client-authentication+jwt")
    if "crit" in header or "b64" in header:
        raise InvalidClient("the client assertion carries a critical header that is not understood")


def _check_signature(assertion: Assertion, keys: Sequence[Mapping[str, Any]]) -> int:
    """The place of the key that signed it."""
    for place, key in enumerate(keys):
        if _fits(key, assertion.header) and _signed_by(key, assertion):
            return place
    raise InvalidClient("no registered key of the client verifies the client assertion")


def _fits(key: Mapping[str, Any], header: Mapping[str, Any]) -> bool:
    kty, curve = ALGORITHMS[header["alg"]]
    if key.get("kty") != kty or (curve and key.get("crv") != curve):
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", header["alg"]) != header["alg"]:
        return False
    return "kid" not in header or header["kid"] == key.get("kid")


def _signed_by(key: Mapping[str, Any], assertion: Assertion) -> bool:
    signature = JWS()
    signature.allowed_algs = list(ALGORITHMS)
    try:
        signature.deserialize(assertion.compact)
        signature.verify(JWK(**key), alg=assertion.header["alg"])
    except (JWException, ValueError):
        return False
    return bool(signature.is_valid)


def _check_audience(audience: Any, accepted: frozenset[str]) -> None:
    values = audience if isinstance(audience, list) else [audience]
    if len(values) != 1 or not isinstance(values[0], str) or values[0] not in accepted:
        raise InvalidClient("aud of the client assertion has to be the issuer identifier alone")


def _check_times(claims: Mapping[str, Any], now: datetime) -> datetime:
    instant = now.timestamp()
    expires = _seconds(claims, "exp")
    if expires is None or expires + LEEWAY_SECONDS <= instant:
        raise InvalidClient("the client assertion has no exp or is past it")
    if expires > instant + MAX_LIFE_SECONDS + LEEWAY_SECONDS:
        raise InvalidClient("exp of the client assertion is more than 5 minutes away")
    for name in ("nbf", "iat"):
        begin = _seconds(claims, name)
        if begin is not None and begin > instant + LEEWAY_SECONDS:
            raise InvalidClient(f"{name} of the client assertion lies in the future")
    return datetime.fromtimestamp(expires + LEEWAY_SECONDS, UTC)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**11:
        raise InvalidClient(f"{name} of the client assertion is not a number of seconds")
    return float(value)


def spend(assertion: Assertion, *, client_pk: int, useless_after: datetime) -> None:
    """Spend the `jti` once: PostgreSQL is the judge. Raises InvalidClient on a missing or spent `jti`."""
    jti = assertion.claims.get("jti")
    if not isinstance(jti, str) or not jti:
        raise InvalidClient("the client assertion has no jti")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO registry_spentassertion (client_id, jti_digest, expires_at) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [client_pk, checksum(jti), useless_after + timedelta(seconds=60)],
        )
        if cursor.rowcount != 1:
            raise InvalidClient("the client assertion was used before")
