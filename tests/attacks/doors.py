"""Every address of the URL conf, and everybody who may stand before it."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.paths import is_api, is_machine
from registry import people, queries
from registry.actors import Viewer
from registry.models import (
    AccessToken,
    Client,
    ClientKey,
    ClientLogo,
    ClientSecret,
    Invitation,
    Organization,
    Registration,
)
from registry.roles import STAFF_ROLES, Role
from registry.routes import manual
from registry.states import Environment
from tests import world
from tests.live import Answer, Live
from tests.portal.signed_in import enrolled, present_factor, signed_in
from tests.software import InProcess

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PEOPLE: Mapping[str, Role] = {
    "viewer": Role.ORGANIZATION_READER,
    "developer": Role.ORGANIZATION_DEVELOPER,
    "admin": Role.ORGANIZATION_ADMIN,
    "auditor": Role.AUDITOR,
    "manager": Role.PARTNER_MANAGER,
    "approver": Role.APPROVER,
    "officer": Role.SECURITY_OFFICER,
    "administrator": Role.ADMINISTRATOR,
    "enduser": Role.END_USER,
}
SERVICES = ("service", "unscoped")
CAST = ("anonymous", *PEOPLE, *SERVICES)
FORM_TOKEN = "f" * 32
WRITES = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
OF_STRANGERS = {  # what a refused request may write
    "registry_auditevent",
    "registry_auditqueue",
    "registry_rate",
    "django_session",
    "signin_cache",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One address by its name, with the names of the objects in its path."""

    name: str
    arguments: tuple[str, ...]

    @property
    def leaf(self) -> str:
        return self.name.rpartition(":")[2]

    def path(self, known: Mapping[str, Any]) -> str:
        return reverse(self.name, kwargs={name: known[name] for name in self.arguments})


def routes(resolver: URLResolver | None = None, space: str = "") -> Iterator[Route]:
    """The URL conf, flat. An address without a name could not be in a table, and so fails."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from routes(entry, inner)
        elif isinstance(entry, URLPattern):
            assert entry.name, f"an address without a name: {entry.pattern}"
            groups = entry.pattern.converters or entry.pattern.regex.groupindex
            yield Route(space + entry.name, tuple(groups))


ROUTES = {route.name: route for route in routes()}


@dataclass(slots=True)
class Somebody:
    """Who asks: by a session, by a bearer token, by the client's own secret where clients show one, or by nothing."""

    name: str
    session: str = ""
    bearer: str = ""
    secret: tuple[str, str] | None = None
    door: Live = field(default_factory=InProcess)

    def ask(self, verb: str, path: str, body: Mapping[str, Any] = {}, **options: Any) -> Answer:
        headers = self._proof(path) | options.pop("headers", {})
        if verb in {"GET", "HEAD", "OPTIONS"}:
            return self.door.request(verb, path, headers=headers, **options)
        if is_api(path) or path == "/register":
            return self.door.request(verb, path, headers=headers, json=dict(body), **options)
        return self.door.request(verb, path, headers=headers, form=body, **options)

    def _proof(self, path: str) -> dict[str, str]:
        cookies = f"{settings.CSRF_COOKIE_NAME}={FORM_TOKEN}"
        if self.session:
            cookies += f"; {settings.SESSION_COOKIE_NAME}={self.session}"
        headers = {
            "Cookie": cookies,
            "Referer": f"{self.door.base_url}/",
            settings.CSRF_HEADER_NAME.removeprefix("HTTP_"): FORM_TOKEN,
        }
        if self.secret and is_machine(path) and not is_api(path) and path != "/register":
            return headers | {"Authorization": world.basic(*self.secret)}
        return headers | ({"Authorization": f"Bearer {self.bearer}"} if self.bearer else {})


def person(name: str, holder: Organization, *, fresh: bool = True) -> Somebody:
    """A signed-in person; staff carry a second factor, presented just now unless told not."""
    role = PEOPLE[name]
    user = world.person(role, holder if name in {"viewer", "developer", "admin"} else None)
    if role in STAFF_ROLES:
        enrolled(user)
        RecoveryCodes.activate(user)
    browser = signed_in(user, stepped_up=False)
    if fresh:
        present_factor(browser, user)
    return Somebody(name, session=browser.session.session_key or "")


def service(name: str = "service", scopes: tuple[str, ...] | None = None) -> Somebody:
    """A service client of the operator with a token; `unscoped` holds one that reaches nothing."""
    made = world.service(scopes) if scopes else world.service()
    secret = (made.client_id, made.client_secret)
    answer = InProcess().post("/token", basic=secret, form={"grant_type": "client_credentials"})
    value = answer.json()["access_token"]
    if name == "unscoped":
        AccessToken.objects.filter(application__client_id=made.client_id).update(scope="")
    return Somebody(name, bearer=value, secret=secret)


def cast(name: str, holder: Organization, *, fresh: bool = True) -> Somebody:
    if name == "anonymous":
        return Somebody(name)
    return person(name, holder, fresh=fresh) if name in PEOPLE else service(name)


def known(holder: Organization) -> dict[str, Any]:
    """One of each thing that a path names, all of this organization; nothing of it stands in the way of an act."""
    waiting, client = registered(holder, Environment.PRODUCTION), registered(holder, Environment.SANDBOX)
    event = queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder).first()
    return {
        "domain": f"{holder.slug}.example",
        "slug": holder.slug,
        "client_id": client,
        "secret_id": ClientSecret.objects.get(client__client_id=client).pk,
        "thumbprint": ClientKey.objects.get(client__client_id=client).thumbprint,
        "registration_id": Registration.objects.get(client__client_id=waiting).pk,
        "token_id": world.initial_access_token(holder).row.pk,
        "event_id": event.pk,
        "person_id": world.person(Role.ORGANIZATION_READER, holder).pk,
        "staff_id": world.person(Role.AUDITOR).pk,
        "role": "partner",
        "environment": "sandbox",
        "digest": logo(client),
        "uidb36": "1",
        "key": "set-password",
        "token": invited(holder),
        "invitation_id": Invitation.objects.get(organization=holder).pk,
        "code": "conflict",
    }


def invited(holder: Organization) -> str:
    """The token of an invitation that is open."""
    address = f"new@{holder.slug}.example"
    _, token = people.invite(
        address,
        "New",
        Role.ORGANIZATION_READER,
        holder.pk,
        actor=world.STAN,
        operator_id=queries.operator_id(),
        now=world.now(),
    )
    return token


def logo(client_id: str) -> str:
    """The digest of a logo that a client shows."""
    row = Client.objects.get(client_id=client_id)
    ClientLogo.objects.create(
        client=row, uri="https://rp.example/", picture=b"x", digest="5" * 64, next_fetch_at=world.now()
    )
    return "5" * 64


def registered(holder: Organization, environment: Environment) -> str:
    made = manual.register(
        holder.pk,
        environment,
        world.metadata(holder, jwks={"keys": [world.signer().public]}),
        justification="no software yet",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return made.client_id


@contextmanager
def written() -> Iterator[set[str]]:
    """The tables in which the block changes a row."""
    tables: set[str] = set()

    def note(execute: Callable[..., Any], statement: str, parameters: Any, many: bool, context: Any) -> Any:
        result = execute(statement, parameters, many, context)
        if context["cursor"].rowcount:
            tables.update(WRITES.findall(statement))
        return result

    with connection.execute_wrapper(note):
        yield tables
