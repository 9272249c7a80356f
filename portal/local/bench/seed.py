"""One example of each kind of row, made by the product's own writers; `population` multiplies them.

Runs inside Django in a process of its own (`manage.py bench --seed`), on the bench's database.
"""

import json
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.local.bench import names
from portal.local.bench.documents import KINDS, SCOPES, SEED_DOMAIN, document
from portal.local.bench.staff import pages, staff_session
from registry import (
    credentials,
    domain_proofs,
    lifecycle,
    loading,
    onboarding,
    operator,
    people,
    resource_servers,
    tokens,
)
from registry.actors import system
from registry.organization_facts import ContactFacts, EntitlementFacts, OrganizationFacts, QuotaFacts
from registry.roles import Role
from registry.routes import dynamic
from registry.states import Environment

SEEDER, CHECKER = system("bench"), system("bench_checker")
PLENTY = 1_000_000
GRANTS = ("authorization_code", "client_credentials", "refresh_token")


def sow(now: datetime) -> dict[str, Any]:
    """Make the examples; what the bench has to know of them, as JSON."""
    founder = operator.found(
        legal_name="Northgate ASA", display_name="Northgate", number="NO 900 000 001", country="NO", now=now
    )
    service = operator.make_service_client(founder, "bench", operator.API_SCOPES, actor=SEEDER, now=now)
    server = resource_servers.create(
        "accounts-api", founder.pk, Environment.SANDBOX, SCOPES, actor=SEEDER, now=now
    )
    holder = _organization(now)
    clients = _clients(holder, now)
    user = people.create_person(
        "erin@people.example",
        "Erin Sample",
        Role.END_USER,
        None,
        password=secrets.token_urlsafe(16),
        actor=SEEDER,
        operator_id=founder.pk,
        now=now,
    )
    _tokens(clients, user, now)
    return {
        "organization": str(holder),
        "clients": clients,
        "user": str(user.pk),
        "session": staff_session(founder.pk, now),
        "pages": pages(clients["web_key"]),
        "resource_server": ["accounts-api", server.value],
        "service": [service.client_id, service.client_secret],
    }


def _organization(now: datetime) -> UUID:
    quotas = [
        QuotaFacts(environment, PLENTY, initial_access_tokens=PLENTY, registrations_per_hour=PLENTY)
        for environment in Environment
    ]
    kinds = ("business", "technical", "security")
    made = onboarding.create_organization(
        OrganizationFacts(
            slug="partner-seed",
            legal_name="Partner Seed AS",
            display_name="Partner Seed",
            registration_scheme="national",
            registration_number="seed",
            country="NO",
            contacts=[ContactFacts(kind, "Kim Sample", f"{kind}@{SEED_DOMAIN}") for kind in kinds],
            entitlements=(EntitlementFacts("partner", SCOPES, GRANTS),),
            quotas=quotas,
        ),
        actor=SEEDER,
        now=now,
    )
    domain_proofs.attest_domain(made.pk, SEED_DOMAIN, evidence="seen", actor=SEEDER, now=now)
    lifecycle.submit_organization(made.pk, evidence="extract", actor=SEEDER, reason="new", now=now)
    lifecycle.approve_organization(made.pk, four_eyes=True, actor=CHECKER, reason="checked", now=now)
    identifier: UUID = made.pk
    return identifier


def _clients(holder: UUID, now: datetime) -> dict[str, str]:
    """The client_id of one client of each kind, registered as a partner does it."""
    ceiling = credentials.Ceiling(max_uses=100_000, lifetime_seconds=7 * 86400)
    token = credentials.issue_initial_access_token(
        holder, Environment.SANDBOX, ceiling, actor=SEEDER, now=now
    )
    return {kind: _register(kind, token.value, now) for kind in KINDS}


def _register(kind: str, bearer: str, now: datetime) -> str:
    keys = [names.public_jwk(names.private_key(f"seed {kind}"), "seed")]
    call = dynamic.RegistrationCall(
        bearer=bearer,
        content_type="application/json",
        body=json.dumps(document(kind, SEED_DOMAIN, keys)).encode(),
        idempotency_key=None,
        source="127.0.0.1",
        request_id="req_seed",
    )
    return dynamic.register(call, now=now).client_id


def _tokens(clients: dict[str, str], user: Any, now: datetime) -> None:
    """An access token without a person, and a family with one."""
    machine = _acting(clients["machine_secret"], now)
    _access_token(machine, now)
    web = _acting(clients["web_secret"], now)
    code = secrets.token_urlsafe(32)
    tokens.save_code(
        web.row,
        web.standing,
        code,
        now=now,
        user=user,
        redirect_uri="",
        scope=SCOPES[0],
        code_challenge="x" * 43,
        code_challenge_method="S256",
    )
    grant = tokens.find_code(code, web.row)
    if grant is None:
        raise LookupError(code)
    tokens.begin_family(
        web.row, web.standing, tokens.new_refresh_token(), grant=grant, scope=SCOPES[0], now=now
    )
    _access_token(web, now, user_id=user.pk, family=grant.family)


def _acting(client_id: str, now: datetime) -> loading.ActingClient:
    acting = loading.acting_client(client_id, now)
    if acting is None:
        raise LookupError(client_id)
    return acting


def _access_token(acting: loading.ActingClient, now: datetime, **whom: UUID) -> None:
    tokens.save_access_token(
        acting.row,
        acting.standing,
        tokens.new_access_token(),
        scope=SCOPES[0],
        now=now,
        **whom,
    )
