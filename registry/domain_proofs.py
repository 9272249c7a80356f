"""Domains that an organization proved: staff attest them, and end a proof."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import idna
from django.db import connection, transaction
from django.db.models import Q

from registry import audit, lifecycle
from registry.actors import Actor
from registry.errors import Conflict, NotFound
from registry.events import Event
from registry.models import DomainProof, Organization, ProvedDomain
from registry.organization_facts import invalid
from registry.policy import domains

_LOCK = 0x646F6D61696E  # "domain": the key of the lock under which names are compared


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
