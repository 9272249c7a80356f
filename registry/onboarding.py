"""Organizations come to be and change: record, contacts, entitlements, quotas."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from registry import audit, lifecycle
from registry import organization_facts as facts_of
from registry.actors import Actor
from registry.errors import Conflict, FourEyesRequired, NotFound, RoleForbids
from registry.events import Event
from registry.models import Contact, Entitlement, Organization, Quota, Review, User
from registry.organization_facts import ContactFacts, EntitlementFacts, OrganizationFacts, QuotaFacts
from registry.policy import lookalikes
from registry.roles import STAFF_ROLES
from registry.states import State


@transaction.atomic
def create_organization(
    facts: OrganizationFacts, *, actor: Actor, now: datetime, is_operator: bool = False
) -> Organization:
    """Make an organization in state draft. Raises InvalidInput or Conflict (slug or number already held)."""
    facts_of.check_facts(facts, today=now.date())
    _check_sponsor(facts.sponsor_id)
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
    _save_once(organization, is_new=True)
    _add_parts(organization, facts)
    audit.record_of_organization(
        Event.ORGANIZATION_CREATED, organization, actor=actor, now=now, after=_summary(facts)
    )
    return organization


def _add_parts(organization: Organization, facts: OrganizationFacts) -> None:
    _add_contacts(organization, facts.contacts)
    for entitlement in facts.entitlements:
        _check_scopes(organization, entitlement)
    Entitlement.objects.bulk_create(
        Entitlement(organization=organization, role=e.role, **e.row()) for e in facts.entitlements
    )
    Quota.objects.bulk_create(
        Quota(organization=organization, environment=q.environment, **q.row()) for q in facts.quotas
    )


def _add_contacts(organization: Organization, contacts: Sequence[ContactFacts]) -> None:
    Contact.objects.bulk_create(
        Contact(organization=organization, kind=c.kind, name=c.name, email=c.email, phone=c.phone)
        for c in contacts
    )


def _summary(facts: OrganizationFacts) -> dict[str, Any]:
    return {
        "state": State.DRAFT,
        "legal_name": facts.legal_name,
        "registration_number": facts.registration_number,
        "entitlements": [e.summary() for e in facts.entitlements],
        "quotas": [{"environment": q.environment, **q.row()} for q in facts.quotas],
    }


def _save_once(organization: Organization, *, is_new: bool) -> None:
    """Save it, unless another organization holds its slug or its number in the same register."""
    names = lookalikes.skeletons(organization.legal_name, organization.display_name)
    organization.name_skeletons = sorted(names)
    try:
        with transaction.atomic():
            organization.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError as cause:
        raise Conflict(
            "An organization with this slug or registration number exists.", fix="Open that one instead."
        ) from cause


_COLUMNS = frozenset({*facts_of.COLUMNS, "sponsor_id", "sandbox_review", "production_review"})
_CHANGEABLE = _COLUMNS | {"contacts"}


@transaction.atomic
def change_organization(
    organization_id: UUID, changes: Mapping[str, Any], *, actor: Actor, now: datetime, reason: str = ""
) -> Organization:
    """Change facts about an organization that need no new approval. Raises InvalidInput for any other.

    changes  column → value; `contacts`, a sequence of ContactFacts, replaces all of them

    Raises FourEyesRequired for a weaker review once somebody was asked to approve the organization: from then on
    one actor could open for themselves what two have to open. Raises Conflict for a number that another one holds.
    """
    unknown = set(changes) - _CHANGEABLE
    if unknown:
        fix = f"Changeable: {', '.join(sorted(_CHANGEABLE))}."
        raise facts_of.invalid(min(unknown), "cannot be changed", fix)
    organization = lifecycle.lock_organization(organization_id)
    before = {name: _held(organization, name) for name in changes}
    for name in _COLUMNS & set(changes):
        setattr(organization, name, changes[name])
    _check_changes(organization, changes, before, now.date())
    organization.version += 1
    _save_once(organization, is_new=False)
    if "contacts" in changes:
        _replace_contacts(organization, changes["contacts"])
    after = {name: _held(organization, name) for name in changes}
    audit.record_of_organization(
        Event.ORGANIZATION_CHANGED,
        organization,
        actor=actor,
        now=now,
        before=before,
        after=after,
        reason=reason,
    )
    return organization


def _held(organization: Organization, name: str) -> Any:
    if name == "contacts":
        rows = organization.contacts.order_by("kind")
        return [ContactFacts(row.kind, row.name, row.email, row.phone).summary() for row in rows]
    return facts_of.plain(getattr(organization, name))


def _check_changes(
    organization: Organization, changes: Mapping[str, Any], before: Mapping[str, Any], today: date
) -> None:
    """Judge the state after the change; what was there before and stays is not judged anew."""
    if {"registration_scheme", "registration_number"} & set(changes):
        facts_of.check_registration(organization.registration_scheme, organization.registration_number)
    checks: Mapping[str, Callable[[Any], None]] = {
        "country": facts_of.check_country,
        "contract_end": lambda end: facts_of.check_contract_end(end, today=today),
        "sponsor_id": _check_sponsor,
        "contacts": facts_of.check_contacts,
    }
    for name, check in checks.items():
        if name in changes and facts_of.plain(changes[name]) != before[name]:
            check(changes[name])
    _check_reviews(organization.state, changes, before)


def _check_sponsor(sponsor_id: UUID | None) -> None:
    if sponsor_id is None:
        return
    if not User.objects.filter(pk=sponsor_id, role__in=STAFF_ROLES, is_active=True).exists():
        raise facts_of.invalid("sponsor", "is nobody of the operator", "Name a staff person.")


def _replace_contacts(organization: Organization, contacts: Sequence[ContactFacts]) -> None:
    organization.contacts.all().delete()
    _add_contacts(organization, contacts)


_STRENGTH = {Review.AUTOMATIC: 0, Review.ONE_PERSON: 1, Review.FOUR_EYES: 2}


def _check_reviews(state: str, changes: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    for name in sorted({"sandbox_review", "production_review"} & set(changes)):
        if changes[name] not in Review.values:
            raise facts_of.invalid(name, "is not a kind of review", f"Kinds: {', '.join(Review.values)}.")
        weaker = _STRENGTH[Review(changes[name])] < _STRENGTH[Review(before[name])]
        if weaker and state != State.DRAFT:
            raise FourEyesRequired(
                f"{name} is made weaker only in a draft, which a second person approves.",
                fix="Keep the review, or choose a stronger one.",
            )


@transaction.atomic
def grant_entitlement(
    organization_id: UUID, facts: EntitlementFacts, *, actor: Actor, now: datetime, reason: str = ""
) -> Entitlement:
    """Give an organization a role, or replace the scopes and grants of one that it holds. Raises InvalidInput."""
    organization = lifecycle.lock_organization(organization_id)
    columns = facts.row()
    _check_scopes(organization, facts)
    held = Entitlement.objects.filter(organization=organization, role=facts.role).first()
    before = _entitlement(held).summary() if held else None
    entitlement, _ = Entitlement.objects.update_or_create(
        organization=organization, role=facts.role, defaults=columns
    )
    lifecycle.save_edition(organization)
    told = {"before": before, "after": facts.summary(), "reason": reason}
    audit.record_of_organization(Event.ENTITLEMENT_GRANTED, organization, actor=actor, now=now, **told)
    return entitlement


@transaction.atomic
def withdraw_entitlement(
    organization_id: UUID, role: str, *, actor: Actor, reason: str, now: datetime
) -> Entitlement:
    """Take a role from an organization: from the next token on its clients do without. Raises NotFound.

    Raises RoleForbids for the operator itself: nobody at all would reach the API.
    """
    organization = lifecycle.lock_organization(organization_id)
    if organization.is_operator:
        raise RoleForbids("The operator's own role is not withdrawn.", fix="Contain the operator instead.")
    if not reason.strip():
        raise facts_of.invalid("reason", "says nothing", "Say why; it is kept in the audit log.")
    held = Entitlement.objects.filter(organization=organization, role=role).first()
    if held is None:
        raise NotFound("It does not hold this role.")
    held.delete()
    lifecycle.save_edition(organization)
    before = _entitlement(held).summary()
    audit.record_of_organization(
        Event.ENTITLEMENT_WITHDRAWN, organization, actor=actor, now=now, before=before, reason=reason
    )
    return held


def _check_scopes(organization: Organization, facts: EntitlementFacts) -> None:
    """A partner is granted scopes of the operator's table; the operator's own services have those of the API."""
    if not organization.is_operator:
        facts_of.check_known(facts.scopes)


def _entitlement(row: Entitlement) -> EntitlementFacts:
    return EntitlementFacts(row.role, row.scopes, row.grant_types, row.valid_until, row.default_scopes)


@transaction.atomic
def set_quota(
    organization_id: UUID, facts: QuotaFacts, *, actor: Actor, now: datetime, reason: str = ""
) -> Quota:
    """Set how many of each an organization may hold in one environment. What it holds already stays."""
    organization = lifecycle.lock_organization(organization_id)
    held = Quota.objects.filter(organization=organization, environment=facts.environment).first()
    before = {"environment": facts.environment, **_limits(held)} if held else None
    quota, _ = Quota.objects.update_or_create(
        organization=organization, environment=facts.environment, defaults=facts.row()
    )
    lifecycle.save_edition(organization)
    after = {"environment": facts.environment, **facts.row()}
    audit.record_of_organization(
        Event.QUOTA_SET, organization, actor=actor, now=now, before=before, after=after, reason=reason
    )
    return quota


def _limits(row: Quota) -> dict[str, int]:
    return {name: getattr(row, name) for name in QuotaFacts(row.environment).row()}
