"""The people, services and resource server of the demo: what cannot be made over HTTP, because nobody is there yet.

Runs inside Django, in a command of its own (`manage.py seed_cast`), and refuses every other deployment.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings

from portal.local.story import SCOPES
from registry import operator, people, queries, resource_servers
from registry.actors import Viewer, system
from registry.errors import InvalidInput
from registry.roles import STAFF_ROLES, Role
from registry.states import Environment

SEEDER = system("seed_cast")
STAFF = {
    Role.PARTNER_MANAGER: ("stan@northgate.example", "Stan Sample"),
    Role.APPROVER: ("paul@northgate.example", "Paul Sample"),
    Role.SECURITY_OFFICER: ("sofia@northgate.example", "Sofia Sample"),
    Role.AUDITOR: ("ada@northgate.example", "Ada Sample"),
    Role.ADMINISTRATOR: ("adrian@northgate.example", "Adrian Sample"),
}
SERVICES = ("Onboarding desk", "Second pair of eyes")


def seed_operator(now: datetime) -> dict[str, Any]:
    """The operator with its staff, two service clients and a resource server in each environment."""
    _only_here()
    organization = operator.found(
        legal_name="Northgate Open Banking ASA",
        display_name="Northgate",
        number="NO 900 000 001",
        country="NO",
        now=now,
    )
    accounts = {role: _account(email, name, role, None, now) for role, (email, name) in STAFF.items()}
    accounts[Role.END_USER] = _account("erin@people.example", "Erin Sample", Role.END_USER, None, now)
    services = [
        operator.make_service_client(organization, name, operator.API_SCOPES, actor=SEEDER, now=now)
        for name in SERVICES
    ]
    return {
        "accounts": accounts,
        "services": [{"client_id": made.client_id, "client_secret": made.client_secret} for made in services],
        "api_scopes": list(operator.API_SCOPES),
        "resource_servers": {environment: _resource_server(environment, now) for environment in Environment},
    }


def seed_partners(slugs: Sequence[str], now: datetime) -> dict[str, Any]:
    """An administrator and a developer for each organization."""
    _only_here()
    viewer = Viewer(Role.ADMINISTRATOR, None)
    made: dict[str, Any] = {}
    for slug in slugs:
        organization = queries.organization(viewer, slug)
        made[slug] = {
            role: _account(f"{first}@{slug}.example", f"{first.title()} Sample", role, organization.pk, now)
            for role, first in ((Role.ORGANIZATION_ADMIN, "alice"), (Role.ORGANIZATION_DEVELOPER, "bob"))
        }
    return made


def _only_here() -> None:
    if settings.REGISTRY.deployment not in {"local", "test"}:
        raise InvalidInput("The demo cast is for local deployments.", fix="Use manage.py found_operator.")


def _account(email: str, name: str, role: Role, organization_id: Any, now: datetime) -> Mapping[str, str]:
    password = secrets.token_urlsafe(12)
    user = people.create_person(
        email,
        name,
        role,
        organization_id,
        password=password,
        actor=SEEDER,
        operator_id=queries.operator_id(),
        now=now,
    )
    account = {"email": email, "password": password}
    if role in STAFF_ROLES or role == Role.ORGANIZATION_ADMIN:
        account["totp_seed"] = generate_totp_secret()
        TOTP.activate(user, account["totp_seed"])
    return account


def _resource_server(environment: Environment, now: datetime) -> dict[str, Any]:
    minted = resource_servers.create(
        f"accounts-api-{environment}",
        queries.operator_id(),
        environment,
        SCOPES,
        actor=SEEDER,
        now=now,
    )
    return {"id": minted.row.identifier, "secret": minted.value, "scopes": list(SCOPES)}
