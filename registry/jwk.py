"""Public JSON Web Keys: read one strictly, name it by its thumbprint. No keys are generated or used here.

Source: RFC 7517, RFC 7518 §6, RFC 7638, RFC 8037.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec

Jwk = Mapping[str, object]

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
CURVES: Mapping[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
SIGNING_ALGORITHMS: Mapping[str, frozenset[str]] = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
    "Ed25519": frozenset({"EdDSA", "Ed25519"}),
}
ENCRYPTION_ALGORITHMS: Mapping[str, frozenset[str]] = {
    "RSA": frozenset({"RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"}),
    **dict.fromkeys(CURVES, frozenset({"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"})),
    "Ed25519": frozenset(),
}

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_ED25519_PRIME = 2**255 - 19
_ED25519_D = -121665 * pow(121666, -1, _ED25519_PRIME) % _ED25519_PRIME


class UnreadableJwk(ValueError):
    """The key has no thumbprint: a required member is missing or is not what its key type demands."""


@dataclass(frozen=True, slots=True)
class RsaNumbers:
    """Modulus and exponent; both were written without leading zero octets."""

    n: int
    e: int


def octets(value: object) -> bytes | None:
    """What canonical base64url without padding says; None for anything else.

    Canonical, because two spellings of one key must not have two thumbprints (RFC 7515 §2, RFC 4648 §3.5).
    """
    if not isinstance(value, str) or not _BASE64URL.fullmatch(value) or len(value) % 4 == 1:
        return None
    read = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    return read if encode(read) == value else None


def encode(read: bytes) -> str:
    return urlsafe_b64encode(read).rstrip(b"=").decode()


def family(key: Jwk) -> str | None:
    """`RSA`, or the curve for a key on one; None for every other kind of key."""
    kind, curve = key.get("kty"), key.get("crv")
    if kind == "RSA":
        return "RSA"
    if kind == "EC" and isinstance(curve, str) and curve in CURVES:
        return curve
    return "Ed25519" if kind == "OKP" and curve == "Ed25519" else None


def rsa_numbers(key: Jwk) -> RsaNumbers | None:
    """RFC 7518 §6.3.1: unsigned, big-endian, the fewest octets."""
    n, e = octets(key.get("n")), octets(key.get("e"))
    if not n or not e or n[0] == 0 or e[0] == 0:
        return None
    return RsaNumbers(int.from_bytes(n), int.from_bytes(e))


def is_on_curve(key: Jwk) -> bool:
    """Whether x and y have the length of the curve (RFC 7518 §6.2.1.2) and satisfy its equation."""
    x, y = key.get("x"), key.get("y")
    return isinstance(x, str) and isinstance(y, str) and _is_point(str(key["crv"]), x, y)


@lru_cache(maxsize=64)  # several rules ask about the same keys one after another
def _is_point(name: str, abscissa: str, ordinate: str) -> bool:
    curve = CURVES[name]
    length = (curve.key_size + 7) // 8
    x, y = octets(abscissa), octets(ordinate)
    if x is None or y is None or len(x) != length or len(y) != length:
        return False
    try:
        ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key()
    except ValueError:
        return False
    return True


def is_ed25519_point(key: Jwk) -> bool:
    """Whether x is 32 octets that decode to a point of large order (RFC 8032 §5.1.3, RFC 8037 §2)."""
    point = octets(key.get("x"))
    if point is None or len(point) != 32:
        return False
    number = int.from_bytes(point, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(_ED25519_D * y * y + 1, -1, _ED25519_PRIME) % _ED25519_PRIME
    is_square = pow(square, (_ED25519_PRIME - 1) // 2, _ED25519_PRIME) in (0, 1)
    return (
        y < _ED25519_PRIME and is_square and not (square == 0 and sign) and not _is_of_small_order(square, y)
    )


def _is_of_small_order(square: int, y: int) -> bool:
    """Doubling three times reaches the neutral point: the eight points that fit almost any signature.

    Follows y alone: y(2P) = (y² + x²) / (1 - d x² y²), and x² comes back from the curve equation.
    """
    prime, d = _ED25519_PRIME, _ED25519_D
    for _ in range(3):
        y = (y * y + square) * pow(1 - d * square * y * y, -1, prime) % prime
        square = (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime
    return y == 1


def thumbprint(key: Jwk) -> str:
    """The RFC 7638 thumbprint (SHA-256, base64url), the name of a key for ever.

    Raises UnreadableJwk unless the key's own members are canonical, so that one key has one name.
    Does not look at kid, use, alg or at private members.
    """
    if key.get("kty") == "RSA" and rsa_numbers(key):
        members: tuple[str, ...] = ("e", "kty", "n")
    elif family(key) in CURVES and is_on_curve(key):
        members = ("crv", "kty", "x", "y")
    elif family(key) == "Ed25519" and is_ed25519_point(key):
        members = ("crv", "kty", "x")
    else:
        raise UnreadableJwk
    plain = json.dumps({name: key[name] for name in members}, sort_keys=True, separators=(",", ":"))
    return encode(hashlib.sha256(plain.encode()).digest())


def thumbprints(keys: Iterable[Jwk]) -> tuple[str, ...]:
    """The thumbprints of those keys that can be read, in order."""
    return tuple(found for found in (_thumbprint_or_none(key) for key in keys) if found)


def _thumbprint_or_none(key: Jwk) -> str | None:
    try:
        return thumbprint(key)
    except UnreadableJwk:
        return None


def signs_with(key: Jwk) -> frozenset[str]:
    """JWS algorithms whose signatures this key may verify, after its own `alg`, `use` and `key_ops`."""
    able = SIGNING_ALGORITHMS.get(family(key) or "", frozenset())
    operations = key.get("key_ops")
    if key.get("use", "sig") != "sig" or (
        isinstance(operations, list | tuple) and "verify" not in operations
    ):
        return frozenset()
    named = key.get("alg")
    return able if named is None else able & {str(named)} | _twin(able, named)


def _twin(able: frozenset[str], named: object) -> frozenset[str]:
    """`EdDSA` and `Ed25519` name one algorithm for an Ed25519 key (RFC 8037 §3.1, RFC 9864 §2.2)."""
    return able if named in ("EdDSA", "Ed25519") and named in able else frozenset()
