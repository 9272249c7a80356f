"""The product's requests, prepared before any clock runs: signed, encoded, each with the answer it has to get."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus, urlencode
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from portal.local.bench import names
from portal.local.bench.documents import SCOPES, document
from portal.local.bench.load import Prepared
from portal.local.bench.plan import OPERATIONS, PAGES, Plan

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SESSION_COOKIE = "__Host-session"
_FORM = "application/x-www-form-urlencoded"
_HEADER = names.encoded(b'{"alg":"ES256","typ":"JWT"}')


def request(
    path: str,
    body: bytes,
    media_type: str = _FORM,
    *,
    authorization: str = "",
    cookie: str = "",
    method: str = "POST",
) -> bytes:
    """An HTTP/1.1 request as bytes, as a proxy sends it on behind which TLS ends."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Type: {media_type}"]
    lines += [f"Content-Length: {len(body)}", *([f"Authorization: {authorization}"] if authorization else [])]
    lines += ["X-Forwarded-Proto: https", *([f"Cookie: {cookie}"] if cookie else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


def form(path: str, fields: Mapping[str, str], *, authorization: str = "") -> bytes:
    return request(path, urlencode(fields).encode(), authorization=authorization)


def basic(identifier: str, secret: str) -> str:
    return "Basic " + b64encode(f"{quote_plus(identifier)}:{quote_plus(secret)}".encode()).decode()


class Operations:
    """Requests for one filled database; `take` never gives a request twice."""

    def __init__(self, plan: Plan, seed: Mapping[str, Any], issuer: str) -> None:
        self._plan = plan
        self._seed = seed
        self._issuer = issuer
        known = [name for name in OPERATIONS if name in plan.operations]
        self._streams = {name: iter(getattr(self, f"_{name}")()) for name in known}
        self._streams |= {name: self._page(seed["pages"][name]) for name in PAGES}

    def take(self, operation: str, count: int) -> list[Prepared]:
        stream = self._streams[operation]
        return [next(stream) for _ in range(count)]

    def _empty(self) -> Iterator[Prepared]:
        """What an answer costs that needs no database: the floor under all others."""
        return again_and_again([Prepared(request("/healthz/live", b"", method="GET"))])

    def _page(self, path: str) -> Iterator[Prepared]:
        """A page of the staff portal, whole, for somebody who signed in with a second factor."""
        cookie = f"{SESSION_COOKIE}={self._seed['session']}"
        return again_and_again([Prepared(request(path, b"", method="GET", cookie=cookie), 200, b"</html>")])

    def _client_credentials(self) -> Iterator[Prepared]:
        fields = {"grant_type": "client_credentials", "scope": SCOPES[0]}
        requests = [
            form("/token", fields, authorization=basic(names.client_id(n), names.client_secret(n)))
            for n in self._plan.spread(0)
        ]
        return (Prepared(octets, 200, b"access_token") for octets in again_and_again(requests))

    def _private_key_jwt(self) -> Iterator[Prepared]:
        signers = [(names.client_id(n), names.private_key(f"client {n}")) for n in self._plan.spread(1)]
        for client_id, key in again_and_again(signers):
            fields = {
                "grant_type": "client_credentials",
                "scope": SCOPES[0],
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": assertion(client_id, key, self._issuer),
            }
            yield Prepared(form("/token", fields), 200, b"access_token")

    def _introspection(self) -> Iterator[Prepared]:
        authorization = basic(*self._seed["resource_server"])
        requests = [
            form("/introspect", {"token": names.access_token(n)}, authorization=authorization)
            for n in self._plan.spread_tokens()
        ]
        return (Prepared(octets, 200, b'"active": true') for octets in again_and_again(requests))

    def _registration(self) -> Iterator[Prepared]:
        for n in again_and_again(self._plan.spread_organizations()):
            keys = [names.public_jwk(ec.generate_private_key(ec.SECP256R1()), kid) for kid in ("now", "next")]
            body = json.dumps(document("web_key", names.domain(n), keys)).encode()
            bearer = f"Bearer {names.initial_access_token(n)}"
            yield Prepared(
                request("/register", body, "application/json", authorization=bearer), 201, b"client_id"
            )

    def _reading(self) -> Iterator[Prepared]:
        """What is registered, told to the holder of the registration access token."""
        requests = [
            request(_configuration(n), b"", method="GET", authorization=_holder(n))
            for n in self._plan.spread(0)
        ]
        return (Prepared(octets, 200, b"client_id") for octets in again_and_again(requests))

    def _update(self) -> Iterator[Prepared]:
        """Another name each time; the token that is presented goes on, since no other is ever used."""
        for count, n in enumerate(again_and_again(self._plan.spread(2))):
            sent = document("web_secret", names.domain(n // self._plan.clients_each))
            sent |= {"client_id": names.client_id(n), "client_name": f"Ledger {count}"}
            octets = request(
                _configuration(n),
                json.dumps(sent).encode(),
                "application/json",
                method="PUT",
                authorization=_holder(n),
            )
            yield Prepared(octets, 200, b"client_id")

    def _deregistration(self) -> Iterator[Prepared]:
        for n in self._plan.spare_clients():
            octets = request(_configuration(n), b"", method="DELETE", authorization=_holder(n))
            yield Prepared(octets, 204)

    def _refresh(self) -> Iterator[Prepared]:
        """Each refresh token once, as rotation wants it."""
        for number in range(self._plan.kept_refresh_tokens, self._plan.refresh_tokens):
            client = self._plan.client_of_refresh_token(number)
            fields = {"grant_type": "refresh_token", "refresh_token": names.refresh_token(number)}
            authorization = basic(names.client_id(client), names.client_secret(client))
            yield Prepared(form("/token", fields, authorization=authorization), 200, b"refresh_token")

    def _revocation(self) -> Iterator[Prepared]:
        """Access tokens, each once: the second half, which introspection leaves alone."""
        for number in range(self._plan.clients, 2 * self._plan.clients, 2):
            client = number - self._plan.clients
            authorization = basic(names.client_id(client), names.client_secret(client))
            fields = {"token": names.access_token(number)}
            yield Prepared(form("/revoke", fields, authorization=authorization), 200)


def _configuration(number: int) -> str:
    return f"/register/{names.client_id(number)}"


def _holder(number: int) -> str:
    return f"Bearer {names.registration_access_token(number)}"


def again_and_again(items: Sequence[Any]) -> Iterator[Any]:
    while True:
        yield from items


def assertion(client_id: str, key: ec.EllipticCurvePrivateKey, audience: str) -> str:
    """A client assertion (RFC 7523) that is good for four minutes, with a `jti` of its own."""
    instant = int(time.time())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": uuid4().hex,
        "iat": instant,
        "exp": instant + 240,
    }
    signed = f"{_HEADER}.{names.encoded(json.dumps(claims).encode())}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{names.encoded(r.to_bytes(32) + s.to_bytes(32))}"
