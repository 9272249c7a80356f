"""Shapes of organizations and what belongs to them."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from rest_framework.serializers import (
    BooleanField,
    ChoiceField,
    DateField,
    EmailField,
    IntegerField,
    ListField,
    URLField,
    UUIDField,
)

from portal.api.shapes.base import (
    CONTACT_KINDS,
    GRANT_TYPES,
    PROOF_METHODS,
    PROOFS,
    REVIEWS,
    ROLE,
    SCHEMES,
    Line,
    Paged,
    Reason,
    Shape,
    Text,
    Whole,
    each_once,
    environment,
    instant,
    scope_values,
    state,
)
from registry.organization_facts import ContactFacts, EntitlementFacts, OrganizationFacts, QuotaFacts
from registry.policy.presets import PRESETS

MOST = 1_000_000


class Contact(Shape):
    kind = ChoiceField(CONTACT_KINDS)
    name = Line(max_length=200)
    email = EmailField(max_length=254)
    phone = Line(max_length=40, required=False, allow_blank=True)


class Entitlement(Shape):
    """A role that an organization holds: scopes and grant types that its clients may use."""

    role = Line(ROLE, max_length=64)
    scopes = scope_values()
    default_scopes = scope_values(required=False)
    grant_types = ListField(child=ChoiceField(GRANT_TYPES), max_length=10)
    valid_until = instant(allow_null=True, required=False)


class Quota(Shape):
    environment = environment()
    clients = Whole(min_value=0, max_value=MOST, required=False)
    keys_per_client = Whole(min_value=0, max_value=MOST, required=False)
    initial_access_tokens = Whole(min_value=0, max_value=MOST, required=False)
    registrations_per_hour = Whole(min_value=0, max_value=MOST, required=False)


class QuotaLimits(Shape):
    """All quotas in one environment: what a writer leaves out would have to be guessed."""

    environment = environment()
    clients = Whole(min_value=0, max_value=MOST)
    keys_per_client = Whole(min_value=0, max_value=MOST)
    initial_access_tokens = Whole(min_value=0, max_value=MOST)
    registrations_per_hour = Whole(min_value=0, max_value=MOST)


class QuotaStanding(QuotaLimits):
    """The quotas in one environment, and what is used of each now."""

    clients_used = IntegerField(help_text="Living clients")
    keys_used = IntegerField(help_text="Keys of the living client that has most")
    initial_access_tokens_used = IntegerField(source="tokens_used", help_text="Tokens that can be spent")
    registrations_used = IntegerField(source="hour_used", help_text="Registrations of the last hour")


class OrganizationDraft(Shape):
    """What is said of a new organization; it begins in state draft."""

    slug = Line(r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$", max_length=64)
    legal_name = Line(max_length=200)
    display_name = Line(max_length=100)
    registration_scheme = ChoiceField(SCHEMES)
    registration_number = Line(max_length=64)
    country = Line(r"^[A-Z]{2}$", max_length=2)
    website = URLField(max_length=300, required=False, allow_blank=True)
    contract_end = DateField(required=False, allow_null=True)
    sponsor = EmailField(max_length=254, required=False, help_text="E-mail address of a staff person")
    contacts = Contact(many=True, required=False)
    entitlements = Entitlement(many=True, required=False)
    quotas = Quota(many=True, required=False)
    preset = ChoiceField(sorted(PRESETS), required=False)
    sandbox_review = ChoiceField(REVIEWS, required=False)
    production_review = ChoiceField(REVIEWS, required=False)

    def validate_entitlements(self, items: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        each_once(item["role"] for item in items)
        return items

    def validate_quotas(self, items: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        each_once(item["environment"] for item in items)
        return items


def organization_facts(members: Mapping[str, Any], *, sponsor_id: UUID | None) -> OrganizationFacts:
    """The registry's value for the members of an `OrganizationDraft`."""
    plain = {name: value for name, value in members.items() if name not in {*_PARTS, "sponsor"}}
    parts: dict[str, Any] = dict(_parts(members))
    return OrganizationFacts(sponsor_id=sponsor_id, **plain, **parts)


def organization_changes(members: Mapping[str, Any], *, sponsor_id: UUID | None) -> dict[str, Any]:
    """The registry's columns for the members of `OrganizationChanges`."""
    changes = {name: value for name, value in members.items() if name not in {"sponsor", "contacts"}}
    if "sponsor" in members:
        changes["sponsor_id"] = sponsor_id
    if "contacts" in members:
        changes["contacts"] = [ContactFacts(**item) for item in members["contacts"]]
    return changes


_PARTS: Mapping[str, type[Any]] = {
    "contacts": ContactFacts,
    "entitlements": EntitlementFacts,
    "quotas": QuotaFacts,
}


def _parts(members: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for name in _PARTS.keys() & members.keys():
        yield name, [_PARTS[name](**item) for item in members[name]]


class OrganizationChanges(Shape):
    """Facts that may change without a new approval."""

    legal_name = Line(max_length=200, required=False)
    display_name = Line(max_length=100, required=False)
    registration_scheme = ChoiceField(SCHEMES, required=False)
    registration_number = Line(max_length=64, required=False)
    country = Line(r"^[A-Z]{2}$", max_length=2, required=False)
    website = URLField(max_length=300, required=False, allow_blank=True)
    contract_end = DateField(required=False, allow_null=True)
    sponsor = EmailField(
        max_length=254, required=False, allow_null=True, help_text="E-mail address of a staff person"
    )
    contacts = Contact(many=True, required=False, help_text="All of them: these replace those that are there")
    sandbox_review = ChoiceField(REVIEWS, required=False)
    production_review = ChoiceField(REVIEWS, required=False)


class OrganizationFilters(Paged):
    state = state(required=False)
    country = Line(r"^[A-Z]{2}$", max_length=2, required=False)
    registration_scheme = ChoiceField(SCHEMES, required=False)
    registration_number = Line(max_length=64, required=False)
    q = Line(
        source="search",
        max_length=200,
        required=False,
        help_text="Part of a name, slug or registration number",
    )


class OrganizationSummary(Shape):
    id = UUIDField()
    slug = Text()
    legal_name = Text()
    display_name = Text()
    registration_scheme = ChoiceField(SCHEMES)
    registration_number = Text()
    country = Text()
    state = state()
    state_since = instant()
    sandbox_contained = BooleanField()
    production_contained = BooleanField()
    clients_total = IntegerField()
    created_at = instant()


class Organization(OrganizationSummary):
    """An organization in full."""

    website = Text()
    contract_end = DateField(allow_null=True)
    sponsor = EmailField(source="sponsor.email", allow_null=True)
    state_reason = Text()
    cutoff_at = instant(allow_null=True)
    contained_by = Text()
    sandbox_contained_by = Text()
    production_contained_by = Text()
    submitted_by = Text()
    evidence = Text()
    preset = Text()
    sandbox_review = ChoiceField(REVIEWS)
    production_review = ChoiceField(REVIEWS)
    contacts = Contact(many=True)
    quotas = Quota(many=True)
    version = IntegerField()


class Submission(Shape):
    """What speaks for an organization: the documents and registers that were checked."""

    evidence = Text(max_length=4000)
    reason = Text(max_length=1000, default="", allow_blank=True)


class Cutoff(Reason):
    """Containment or its end; of one environment only, if it is named."""

    environment = environment(required=False)


class Attestation(Shape):
    """A DNS name that was found to be the organization's own, and how it was checked."""

    domain = Line(max_length=253)
    evidence = Text(max_length=1000)


class DomainEnd(Reason):
    """Which proof ends, and why."""

    domain = Line(max_length=253)


class RoleEnd(Reason):
    """Which role is withdrawn, and why."""

    role = Line(ROLE, max_length=64)


class ProvedDomain(Shape):
    domain = Text()
    proof = ChoiceField(PROOFS)
    evidence = Text()
    proved_by = Text()
    proved_at = instant()
    checked_at = instant(allow_null=True)
    missing_since = instant(allow_null=True)


class DomainName(Shape):
    """A DNS name that the organization wants to prove."""

    domain = Line(max_length=253)


class DomainProof(Shape):
    """Which open challenge is to be looked for now, and where."""

    domain = Line(max_length=253)
    method = ChoiceField(PROOF_METHODS)


class DomainChallenge(Shape):
    """What to publish: `text` as a TXT record at `record_name`, or as a line of the file at `file_url`."""

    domain = Text()
    text = Text(source="sign.text")
    record_name = Text(source="sign.record_name")
    file_url = Text(source="sign.file_url")
    created_at = instant()
    expires_at = instant()
    checked_at = instant(allow_null=True)
    found = Text(allow_blank=True)
