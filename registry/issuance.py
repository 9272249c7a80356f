"""The stop switch: no token, no code, no registration, for anybody; revoking, introspecting and containing go on.

Every decision reads it in the statement that reads the standing (`access.STANDING_COLUMNS`): the first request that
begins after the commit is refused, in every process.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from registry import audit, queries
from registry.actors import Actor
from registry.errors import InvalidInput, TransitionRefused
from registry.events import Event
from registry.models import IssuanceStop


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why nothing is issued, and since when."""

    reason: str
    since: datetime


def stopped() -> Stopped | None:
    """The stop that is in force; None while issuance is on. One statement."""
    row = IssuanceStop.objects.filter(ended_at=None).first()
    return None if row is None else Stopped(row.reason, row.started_at)


@transaction.atomic
def stop_issuing(*, actor: Actor, reason: str, now: datetime) -> None:
    """Throw the switch. Raises InvalidInput without a reason, TransitionRefused when it is thrown already."""
    try:
        with transaction.atomic():
            IssuanceStop.objects.create(reason=_needed(reason), started_at=now, started_by=actor.name)
    except IntegrityError as cause:
        raise TransitionRefused("Issuance", "stopped", "stop") from cause
    _record(Event.ISSUANCE_STOPPED, actor, reason, now)


@transaction.atomic
def resume_issuing(*, actor: Actor, reason: str, now: datetime) -> None:
    """Turn it back. Raises InvalidInput without a reason, TransitionRefused when nothing is stopped."""
    ended = IssuanceStop.objects.filter(ended_at=None).update(ended_at=now, ended_by=actor.name)
    if not ended:
        raise TransitionRefused("Issuance", "on", "resume")
    _record(Event.ISSUANCE_RESUMED, actor, _needed(reason), now)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; it is kept in the audit log.")
    return reason[:1000]


def _record(event: Event, actor: Actor, reason: str, now: datetime) -> None:
    operator = queries.operator_id()
    audit.record(
        event, organization=operator, subject=("issuance", "all"), actor=actor, reason=reason, now=now
    )
