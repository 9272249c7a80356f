"""What the tables say of the machine room at this moment, for metrics. Reads only; no request asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count

from registry import audit, audit_tree, heartbeat, issuance, notices, transparency
from registry.heartbeat import Pulse
from registry.notices import Owed


@dataclass(frozen=True, slots=True)
class Measures:
    """One reading.

    audit_leaves   events that have a leaf
    audit_waiting  events that have none yet, held ones left out
    audit_held     events whose row is not what was written
    audit_lag      age of the oldest event that waits
    notices        mails that are owed, and since when
    is_stopped     nothing is issued: the stop switch is thrown
    """

    pulses: tuple[Pulse, ...]
    audit_leaves: int
    audit_waiting: int
    audit_held: int
    audit_lag: timedelta
    notices: Owed
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """Database connections of this process: all, those that wait for work, and requests that wait for one."""

    connections: int
    idle: int
    waiting: int


def measures(now: datetime) -> Measures:
    """Read everything. Eight statements; raises Django's OperationalError without the database."""
    waiting, held = transparency.waiting()
    oldest = transparency.oldest_waiting()
    return Measures(
        pulses=tuple(heartbeat.pulses(now)),
        audit_leaves=audit_tree.size(),
        audit_waiting=waiting - held,
        audit_held=held,
        audit_lag=timedelta() if oldest is None else max(timedelta(), now - _written_at(oldest)),
        notices=notices.owed(now),
        is_stopped=issuance.stopped() is not None,
    )


def _written_at(event: UUID) -> datetime:
    """The first 48 bits of a UUID of version 7 are milliseconds (RFC 9562 §5.7)."""
    return datetime.fromtimestamp((event.int >> 80) / 1000, UTC)


def events(*, first: int, end: int) -> Mapping[str, int]:
    """How often each event stands in the leaves from `first` up to, and without, `end`."""
    found = audit.history(leaf__number__gte=first, leaf__number__lt=end).order_by()
    return dict(found.values_list("action").annotate(Count("id")))


def pool() -> Pool | None:
    """This process's connection pool; None where there is none. No statement."""
    if not connection.settings_dict["OPTIONS"].get("pool"):
        return None
    said = connection.pool.get_stats()  # type: ignore[attr-defined]  # of the PostgreSQL backend
    return Pool(said["pool_size"], said["pool_available"], said.get("requests_waiting", 0))
