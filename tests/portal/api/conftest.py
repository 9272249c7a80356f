"""A caller of the API behind the machine stack, and one of each thing that an address can name."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse
from rest_framework.views import APIView

from portal.api.urls import urlpatterns
from portal.config.wsgi import MachineHandler
from registry import client_metadata, domain_proofs, registration
from registry.models import Registration
from registry.operator import API_SCOPES
from registry.registration import RegistrationRequest
from registry.states import Environment, Route
from tests import audit_log, name_servers, world
from tests.name_servers import Zone


class _MachineStack(ClientHandler):
    """Django's test handler with the middleware that the API has in production."""

    load_middleware = MachineHandler.load_middleware


ZONE = Zone()  # what DNS says to the server under test


@pytest.fixture(scope="session")
def dns_server() -> Iterator[Zone]:
    with name_servers.serving(ZONE) as zone:
        yield zone


@pytest.fixture(autouse=True)
def names(dns_server: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    name_servers.use(monkeypatch, dns_server, authority=dns_server)


@dataclass(frozen=True)
class Caller:
    """A service with a token, or somebody without one."""

    client: Client
    client_id: str = ""
    token: str | None = None

    def call(self, method: str, path: str, json: Any = None, **headers: Any) -> Any:
        if self.token is not None:
            headers.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.token}")
        kind = "application/json" if json is not None else ""
        return self.client.generic(method, path, _text(json), content_type=kind, secure=True, **headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", f"/api/v1/{path}" + (f"?{urlencode(query, doseq=True)}" if query else ""))

    def post(self, path: str, json: Any = None, **headers: Any) -> Any:
        return self.call("POST", f"/api/v1/{path}", json, **headers)

    def patch(self, path: str, json: Any, **headers: Any) -> Any:
        return self.call("PATCH", f"/api/v1/{path}", json, **headers)

    def delete(self, path: str, **headers: Any) -> Any:
        return self.call("DELETE", f"/api/v1/{path}", **headers)


def _text(json: Any) -> str:
    import json as encoder

    return json if isinstance(json, str | bytes) else "" if json is None else encoder.dumps(json)


@pytest.fixture
def stranger() -> Caller:
    """Somebody without a token."""
    client = Client()
    client.handler = _MachineStack(enforce_csrf_checks=True)
    return Caller(client)


@pytest.fixture
def service(db: None, stranger: Caller) -> Callable[..., Caller]:
    """Makes a service client of the operator, with a token."""

    def make(*scopes: str) -> Caller:
        made = world.service(scopes or API_SCOPES)
        return replace(stranger, client_id=made.client_id, token=world.token_of(made, scopes or API_SCOPES))

    return make


@pytest.fixture
def api(service: Callable[..., Caller]) -> Caller:
    """A service that may do everything."""
    return service()


@pytest.fixture
def acme(db: None) -> world.Organization:
    return world.organization("acme")


def registered(
    holder: world.Organization, environment: Environment = Environment.SANDBOX, keys: int = 1
) -> str:
    """The client_id of a machine client of an organization, with a secret and so many keys."""
    held = [world.signer().public for _ in range(keys)]
    token = world.initial_access_token(holder, environment).row
    request = RegistrationRequest(
        organization_id=holder.pk,
        environment=environment,
        route=Route.DYNAMIC,
        metadata=client_metadata.parse(world.machine_metadata(jwks={"keys": held})),
        evidence={},
        token=token,
    )
    return registration.register(request, actor=world.STAN, now=world.now())[0].client_id


def waiting(holder: world.Organization) -> Registration:
    """A registration that waits for a decision."""
    client_id = registered(holder, Environment.PRODUCTION)
    return Registration.objects.get(client__client_id=client_id)


QUERIES = {"audit_proof": ("event",), "audit_consistency": ("from",)}


def asking(path: str, query: str) -> str:
    """The path with more of a query."""
    return f"{path}{'&' if '?' in path else '?'}{query}"


@dataclass(frozen=True, slots=True)
class Address:
    """One address of the API with one verb."""

    name: str
    method: str
    view: type[APIView]
    arguments: tuple[str, ...]
    template: str

    @property
    def id(self) -> str:
        return f"{self.method} {self.name}"

    @property
    def writes(self) -> bool:
        """Bulk reads and the linter are sent by POST, too."""
        return self.method != "GET" and not self.name.endswith(("_lookup", "_lint"))

    def path(self, known: dict[str, Any]) -> str:
        """With the query that the address cannot do without."""
        query = {name: known[name] for name in QUERIES.get(self.name, ()) if name in known}
        where = reverse(f"api:{self.name}", kwargs={name: known[name] for name in self.arguments})
        return f"{where}?{urlencode(query)}" if query else where


def _routes() -> Iterator[Address]:
    for pattern in urlpatterns:
        view = getattr(pattern.callback, "cls", None)
        for method in view.http_method_names if view is not None else ():
            if method != "head" and hasattr(view, method):
                arguments = tuple(pattern.pattern.converters)
                template = "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
                yield Address(str(pattern.name), method.upper(), view, arguments, template)


ROUTES = list(_routes())


@pytest.fixture
def known(acme: world.Organization) -> dict[str, Any]:
    """One of each thing that a path names."""
    from registry import audit

    pending, token = waiting(acme), world.initial_access_token(acme).row
    domain_proofs.ask_for_challenge(acme.pk, "begun.example", actor=world.STAN, now=world.now())
    audit_log.sequence()
    return {
        "slug": acme.slug,
        "token_id": token.pk,
        "client_id": pending.client.client_id,
        "secret_id": pending.client.secrets.get().pk,
        "thumbprint": pending.client.keys.get().thumbprint,
        "registration_id": pending.pk,
        "event_id": audit.history().first().pk,
        "event": audit.history().first().pk,
        "from": 1,
    }


def lookup(route: Address, known: dict[str, Any]) -> Any:
    """The body of a bulk read, None where the route is none."""
    bodies = {
        "organizations_lookup": {"slugs": [known["slug"], "nobody"]},
        "organization_lint": {"environment": "sandbox", "metadata": {"client_name": "Ledger"}},
        "clients_lookup": {"client_ids": [known["client_id"], "c_nobody"]},
    }
    return bodies.get(route.name)
