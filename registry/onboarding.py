"""Organizations come to be: record, contacts, entitlements, quotas, domains."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import idna
from django.db import IntegrityError, transaction
from publicsuffixlist import PublicSuffixList

from registry import audit, lifecycle
from registry.actors import Actor
from registry.errors import Conflict, FourEyesRequired, InvalidInput
from registry.events import Event
from registry.models import (
    Contact,
    ContactKind,
    DomainProof,
    Entitlement,
    Organization,
    ProvedDomain,
    Quota,
    RegistrationScheme,
    Review,
)
from registry.states import Environment, State

_RESERVED = frozenset({"new"})  # an address of the portal
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
RESERVED_SLUGS = frozenset({"lookup", "new"})
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_SUFFIXES = PublicSuffixList()


@dataclass(frozen=True, slots=True)
class ContactFacts:
    kind: str
    name: str
    email: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class EntitlementFacts:
    """A role: `default_scopes`, part of `scopes`, are those of a client that asks for none."""

    role: str
    scopes: Sequence[str]
    grant_types: Sequence[str]
    valid_until: datetime | None = None
    default_scopes: Sequence[str] = ()

    def row(self) -> dict[str, Any]:
        """The columns of its row, without organization and role. Raises InvalidInput."""
        if not set(self.default_scopes) <= set(self.scopes):
            raise InvalidInput("default_scopes are not part of scopes.", fix="Grant them, or leave them out.")
        return {
            "scopes": list(self.scopes),
            "default_scopes": list(self.default_scopes),
            "grant_types": list(self.grant_types),
            "valid_until": self.valid_until,
        }

    def summary(self) -> dict[str, Any]:
        """What the audit event says of it."""
        end = self.valid_until.isoformat() if self.valid_until else None
        return self.row() | {"role": self.role, "valid_until": end}


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    environment: str
    clients: int = 20
    keys_per_client: int = 10
    initial_access_tokens: int = 10
    registrations_per_hour: int = 60

    def row(self) -> dict[str, int]:
        """The columns of its row, without organization and environment."""
        return {
            "clients": self.clients,
            "keys_per_client": self.keys_per_client,
            "initial_access_tokens": self.initial_access_tokens,
            "registrations_per_hour": self.registrations_per_hour,
        }


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """What is said of a new organization. `country` is ISO 3166-1 alpha-2; reviews are `Review` values."""

    slug: str
    legal_name: str
    display_name: str
    registration_scheme: str
    registration_number: str
    country: str
    website: str = ""
    contract_end: date | None = None
    sponsor_id: UUID | None = None
    contacts: Sequence[ContactFacts] = ()
    entitlements: Sequence[EntitlementFacts] = ()
    quotas: Sequence[QuotaFacts] = field(
        default=(QuotaFacts(Environment.SANDBOX), QuotaFacts(Environment.PRODUCTION))
    )
    preset: str = "baseline"
    sandbox_review: str = Review.AUTOMATIC
    production_review: str = Review.ONE_PERSON


def lei_is_valid(text: str) -> bool:
    """ISO 17442: 18 characters and two check digits, ISO 7064 MOD 97-10."""
    if not _LEI.fullmatch(text):
        return False
    return int("".join(str(int(character, 36)) for character in text)) % 97 == 1


@transaction.atomic
def create_organization(
    facts: OrganizationFacts, *, actor: Actor, now: datetime, is_operator: bool = False
) -> Organization:
    """Make an organization in state draft. Raises InvalidInput or Conflict (slug or number already held)."""
    _check_facts(facts)
    organization = Organization(
        slug=facts.slug,
        legal_name=facts.legal_name,
        display_name=facts.display_name,
        registration_scheme=facts.registration_scheme,
        registration_number=facts.registration_number,
        country=facts.country,
        website=facts.website,
        sponsor_id=facts.sponsor_id,
        contract_end=facts.contract_end,
        preset=facts.preset,
        sandbox_review=facts.sandbox_review,
        production_review=facts.production_review,
        is_operator=is_operator,
        state=State.ACTIVE if is_operator else State.DRAFT,
        state_since=now,
        created_at=now,
    )
    try:
        with transaction.atomic():
            organization.save(force_insert=True)
    except IntegrityError as cause:
        raise Conflict(
            "An organization with this slug or registration number exists.", fix="Open that one instead."
        ) from cause
    _add_parts(organization, facts)
    _record(organization, Event.ORGANIZATION_CREATED, actor, now, after=_summary(facts))
    return organization


def _check_facts(facts: OrganizationFacts) -> None:
    if not _SLUG.fullmatch(facts.slug) or facts.slug in _RESERVED:
        raise InvalidInput(
            "slug is not made of a-z, 0-9 and hyphens, 64 at most.", fix="Choose another slug."
        )
    if facts.slug in RESERVED_SLUGS:
        raise InvalidInput("slug is a word of our own addresses.", fix="Choose another slug.")
    if facts.registration_scheme not in RegistrationScheme.values:
        raise InvalidInput("registration_scheme is not lei or national.", fix="Choose one of them.")
    if facts.registration_scheme == RegistrationScheme.LEI and not lei_is_valid(facts.registration_number):
        raise InvalidInput(
            "registration_number is not a valid LEI (ISO 17442).", fix="Check its 20 characters."
        )
    if not re.fullmatch("[A-Z]{2}", facts.country):
        raise InvalidInput("country is not two capital letters (ISO 3166-1).", fix="Write it as in NO or DE.")
    kinds = [contact.kind for contact in facts.contacts]
    if _repeats(kinds) or not set(kinds) <= set(ContactKind.values):
        raise InvalidInput(
            "contacts do not name each kind once.", fix=f"Kinds: {', '.join(ContactKind.values)}."
        )

    if _repeats([each.role for each in facts.entitlements]):
        raise InvalidInput("entitlements name a role twice.", fix="Give each role all its scopes at once.")
    if _repeats([each.environment for each in facts.quotas]):
        raise InvalidInput("quotas name an environment twice.", fix="Give each environment one quota.")


def _repeats(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)


def _add_parts(organization: Organization, facts: OrganizationFacts) -> None:
    Contact.objects.bulk_create(
        Contact(organization=organization, kind=c.kind, name=c.name, email=c.email, phone=c.phone)
        for c in facts.contacts
    )
    Entitlement.objects.bulk_create(
        Entitlement(organization=organization, role=e.role, **e.row()) for e in facts.entitlements
    )
    Quota.objects.bulk_create(
        Quota(organization=organization, environment=q.environment, **q.row()) for q in facts.quotas
    )


def _summary(facts: OrganizationFacts) -> dict[str, Any]:
    return {
        "state": State.DRAFT,
        "legal_name": facts.legal_name,
        "registration_number": facts.registration_number,
        "entitlements": [e.summary() for e in facts.entitlements],
        "quotas": [{"environment": q.environment, **q.row()} for q in facts.quotas],
    }


_CHANGEABLE = frozenset(
    {
        "legal_name",
        "display_name",
        "website",
        "contract_end",
        "sandbox_review",
        "production_review",
    }
)


@transaction.atomic
def change_organization(
    organization_id: UUID, changes: Mapping[str, Any], *, actor: Actor, now: datetime
) -> Organization:
    """Change facts about an organization that need no new approval. Raises InvalidInput for any other.

    Raises FourEyesRequired for a weaker review once somebody was asked to approve the organization: from then on
    one actor could open for themselves what two have to open.
    """
    unknown = set(changes) - _CHANGEABLE
    if unknown:
        raise InvalidInput(
            f"{min(unknown)} cannot be changed.", fix=f"Changeable: {', '.join(sorted(_CHANGEABLE))}."
        )
    organization = lifecycle.lock_organization(organization_id)
    _check_reviews(organization, changes)
    before = {name: _plain(getattr(organization, name)) for name in changes}
    for name, value in changes.items():
        setattr(organization, name, value)
    organization.version += 1
    organization.save(force_update=True)
    after = {name: _plain(value) for name, value in changes.items()}
    _record(organization, Event.ORGANIZATION_CHANGED, actor, now, before=before, after=after)
    return organization


_STRENGTH = {Review.AUTOMATIC: 0, Review.ONE_PERSON: 1, Review.FOUR_EYES: 2}


def _check_reviews(organization: Organization, changes: Mapping[str, Any]) -> None:
    for name in sorted({"sandbox_review", "production_review"} & set(changes)):
        if changes[name] not in Review.values:
            raise InvalidInput(f"{name} is not a kind of review.", fix=f"Kinds: {', '.join(Review.values)}.")
        weaker = _STRENGTH[Review(changes[name])] < _STRENGTH[Review(getattr(organization, name))]
        if weaker and organization.state != State.DRAFT:
            raise FourEyesRequired(
                f"{name} is made weaker only in a draft, which a second person approves.",
                fix="Keep the review, or choose a stronger one.",
            )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


@transaction.atomic
def attest_domain(
    organization_id: UUID, domain: str, *, evidence: str, actor: Actor, now: datetime
) -> ProvedDomain:
    """Staff attest that a domain belongs to an organization. Raises InvalidInput, Conflict."""
    organization = lifecycle.lock_organization(organization_id)
    name = _canonical_domain(domain)
    if not evidence.strip():
        raise InvalidInput("No evidence is given.", fix="Say how the domain was checked.")
    try:
        with transaction.atomic():
            proved = ProvedDomain.objects.create(
                organization=organization,
                domain=name,
                proof=DomainProof.ATTESTED,
                evidence=evidence,
                proved_by=actor.name,
                proved_at=now,
            )
    except IntegrityError as cause:
        raise Conflict(f"{name} is proved already.", fix="End that proof first.") from cause
    _count_edition(organization)
    _record(organization, Event.DOMAIN_PROVED, actor, now, after={"domain": name, "evidence": evidence})
    return proved


def _canonical_domain(domain: str) -> str:
    try:
        name = idna.encode(domain.strip().rstrip(".").lower(), uts46=True).decode("ascii")
    except idna.IDNAError as cause:
        raise InvalidInput("domain is not a DNS name.", fix="Write it as in partner.example.") from cause
    if name.rpartition(".")[2].isdecimal():
        raise InvalidInput("domain is an IP address.", fix="Write it as in partner.example.")
    if "." not in name or _SUFFIXES.is_public(name):
        raise InvalidInput("domain is a public suffix.", fix="Name a domain that one party registered.")
    return name


@transaction.atomic
def grant_entitlement(
    organization_id: UUID, facts: EntitlementFacts, *, actor: Actor, now: datetime
) -> Entitlement:
    """Give an organization a role, or replace the scopes and grants of one that it holds."""
    organization = lifecycle.lock_organization(organization_id)
    entitlement, _ = Entitlement.objects.update_or_create(
        organization=organization, role=facts.role, defaults=facts.row()
    )
    _count_edition(organization)
    _record(organization, Event.ENTITLEMENT_GRANTED, actor, now, after=facts.summary())
    return entitlement


@transaction.atomic
def set_quota(organization_id: UUID, facts: QuotaFacts, *, actor: Actor, now: datetime) -> Quota:
    """Set how many of each an organization may hold in one environment. What it holds already stays."""
    organization = lifecycle.lock_organization(organization_id)
    quota, _ = Quota.objects.update_or_create(
        organization=organization, environment=facts.environment, defaults=facts.row()
    )
    _count_edition(organization)
    after = {"environment": facts.environment, **facts.row()}
    _record(organization, Event.QUOTA_SET, actor, now, after=after)
    return quota


def _count_edition(organization: Organization) -> None:
    """What belongs to an organization is part of what its approver saw."""
    organization.version += 1
    organization.save(force_update=True, update_fields=["version"])


def _record(organization: Organization, event: Event, actor: Actor, now: datetime, **facts: Any) -> None:
    audit.record(
        event,
        organization=organization.pk,
        subject=("organization", organization.slug),
        actor=actor,
        now=now,
        **facts,
    )
