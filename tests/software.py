"""A partner's software and the person in front of it: what they do over HTTP, live or within this process."""

import base64
import hashlib
import io
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3
from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections
from requests import Response

from registry import loading, tokens
from registry.assertions import ASSERTION_TYPE
from registry.models import Client, Organization, User
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.live import Answer, Browser, Live

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 Appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class InProcess(Live):
    """The product's WSGI application called in this process, on the test's own transaction; no socket."""

    def __init__(self) -> None:
        super().__init__(settings.REGISTRY.issuer, 443, Path(), {}, urllib3.PoolManager())

    def _send(
        self,
        method: str,
        path: str,
        headers: urllib3.HTTPHeaderDict,
        body: bytes | str | None,
        timeout: float,
    ) -> Answer:
        from portal.config.wsgi import application

        started: list[tuple[str, list[tuple[str, str]]]] = []
        environ = _environ(method, path, headers, body)
        with _connection_kept():
            content = b"".join(application(environ, lambda *heading: started.append(heading[:2])))
        status, fields = started[0]
        return Answer(int(status.partition(" ")[0]), urllib3.HTTPHeaderDict(fields), content, 0.0)


@contextmanager
def _connection_kept() -> Iterator[None]:
    """Django would close the connection of a transaction that it did not begin."""
    request_started.disconnect(close_old_connections)
    try:
        yield
    finally:
        request_started.connect(close_old_connections)


def _environ(
    method: str, path: str, headers: urllib3.HTTPHeaderDict, body: bytes | str | None
) -> dict[str, Any]:
    octets = body.encode() if isinstance(body, str) else body or b""
    path, _, query = path.partition("?")
    host = urlsplit(settings.REGISTRY.issuer).netloc
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": host.rpartition(":")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_LENGTH": str(len(octets)),
        "HTTP_HOST": host,
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(octets),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ


@dataclass(frozen=True, slots=True)
class Software:
    """A registered client that knows its own credentials; `door` is where it asks."""

    door: Live
    information: Mapping[str, Any]
    signer: world.Signer | None = None

    @property
    def client_id(self) -> str:
        return str(self.information["client_id"])

    @property
    def secret(self) -> str:
        return str(self.information["client_secret"])

    @property
    def redirect_uri(self) -> str:
        return str(self.information["redirect_uris"][0])

    @property
    def row(self) -> Client:
        return Client.objects.get(client_id=self.client_id)

    def ask(self, path: str, **form: str | None) -> Answer:
        """Post a form, authenticated by the registered method; None leaves a parameter out."""
        sent = {name: value for name, value in form.items() if value is not None}
        method = self.information["token_endpoint_auth_method"]
        if method == "client_secret_basic":
            return self.door.post(path, basic=(self.client_id, self.secret), form=sent)
        return self.door.post(path, form=sent | self._proof(method))

    def _proof(self, method: str) -> dict[str, str]:
        if method == "none":
            return {"client_id": self.client_id}
        if method == "client_secret_post":
            return {"client_id": self.client_id, "client_secret": self.secret}
        return asserting(self.assertion())

    def assertion(self, **changes: Any) -> str:
        assert self.signer is not None
        return world.assertion(self.signer, self.client_id, self.door.issuer, **changes)

    def token(self, **form: str | None) -> Answer:
        return self.ask("/token", **{"grant_type": "client_credentials"} | form)

    def exchange(self, code: str, **changes: str | None) -> Answer:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
        }
        return self.ask("/token", **form | changes)

    def refresh(self, value: str, **changes: str | None) -> Answer:
        form: dict[str, str | None] = {"grant_type": "refresh_token", "refresh_token": value}
        return self.ask("/token", **form | changes)

    def revoke(self, value: str, **changes: str | None) -> Answer:
        return self.ask("/revoke", **{"token": value} | changes)

    def question(self, **changes: str | None) -> dict[str, str]:
        """The parameters of an authorization request."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "accounts:read",
            "state": secrets.token_urlsafe(8),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | changes).items() if value is not None}


def asserting(assertion: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def part(value: Any) -> str:
    """One part of a compact JWS: JSON, or octets as they are, in base64url."""
    octets = value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def register(
    door: Live,
    holder: Organization,
    body: Mapping[str, Any] | None = None,
    *,
    environment: Environment = Environment.SANDBOX,
    signer: world.Signer | None = None,
    token: str | None = None,
    **members: Any,
) -> Software:
    """Register software of an organization: by default one that acts for people."""
    token = token or world.initial_access_token(holder, environment).value
    document = dict(body) if body is not None else world.metadata(holder)
    document = {name: value for name, value in (document | members).items() if value is not None}
    if signer is not None:
        document |= {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [signer.public]}}
    answer = door.post("/register", bearer=token, json=document)
    assert answer.status == 201, answer.text
    return Software(door, answer.json(), signer)


def machine(door: Live, holder: Organization, **options: Any) -> Software:
    """Register software without people: client credentials."""
    return register(door, holder, world.machine_metadata(), **options)


def introspect(door: Live, server: tuple[str, str], value: str) -> Any:
    answer = door.post("/introspect", basic=server, form={"token": value})
    assert answer.status == 200, answer.text
    return answer.json()


def is_active(door: Live, server: tuple[str, str], value: str) -> bool:
    return bool(introspect(door, server, value)["active"])


# The person in front of it


@contextmanager
def signed_in(live: Live, user: User) -> Iterator[Browser]:
    """A browser in which this person signed in with `world.PASSWORD`."""
    with live.browser() as browser:
        browser.get("/sign-in/", allow_redirects=False)
        answer = browser.submit("/sign-in/", login=user.email, password=world.PASSWORD)
        assert answer.status_code == 302, answer.text
        yield browser


def look(browser: Browser, asked: Mapping[str, str]) -> Response:
    """Open the authorization endpoint; no redirect is followed."""
    return browser.get(f"/authorize/?{urlencode(asked)}", allow_redirects=False)


def allow(browser: Browser, asked: Mapping[str, str]) -> Response:
    """Open the consent page and press its button."""
    page = look(browser, asked)
    assert page.status_code == 200, page.headers.get("Location", page.text)
    return browser.submit(f"/authorize/?{urlencode(asked)}", allow="true")


def told(answer: Response) -> dict[str, str]:
    """What the client reads in the redirect: the parameters of the query."""
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def code_for(live: Live, software: Software, user: User, **changes: str | None) -> str:
    """A code by way of the browser: signed in, asked, allowed."""
    with signed_in(live, user) as browser:
        return told(allow(browser, software.question(**changes)))["code"]


def somebody() -> User:
    """An end user who never signs in, and so has no password to hash."""
    email = f"end-user-{secrets.token_hex(4)}@people.example"
    return User.objects.create(email=email, name="Somebody", role=Role.END_USER, date_joined=world.now())


def code_by_hand(software: Software, user: User, **fields: Any) -> str:
    """A code as the authorization endpoint writes it, without the browser."""
    now = fields.pop("now", None) or world.now()
    acting = loading.acting_client(software.client_id, now)
    assert acting is not None
    value = secrets.token_urlsafe(24)
    written = {
        "user": user,
        "redirect_uri": software.redirect_uri,
        "scope": "accounts:read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    tokens.save_code(acting.row, acting.standing, value, now=now, **written | fields)
    return value


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
