"""The world of the tests: an operator, organizations in any state, people, credentials, software.

Everything is made through the registry's own writers, so a test begins where a user could stand. Names are
unique, so that nobody cleans up in a database that keeps its rows.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from registry import (
    clock,
    credentials,
    domain_proofs,
    lifecycle,
    loading,
    onboarding,
    people,
    resource_servers,
    tokens,
)
from registry import operator as founding
from registry.actors import Actor, ActorKind
from registry.models import InitialAccessToken, Organization, User
from registry.operator import API_SCOPES
from registry.organization_facts import EntitlementFacts, OrganizationFacts, QuotaFacts
from registry.roles import Role
from registry.states import Environment

STAN = Actor(ActorKind.PERSON, "stan", "Stan Sample", role=Role.PARTNER_MANAGER)
PAUL = Actor(ActorKind.PERSON, "paul", "Paul Sample", role=Role.APPROVER)
SCOPES = ("accounts:read", "transactions:read", "payments:write")
GRANTS = ("authorization_code", "client_credentials", "refresh_token")
PASSWORD = "correct horse battery staple"
_OPERATORS: dict[tuple[str, str], Organization] = {}
_READY: dict[tuple[str, ...], list[UUID]] = {}


def now() -> datetime:
    return clock.now()


def operator() -> Organization:
    """The operator's own organization, made once in each database, and read once."""
    place = str(connection.settings_dict["HOST"]), str(connection.settings_dict["NAME"])
    if place not in _OPERATORS:
        found = Organization.objects.filter(slug=settings.REGISTRY.operator_slug).first()
        if found is None:
            return _found_operator()
        _OPERATORS[place] = found
    return _OPERATORS[place]


def _found_operator() -> Organization:
    return founding.found(
        legal_name="Northgate Open Banking ASA",
        display_name="Northgate",
        number="NO 900 000 001",
        country="NO",
        now=now(),
    )


def organization(name: str = "acme", **asked: Any) -> Organization:
    """An organization with a role, quotas and a proved domain of its own name; active unless told otherwise.

    Of those that nearly every test wants some stand ready (see `prepare`).
    """
    ready = _READY.get(_kind(name, asked), ())
    number = _taken(str(len(asked))) if ready and connection.in_atomic_block else len(ready)
    return Organization.objects.get(pk=ready[number]) if number < len(ready) else _organization(name, **asked)


def prepare() -> None:
    """Found, in a database whose tests are rolled back, what nearly every one of them begins with."""
    operator()
    for asked, count in (({}, 2), ({"production_review": "one_person"}, 1)):
        _READY[_kind("acme", asked)] = [_organization("acme", **asked).pk for _number in range(count)]


def _kind(name: str, asked: dict[str, Any]) -> tuple[str, ...]:
    return str(connection.settings_dict["NAME"]), name, repr(asked)


def _taken(kind: str) -> int:
    """How many of a kind this transaction has taken before; whatever it rolls back it has not taken."""
    name = f"tests.taken_{kind}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(%s, (coalesce(nullif(current_setting(%s, true), ''), '0')::int + 1)::text, true)",
            [name, name],
        )
        return int(cursor.fetchone()[0]) - 1


def _organization(
    name: str,
    *,
    active: bool = True,
    domains: Sequence[str] = ("{slug}.example",),
    scopes: Sequence[str] = SCOPES,
    grant_types: Sequence[str] = GRANTS,
    clients: int = 1000,
    **facts: Any,
) -> Organization:
    operator()
    slug = f"{name}-{secrets.token_hex(4)}"
    quotas = [
        QuotaFacts(environment, clients, initial_access_tokens=1000, registrations_per_hour=10_000)
        for environment in Environment
    ]
    made = onboarding.create_organization(
        OrganizationFacts(
            slug=slug,
            legal_name=f"{name.title()} AS",
            display_name=name.title(),
            registration_scheme="national",
            registration_number=slug,
            country="NO",
            entitlements=(EntitlementFacts("partner", scopes, grant_types),),
            quotas=quotas,
            **facts,
        ),
        actor=STAN,
        now=now(),
    )
    for domain in domains:
        domain_proofs.attest_domain(
            made.pk, domain.format(slug=slug), evidence="seen in the register", actor=STAN, now=now()
        )
    return approved(made) if active else made


def approved(made: Organization) -> Organization:
    lifecycle.submit_organization(made.pk, evidence="register extract", actor=STAN, reason="new", now=now())
    return lifecycle.approve_organization(made.pk, four_eyes=True, actor=PAUL, reason="checked", now=now())


def initial_access_token(
    holder: Organization, environment: Environment = Environment.SANDBOX, **ceiling: Any
) -> credentials.Minted[InitialAccessToken]:
    ceiling.setdefault("max_uses", 1000)
    return credentials.issue_initial_access_token(
        holder.pk, environment, credentials.Ceiling(**ceiling), actor=STAN, now=now()
    )


def person(role: Role, holder: Organization | None = None, name: str = "") -> User:
    """A person with `PASSWORD`; staff have no second factor until a test gives them one."""
    return people.create_person(
        f"{role}-{secrets.token_hex(4)}@people.example",
        name or role.replace("_", " ").title(),
        role,
        holder.pk if holder else None,
        password=PASSWORD,
        actor=STAN,
        operator_id=operator().pk,
        now=now(),
    )


@dataclass(frozen=True, slots=True)
class Service:
    """A service client of the operator: what it needs to ask for tokens."""

    client_id: str
    client_secret: str


def service(scopes: Sequence[str] = API_SCOPES, name: str = "back office") -> Service:
    made = founding.make_service_client(operator(), name, scopes, actor=STAN, now=now())
    return Service(made.client_id, made.client_secret or "")


def token_of(one: Service, scopes: Sequence[str] = API_SCOPES) -> str:
    """An access token of a service, as the token endpoint makes them."""
    acting = loading.acting_client(one.client_id, now())
    assert acting is not None
    value = tokens.new_access_token()
    tokens.save_access_token(acting.row, acting.standing, value, scope=" ".join(scopes), now=now())
    return value


def resource_server(
    scopes: Sequence[str] = SCOPES, environment: Environment = Environment.SANDBOX
) -> tuple[str, str]:
    """Identifier and secret of a resource server that may introspect."""
    identifier = f"rs-{secrets.token_hex(4)}"
    minted = resource_servers.create(identifier, operator().pk, environment, scopes, actor=STAN, now=now())
    return identifier, minted.value


def metadata(holder: Organization, **members: Any) -> dict[str, Any]:
    """A registration body that breaks no rule; None removes a member."""
    body: dict[str, Any] = {
        "client_name": "Ledger",
        "redirect_uris": [f"https://app.{holder.slug}.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "accounts:read",
        "token_endpoint_auth_method": "client_secret_basic",
    }
    body |= members
    return {name: value for name, value in body.items() if value is not None}


def machine_metadata(**members: Any) -> dict[str, Any]:
    """A registration body of software without people: client credentials and a secret."""
    body = {
        "client_name": "Batch",
        "grant_types": ["client_credentials"],
        "scope": "accounts:read",
        "token_endpoint_auth_method": "client_secret_basic",
    }
    return body | members


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its public half as a JWK."""

    key: JWK = field(repr=False)
    alg: str

    @property
    def public(self) -> dict[str, Any]:
        return json.loads(self.key.export_public()) | {"use": "sig", "alg": self.alg}  # type: ignore[no-any-return]

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        signature = JWS(json.dumps(claims).encode())
        header = {"alg": self.alg, "kid": self.key["kid"]} | header
        signature.add_signature(
            self.key, None, json.dumps({k: v for k, v in header.items() if v is not None}), None
        )
        return str(signature.serialize(compact=True))


def signer(alg: str = "ES256") -> Signer:
    kinds = {
        "ES256": {"kty": "EC", "crv": "P-256"},
        "PS256": {"kty": "RSA", "size": 2048},
        "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
    }
    return Signer(JWK.generate(kid=str(uuid4()), **kinds[alg]), alg)


def assertion(signer_: Signer, client_id: str, audience: str, **changes: Any) -> str:
    """A good client assertion, or one with claims changed; None removes a claim."""
    instant = int(now().timestamp())
    claims: dict[str, Any] = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": str(uuid4()),
        "iat": instant,
        "exp": instant + 60,
    }
    claims |= changes
    return signer_.sign({name: value for name, value in claims.items() if value is not None})


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
