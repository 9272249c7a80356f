"""The terms of the registry: published in versions by staff, accepted by a named admin of each organization.

Without a published version nothing is asked of anybody. A version is announced when it is published and asked for from
its effective date on: the time between is the grace. Production registration asks for it (rule O1.terms).
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction

from registry import audit, lifecycle, organization_facts
from registry.actors import Actor, ActorKind
from registry.errors import Conflict, NotFound, PreconditionFailed, RoleForbids
from registry.events import Event
from registry.models import TermsAcceptance, TermsVersion, User
from registry.roles import Role

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_TEXT = 200_000
_invalid = organization_facts.invalid


@dataclass(frozen=True, slots=True)
class TermsFacts:
    """A version to publish: its text, or the https address of the document with its SHA-256 in hex.

    effective_at  from when on it is asked for; not before now
    """

    version: str
    title: str
    effective_at: datetime
    text: str = ""
    url: str = ""
    sha256: str = ""


@transaction.atomic
def publish_terms(facts: TermsFacts, *, actor: Actor, operator_id: UUID, now: datetime) -> TermsVersion:
    """Publish a version, for ever. Raises InvalidInput naming the member, Conflict for a version that there is."""
    _check(facts, now)
    row = TermsVersion(
        version=facts.version,
        title=facts.title.strip(),
        text=facts.text,
        url=facts.url,
        sha256=_hash(facts),
        effective_at=facts.effective_at,
        published_at=now,
        published_by=actor.name,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as cause:
        raise Conflict(
            "There is a version of this name, or of this effective date.", fix="Choose others."
        ) from cause
    audit.record(
        Event.TERMS_PUBLISHED,
        organization=operator_id,
        subject=("terms", row.version),
        actor=actor,
        after={"sha256": row.sha256, "effective_at": row.effective_at.isoformat(), "title": row.title},
        now=now,
    )
    return row


def _check(facts: TermsFacts, now: datetime) -> None:
    if not _VERSION.fullmatch(facts.version):
        raise _invalid(
            "version", "is not made of letters, digits, dots and hyphens, 32 at most", "As in 4.1."
        )
    if not facts.title.strip():
        raise _invalid("title", "is empty", "Name the document.")
    organization_facts.check_end("effective_at", facts.effective_at)
    if facts.effective_at < now:
        raise _invalid(
            "effective_at", "lies in the past", "Nobody can have accepted it then: name now, or later."
        )
    _check_document(facts)


def _check_document(facts: TermsFacts) -> None:
    if bool(facts.text.strip()) == bool(facts.url):
        raise _invalid(
            "text",
            "stands beside an address, or neither is given",
            "Give the text, or the address with its hash.",
        )
    if len(facts.text) > MAX_TEXT:
        raise _invalid("text", f"is longer than {MAX_TEXT} characters", "Give its address instead.")
    if facts.url and not _is_address(facts.url):
        raise _invalid("url", "is not an https address", "Write it in full, as https://host/path.")
    if facts.url and not _SHA256.fullmatch(facts.sha256):
        raise _invalid("sha256", "is not 64 hexadecimal digits", "Hash the document: sha256sum prints it.")
    if facts.text and facts.sha256 not in {"", _digest(facts.text)}:
        raise _invalid("sha256", "is not the hash of the text", "Leave it out: it is computed.")


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme == "https" and bool(parts.hostname) and not parts.username


def _hash(facts: TermsFacts) -> str:
    return _digest(facts.text) if facts.text else facts.sha256


def _digest(text: str) -> str:
    """SHA-256 of the text in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def accept_terms(
    organization_id: UUID, version: str, *, sha256: str, actor: Actor, now: datetime
) -> TermsAcceptance:
    """Accept a version for an organization, as one of its admins who read what has this hash.

    Raises NotFound, RoleForbids for anybody else than a person who is an admin of it now, PreconditionFailed when the
    hash is another one, Conflict for a version that was accepted before.
    """
    organization = lifecycle.lock_organization(organization_id)
    terms = TermsVersion.objects.filter(version=version).first()
    if terms is None:
        raise NotFound("There is no such version of the terms.")
    person = _admin(organization_id, actor)
    if sha256 != terms.sha256:
        raise PreconditionFailed(
            "This is not the hash of that version.", fix="Read it again, then decide anew."
        )
    if TermsAcceptance.objects.filter(organization=organization, terms=terms).exists():
        raise Conflict(f"Version {version} was accepted before.", fix="Nothing is left to do.")
    row = TermsAcceptance.objects.create(
        terms=terms,
        organization=organization,
        person=person,
        person_name=str(person),
        sha256=terms.sha256,
        accepted_at=now,
    )
    accepted = {"version": terms.version, "sha256": terms.sha256, "person": str(person.pk)}
    audit.record_of_organization(Event.TERMS_ACCEPTED, organization, actor=actor, now=now, after=accepted)
    return row


def _admin(organization_id: UUID, actor: Actor) -> User:
    """The person who acts, held until the end: somebody whose access ends meanwhile binds nobody."""
    admins = User.objects.filter(
        organization_id=organization_id, role=Role.ORGANIZATION_ADMIN, is_active=True
    ).select_for_update(no_key=True, of=("self",))
    found = next((each for each in admins if actor.name == f"{ActorKind.PERSON}:{each.pk}"), None)
    if found is None:
        raise RoleForbids("Only an admin of the organization accepts terms for it.", fix="Ask one of them.")
    return found
