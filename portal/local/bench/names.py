"""Names, values and keys of the bench's rows: all follow from a number, so nobody has to remember them.

None of these values protects anything: they live in a database that is deleted with the run.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

_ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def organization_id(number: int) -> UUID:
    return UUID(hashlib.md5(f"organization{number}".encode(), usedforsecurity=False).hexdigest())


def slug(number: int) -> str:
    return f"partner-{number:06d}"


def domain(number: int) -> str:
    return f"partner-{number:06d}.example"


def client_id(number: int) -> str:
    return "c_" + hashlib.md5(f"client{number}".encode(), usedforsecurity=False).hexdigest()[:24]


def client_secret(number: int) -> str:
    return f"pcs_{number:043d}"


def initial_access_token(number: int) -> str:
    return f"pri_{number:043d}"


def registration_access_token(number: int) -> str:
    return f"prr_{number:043d}"


def access_token(number: int) -> str:
    return f"cat_{number:043d}"


def refresh_token(number: int) -> str:
    return f"crt_{number:043d}"


def digest(key: str, value: str) -> str:
    """How a credential rests under the deployment's key (registry.identifiers.digest)."""
    return hmac.new(urlsafe_b64decode(key), value.encode(), hashlib.sha256).hexdigest()


def checksum(value: str) -> str:
    """How a token rests."""
    return hashlib.sha256(value.encode()).hexdigest()


def private_key(label: str) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(hashlib.sha256(label.encode()).digest()) % (_ORDER_OF_P256 - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def public_jwk(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": encoded(numbers.x.to_bytes(32)),
        "y": encoded(numbers.y.to_bytes(32)),
        "kid": kid,
        "use": "sig",
        "alg": "ES256",
    }


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638, for keys on P-256."""
    plain = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    return encoded(hashlib.sha256(plain.encode()).digest())


def encoded(octets: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
