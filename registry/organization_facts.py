"""What is said of an organization, as values, and whether it can be true: no row is read and none is written."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from registry.countries import COUNTRIES
from registry.errors import Finding, InvalidInput
from registry.models import ContactKind, RegistrationScheme, Review
from registry.states import Environment

# Columns of an organization that say who it is; the last is a day.
COLUMNS = (
    "legal_name",
    "display_name",
    "registration_scheme",
    "registration_number",
    "country",
    "website",
    "contract_end",
)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9998, 12, 31)  # there is a day before and a day after each
RESERVED_SLUGS = frozenset({"lookup", "new"})  # words of our own addresses
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}")
PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class ContactFacts:
    kind: str
    name: str
    email: str
    phone: str = ""

    def summary(self) -> dict[str, str]:
        """What the audit event says of it."""
        return {"kind": self.kind, "name": self.name, "email": self.email, "phone": self.phone}


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
        check_scopes(self.scopes)
        check_end("valid_until", self.valid_until)
        if not set(self.default_scopes) <= set(self.scopes):
            raise invalid("default_scopes", "are not all among the scopes", "Grant them, or leave them out.")
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


def invalid(member: str, found: str, fix: str, *, rule: str = "", source: str = PRODUCT) -> InvalidInput:
    """The refusal of one member."""
    rule = rule or f"organization.{member.partition('[')[0]}"
    finding = Finding(member, found, fix, rule, source)
    return InvalidInput(f"{member} {found}.", fix=fix, findings=[finding])


def check_facts(facts: OrganizationFacts, *, today: date) -> None:
    """Raise InvalidInput for the first fact that cannot be true. Whether another holds it: the database."""
    check_slug(facts.slug)
    check_registration(facts.registration_scheme, facts.registration_number)
    check_country(facts.country)
    check_contract_end(facts.contract_end, today=today)
    check_contacts(facts.contacts)
    if _repeats(each.role for each in facts.entitlements):
        raise invalid("entitlements", "name a role twice", "Give each role all its scopes at once.")
    if _repeats(each.environment for each in facts.quotas):
        raise invalid("quotas", "name an environment twice", "Give each environment one quota.")


def check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug):
        raise invalid("slug", "is not made of a-z, 0-9 and hyphens, 64 at most", "Choose another slug.")
    if slug in RESERVED_SLUGS:
        raise invalid("slug", "is a word of our own addresses", "Choose another slug.")


def check_registration(scheme: str, number: str) -> None:
    if scheme not in RegistrationScheme.values:
        raise invalid("registration_scheme", "is not lei or national", "Choose one of them.")
    if scheme == RegistrationScheme.LEI and not lei_is_valid(number):
        raise invalid(
            "registration_number", "is not a valid LEI", "Check its 20 characters.", source="ISO 17442"
        )
    if not number.strip():
        raise invalid("registration_number", "is empty", "Write it as the register does.")


def lei_is_valid(text: str) -> bool:
    """ISO 17442: 18 characters and two check digits, ISO 7064 MOD 97-10."""
    if not _LEI.fullmatch(text):
        return False
    return int("".join(str(int(character, 36)) for character in text)) % 97 == 1


def check_country(code: str) -> None:
    if code not in COUNTRIES:
        raise invalid(
            "country",
            "is not the code of a country",
            "Write its two capital letters, as in NO or DE.",
            source="ISO 3166-1 alpha-2",
        )


def check_contract_end(end: date | None, *, today: date) -> None:
    """An agreement may end today, but it cannot have ended."""
    if end is None:
        return
    check_day("contract_end", end)
    if end < today:
        raise invalid("contract_end", "lies in the past", "Name a day to come, or leave it out.")


def check_day(member: str, day: date) -> None:
    """Raise InvalidInput for a day that no agreement means, and that dates at the ends of time are made from."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise invalid(member, *_OUT_OF_TIME)


def check_end(member: str, end: datetime | None) -> None:
    """The same for the first instant at which something is over: the day before it is the last one."""
    begin, over = (datetime.combine(day, time(), UTC) for day in (FIRST_DAY, LAST_DAY))
    if end is not None and not begin < end <= over + timedelta(days=1):
        raise invalid(member, *_OUT_OF_TIME)


_OUT_OF_TIME = (
    f"lies before {FIRST_DAY.year} or after {LAST_DAY.year}",
    "Name a day of the years between, or leave it out.",
)


def check_contacts(contacts: Sequence[ContactFacts]) -> None:
    kinds = [contact.kind for contact in contacts]
    if _repeats(kinds) or not set(kinds) <= set(ContactKind.values):
        fix = f"Kinds: {', '.join(ContactKind.values)}."
        raise invalid("contacts", "do not name each kind once", fix)


def check_scopes(scopes: Sequence[str]) -> None:
    """Raise InvalidInput for what is no scope value."""
    for place, scope in enumerate(scopes):
        _check_scope(f"scopes[{place}]", scope)


def check_known(scopes: Sequence[str]) -> None:
    """Raise InvalidInput for a scope that a partner cannot be granted: the operator's table does not hold it.

    Without a table (CONCORDAT_SCOPES) every well-formed value is known: the entitlements are the table then.
    """
    table: frozenset[str] = settings.REGISTRY.scopes
    for place, scope in enumerate(scopes):
        if table and scope not in table:
            known = f"Known: {' '.join(sorted(table))}."
            raise invalid(f"scopes[{place}]", "is not in the operator's table of scopes", known)


def _check_scope(member: str, scope: str) -> None:
    if any(character.isspace() for character in scope):
        raise _no_scope(member, "has white space in it", "Give each scope as a value of its own.")
    if "," in scope:
        raise _no_scope(member, "has a comma in it", "Separate scopes by spaces, not by commas.")
    if not _SCOPE.fullmatch(scope):
        raise _no_scope(
            member,
            "has characters that no scope has, or too many",
            "Use at most 128 of printable ASCII, without quotes and backslashes.",
        )


def _no_scope(member: str, found: str, fix: str) -> InvalidInput:
    return invalid(member, found, fix, rule="organization.scope_value", source="RFC 6749 §3.3")


def _repeats(names: Iterable[str]) -> bool:
    listed = list(names)
    return len(set(listed)) < len(listed)


def plain(value: Any) -> Any:
    """A fact as the audit event keeps it."""
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
