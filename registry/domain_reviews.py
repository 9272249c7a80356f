"""Proofs of domains, looked after again: one that is gone has a grace, begun with a notice; then it ends.

Only an answer that lacks the sign counts against it. Where nobody answers, hosts there cannot be reached either, and
an outage of our own network must not end anything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from registry import audit, clock, domain_checks, domain_proofs, lifecycle, notices
from registry.actors import system
from registry.domain_checks import Look, SignMissing
from registry.domain_signs import Sign
from registry.events import Event
from registry.models import NoticeKind, Organization, ProvedDomain

AGAIN_WHEN_MISSING = timedelta(hours=6)
AGAIN_WHEN_UNKNOWN = timedelta(hours=1)

_ACTOR = system("recheck_domains")


def recheck_due(
    *, ids: Sequence[int] | None = None, limit: int, now: datetime, look: Look = domain_checks.look
) -> int:
    """Look after proofs whose time has come, at most `limit`; how many were looked after by this run.

    ids  only these of them; None for any. Safe to run twice at once: each is claimed before it is looked for.
    """
    due = ProvedDomain.objects.filter(ended_at=None, next_check_at__lte=now)
    found = (due if ids is None else due.filter(pk__in=ids)).order_by("next_check_at")
    rows = list(found.values_list("pk", flat=True)[:limit])
    return sum(_recheck(proved_id, look, now) for proved_id in clock.within(clock.SWEEP_SECONDS, rows))


def _recheck(proved_id: int, look: Look, now: datetime) -> bool:
    due = ProvedDomain.objects.filter(pk=proved_id, ended_at=None, next_check_at__lte=now)
    if not due.update(next_check_at=now + AGAIN_WHEN_UNKNOWN):
        return False
    proved = ProvedDomain.objects.select_related("organization").get(pk=proved_id)
    try:
        look(proved.proof, Sign(proved.domain, proved.organization.slug, proved.challenge))
    except SignMissing as missing:
        if not missing.is_transient:
            _miss(proved, missing.found, now)
        return True
    _confirm(proved, now)
    return True


@transaction.atomic
def _confirm(proved: ProvedDomain, now: datetime) -> None:
    organization, row = _held(proved)
    if row is None:
        return
    was_missing, row.missing_since = row.missing_since, None
    row.checked_at, row.next_check_at = now, now + timedelta(hours=settings.REGISTRY.domain_check_hours)
    row.save(force_update=True)
    if was_missing:
        audit.record_of_organization(
            Event.DOMAIN_SEEN_AGAIN, organization, actor=_ACTOR, now=now, after={"domain": row.domain}
        )


@transaction.atomic
def _miss(proved: ProvedDomain, found: str, now: datetime) -> None:
    organization, row = _held(proved)
    if row is None:
        return
    grace = timedelta(days=settings.REGISTRY.domain_grace_days)
    row.checked_at, row.next_check_at = now, now + AGAIN_WHEN_MISSING
    if row.missing_since is None:
        row.missing_since = now
        _begin_grace(organization, row, found, now + grace, now)
    row.save(force_update=True)
    if now >= row.missing_since + grace:
        _end(row, found, now)


def _held(proved: ProvedDomain) -> tuple[Organization, ProvedDomain | None]:
    """The locked organization, and the proof unless somebody ended it meanwhile."""
    organization = lifecycle.lock_organization(proved.organization_id)
    return organization, ProvedDomain.objects.filter(pk=proved.pk, ended_at=None).first()


def _begin_grace(
    organization: Organization, row: ProvedDomain, found: str, end: datetime, now: datetime
) -> None:
    after = {"domain": row.domain, "found": found, "ends_at": end.isoformat()}
    audit.record_of_organization(Event.DOMAIN_MISSED, organization, actor=_ACTOR, now=now, after=after)
    notices.owe_organization(
        NoticeKind.DOMAIN_MISSING,
        organization.pk,
        once=f"{row.pk}|{now.isoformat()}",
        now=now,
        domain=row.domain,
        found=found,
        day=f"{end:%Y-%m-%d}",
    )


def _end(row: ProvedDomain, found: str, now: datetime) -> None:
    reason = f"not seen since {row.missing_since:%Y-%m-%d}: {found}"
    domain_proofs.end_domain(row.organization_id, row.domain, actor=_ACTOR, reason=reason, now=now)
    notices.owe_organization(
        NoticeKind.DOMAIN_ENDED,
        row.organization_id,
        once=str(row.pk),
        now=now,
        domain=row.domain,
        day=f"{row.missing_since:%Y-%m-%d}",
    )
