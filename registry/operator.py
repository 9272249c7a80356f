"""The operator itself: its own organization, which carries staff, service clients and the acts of the whole."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from registry import onboarding
from registry.actors import Actor, system
from registry.errors import InvalidInput
from registry.models import Organization, Review
from registry.organization_facts import EntitlementFacts, OrganizationFacts, QuotaFacts
from registry.registration import Registered
from registry.routes import manual
from registry.states import Environment

API_SCOPES = (
    "organizations:read",
    "organizations:write",
    "organizations:approve",
    "organizations:contain",
    "organizations:restore",
    "tokens:read",
    "tokens:write",
    "clients:read",
    "clients:write",
    "credentials:write",
    "registrations:read",
    "registrations:write",
    "policies:read",
    "audit:read",
)
FOUNDER = system("found_operator")


@transaction.atomic
def found(*, legal_name: str, display_name: str, number: str, country: str, now: datetime) -> Organization:
    """Make the operator's organization, once. Raises Conflict when there is one."""
    facts = OrganizationFacts(
        slug=settings.REGISTRY.operator_slug,
        legal_name=legal_name,
        display_name=display_name,
        registration_scheme="national",
        registration_number=number,
        country=country,
        entitlements=(EntitlementFacts("operator", API_SCOPES, ("client_credentials",)),),
        quotas=[
            QuotaFacts(environment, clients=1000, registrations_per_hour=1000) for environment in Environment
        ],
        production_review=Review.AUTOMATIC,
    )
    return onboarding.create_organization(facts, actor=FOUNDER, now=now, is_operator=True)


def make_service_client(
    organization: Organization, name: str, scopes: Sequence[str], *, actor: Actor, now: datetime
) -> Registered:
    """Register a service client of the operator for the API, through the pipeline like any other client."""
    unknown = set(scopes) - set(API_SCOPES)
    if unknown or not scopes:
        raise InvalidInput("The scopes are not scopes of the API.", fix=f"Known: {', '.join(API_SCOPES)}.")
    document = {
        "client_name": name,
        "grant_types": ["client_credentials"],
        "scope": " ".join(scopes),
        "token_endpoint_auth_method": "client_secret_basic",
    }
    return manual.register(
        organization.pk,
        Environment.PRODUCTION,
        document,
        justification="service client of the operator",
        valid_until=None,
        actor=actor,
        now=now,
    )
