"""Domains that an organization proved: it shows a sign that we asked for, or staff attest them; staff end a proof.

Looking for the sign waits for others, so it happens before the transaction that believes it.
"""

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import idna
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from registry import audit, domain_checks, lifecycle, rate
from registry.actors import Actor
from registry.domain_checks import Look, SignMissing
from registry.errors import Conflict, NotFound, QuotaReached, SignNotSeen
from registry.events import Event
from registry.models import DomainChallenge, DomainProof, Organization, ProvedDomain
from registry.organization_facts import invalid
from registry.policy import domains

MAXIMUM_OPEN = 20  # challenges of one organization

_LOCK = 0x646F6D61696E  # "domain": the key of the lock under which names are compared
_CHALLENGE_OCTETS = 16
_NO_CHALLENGE = "No proof of this domain was begun, or its time is over."


@transaction.atomic
def attest_domain(
    organization_id: UUID, domain: str, *, evidence: str, actor: Actor, now: datetime
) -> ProvedDomain:
    """Staff attest that a domain belongs to an organization. Raises InvalidInput, Conflict.

    A name at, below or above one that another organization proved is refused: hosts would belong to two.
    """
    organization = lifecycle.lock_organization(organization_id)
    name = canonical(domain)
    if not evidence.strip():
        raise invalid("evidence", "says nothing", "Say how the domain was checked.")
    _require_free(name, organization)
    proved = ProvedDomain.objects.create(
        organization=organization,
        domain=name,
        proof=DomainProof.ATTESTED,
        evidence=evidence,
        proved_by=actor.name,
        proved_at=now,
    )
    lifecycle.save_edition(organization)
    audit.record_of_organization(
        Event.DOMAIN_PROVED, organization, actor=actor, now=now, after={"domain": name, "evidence": evidence}
    )
    return proved


@transaction.atomic
def ask_for_challenge(organization_id: UUID, domain: str, *, actor: Actor, now: datetime) -> DomainChallenge:
    """What the organization is to publish at a domain to prove it.

    Raises InvalidInput, Conflict for a domain that cannot become its own or whose proof was begun, QuotaReached with 20
    open ones.
    """
    organization = lifecycle.lock_organization(organization_id)
    name = canonical(domain)
    _require_unproved(name, organization)
    still = _open(organization_id, now)
    if still.filter(domain=name).exists():
        raise Conflict(f"The proof of {name} was begun before.", fix="Publish what was shown then.")
    if still.count() >= MAXIMUM_OPEN:
        raise QuotaReached(f"{MAXIMUM_OPEN} domains wait for their proof.", fix="Prove some of them first.")
    return _make_challenge(organization, name, actor, now)


def _make_challenge(organization: Organization, name: str, actor: Actor, now: datetime) -> DomainChallenge:
    expired = DomainChallenge.objects.filter(organization=organization, domain=name, ended_at=None)
    expired.update(ended_at=now)
    made = DomainChallenge.objects.create(
        organization=organization,
        domain=name,
        challenge=secrets.token_urlsafe(_CHALLENGE_OCTETS),
        created_by=actor.name,
        created_at=now,
        expires_at=now + timedelta(days=settings.REGISTRY.domain_challenge_days),
    )
    audit.record_of_organization(
        Event.DOMAIN_CHALLENGED, organization, actor=actor, now=now, after={"domain": name}
    )
    return made


def prove_domain(
    organization_id: UUID,
    domain: str,
    method: str,
    *,
    actor: Actor,
    now: datetime,
    look: Look = domain_checks.look,
) -> ProvedDomain:
    """Look for the sign of an open challenge and, if it is there, hold the domain proved.

    Raises what `look_for` and `hold_proved` raise.
    """
    challenge = look_for(organization_id, domain, method, now=now, look=look)
    return hold_proved(challenge, method, actor=actor, now=now)


def look_for(
    organization_id: UUID, domain: str, method: str, *, now: datetime, look: Look = domain_checks.look
) -> DomainChallenge:
    """The open challenge of a domain whose sign is there now; waits for servers of others, and locks nothing.

    method  dns_txt or well_known

    Raises NotFound without an open challenge, SignNotSeen, and RateExceeded: each look asks others.
    """
    challenge = _open(organization_id, now).filter(domain=domain).select_related("organization").first()
    if challenge is None:
        raise NotFound(_NO_CHALLENGE)
    quota = settings.REGISTRY.domain_checks_per_minute_of_organization
    rate.spend([rate.Bucket("domain checks", f"domain-check:{organization_id}", quota)], now)
    try:
        look(method, challenge.sign)
    except SignMissing as missing:
        DomainChallenge.objects.filter(pk=challenge.pk).update(checked_at=now, found=missing.found[:500])
        raise SignNotSeen(
            f"{missing.found[0].upper()}{missing.found[1:]}.",
            fix="Publish it as it is shown, wait until it is out, and check again.",
        ) from missing
    return challenge


@transaction.atomic
def hold_proved(challenge: DomainChallenge, method: str, *, actor: Actor, now: datetime) -> ProvedDomain:
    """What was seen makes the domain the organization's own.

    Raises NotFound if the challenge ended meanwhile, Conflict if the domain became another's.
    """
    organization = lifecycle.lock_organization(challenge.organization_id)
    if not _open(organization.pk, now).filter(pk=challenge.pk).update(ended_at=now, checked_at=now, found=""):
        raise NotFound(_NO_CHALLENGE)
    _require_unproved(challenge.domain, organization)
    proved = ProvedDomain.objects.create(
        organization=organization,
        domain=challenge.domain,
        proof=method,
        evidence=f"seen at {challenge.sign.place(method)}",
        challenge=challenge.challenge,
        proved_by=actor.name,
        proved_at=now,
        checked_at=now,
        next_check_at=now + timedelta(hours=settings.REGISTRY.domain_check_hours),
    )
    lifecycle.save_edition(organization)
    after = {"domain": proved.domain, "method": method, "evidence": proved.evidence}
    audit.record_of_organization(Event.DOMAIN_SHOWN, organization, actor=actor, now=now, after=after)
    return proved


def _open(organization_id: UUID, now: datetime) -> QuerySet[DomainChallenge]:
    return DomainChallenge.objects.filter(organization_id=organization_id, ended_at=None, expires_at__gt=now)


def _require_unproved(name: str, organization: Organization) -> None:
    """As `_require_free`, in words that tell a partner nothing about others."""
    try:
        _require_free(name, organization)
    except Conflict as cause:
        raise Conflict(
            f"{name} is proved already, or shares hosts with a domain that is.",
            fix="Name a domain that only this organization uses, or ask the operator.",
        ) from cause


@transaction.atomic
def end_domain(
    organization_id: UUID, domain: str, *, actor: Actor, reason: str, now: datetime
) -> ProvedDomain:
    """End the proof of a domain. Raises NotFound, InvalidInput without a reason.

    Clients whose redirection URIs rely on it go on: their page says that the rule objects (U4), and the next
    registration or change is judged by it. To stop them is another act.
    """
    organization = lifecycle.lock_organization(organization_id)
    if not reason.strip():
        raise invalid("reason", "says nothing", "Say why; it is kept in the audit log.")
    proved = ProvedDomain.objects.filter(organization=organization, domain=domain, ended_at=None).first()
    if proved is None:
        raise NotFound("There is no such proved domain.")
    proved.ended_at = now
    proved.save(force_update=True, update_fields=["ended_at"])
    lifecycle.save_edition(organization)
    before = {"domain": proved.domain, "evidence": proved.evidence}
    audit.record_of_organization(
        Event.DOMAIN_ENDED, organization, actor=actor, now=now, reason=reason, before=before
    )
    return proved


def canonical(domain: str) -> str:
    """A DNS name in the one spelling in which names are compared: lower case, A-labels. Raises InvalidInput."""
    try:
        name = idna.encode(domain.strip().rstrip(".").lower(), uts46=True).decode("ascii")
    except idna.IDNAError as cause:
        raise invalid("domain", "is not a DNS name", "Write it as in partner.example.") from cause
    if name.rpartition(".")[2].isdecimal():
        raise invalid("domain", "is an IP address", "Write it as in partner.example.")
    if domains.is_public_suffix(name):
        raise invalid("domain", "is a public suffix", "Name a domain that one party registered.")
    return name


def _require_free(name: str, organization: Organization) -> None:
    """Under one lock for all names, held until the commit: two who attest at once see each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    below = Q(domain__endswith=f".{name}")
    proved = ProvedDomain.objects.filter(Q(domain__in=list(_at_and_above(name))) | below, ended_at=None)
    for held in proved.order_by("domain"):
        if held.domain == name:
            raise Conflict(f"{name} is proved already.", fix="End that proof first.")
        if held.organization_id != organization.pk:
            raise Conflict(
                f"{name} and {held.domain}, which another organization proved, share hosts.",
                fix="Name a domain that only this organization uses, or end the other proof first.",
            )


def _at_and_above(name: str) -> Iterator[str]:
    """`a.b.example` → itself, `b.example`, `example`."""
    labels = name.split(".")
    return (".".join(labels[at:]) for at in range(len(labels)))
