"""The only writer of audit events. An event is written in the transaction of the change that it tells.

Each event carries the leaf hash of its document (`registry.event_document`) from the beginning, so that whatever
happens to its row before it is sequenced (`registry.transparency`) is seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import Q

from registry import canonical_json, event_document, identifiers
from registry.actors import Actor
from registry.canonical_json import NotCanonical
from registry.events import Event
from registry.models.audit import AuditEvent


class NotInTransaction(RuntimeError):
    """An event was about to be written outside the transaction of its change."""


def record(
    action: Event,
    *,
    organization: UUID,
    subject: tuple[str, str],
    actor: Actor,
    now: datetime,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    environment: str = "",
    policy_version: str = "",
) -> None:
    """Write one event.

    organization  whose event it is; acts of the whole operator carry the operator's own
    subject       kind and identifier of what the event is about
    before, after the facts that changed, as JSON (event_document.facts); never a credential's value

    Raises NotInTransaction outside an atomic block: without one the change could commit alone. Raises NotCanonical
    for facts that the table would not give back unchanged.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(action)
    row = _row(action, organization, subject, actor, now, reason, environment)
    _insert(row | {"before": before, "after": after, "policy_version": policy_version})


class Party(Protocol):
    """What is needed of an organization's row."""

    pk: UUID
    slug: str


def record_of_organization(action: Event, party: Party, *, actor: Actor, now: datetime, **facts: Any) -> None:
    """Write one event about an organization itself; `facts` are the rest of what `record` takes."""
    subject = ("organization", party.slug)
    record(action, organization=party.pk, subject=subject, actor=actor, now=now, **facts)


def record_once(
    action: Event,
    *,
    once: str,
    organization: UUID,
    subject: tuple[str, str],
    actor: Actor,
    now: datetime,
    reason: str = "",
    after: Mapping[str, Any] | None = None,
    environment: str = "",
) -> None:
    """Write one event per minute for the same `once` (a source address, a client); later ones are dropped.

    For refusals that change nothing, so that an outsider cannot fill the log. Needs no transaction.
    """
    row = _row(action, organization, subject, actor, now, reason, environment)
    _insert(row | {"after": after, "once": f"{action}|{once}|{now:%Y%m%dT%H%M}"[:200]})


def _row(
    action: Event,
    organization: UUID,
    subject: tuple[str, str],
    actor: Actor,
    now: datetime,
    reason: str,
    environment: str,
) -> dict[str, Any]:
    """The columns of a new event, but its digest; what only some events have is empty."""
    kind, identifier = subject
    return {
        "id": identifiers.uuid7(),
        "at": now,
        "action": action,
        "organization_id": organization,
        "environment": environment,
        "subject_kind": kind,
        "subject_id": identifier[:255],
        "actor_kind": actor.kind,
        "actor_id": actor.id[:255],
        "actor_label": actor.label[:255],
        "reason": reason[:1000],
        "before": None,
        "after": None,
        "request_id": actor.request_id,
        "policy_version": "",
        "once": None,
    }


# By hand, because every request writes one: the ORM would cost as much as the database.
_INSERT = """
    INSERT INTO registry_auditevent (
        id, at, organization_id, action, environment, subject_kind, subject_id, actor_kind, actor_id, actor_label,
        reason, before, after, request_id, policy_version, once, digest
    ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (once) WHERE once IS NOT NULL DO NOTHING
"""


def _insert(row: dict[str, Any]) -> None:
    row |= {name: event_document.facts(row[name]) for name in ("before", "after")}
    document = event_document.document(row)
    values = row | {
        "id": document["id"],
        "at": document["at"],
        "organization_id": document["organization"],
        "before": _json(row["before"]),
        "after": _json(row["after"]),
    }
    digest = event_document.leaf_hash(document)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*(values[name] for name in event_document.COLUMNS), digest])


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else canonical_json.encode(value).decode()


def history(**conditions: Any) -> Any:
    """Events that match, newest first. The caller (`queries`) adds whose they may be."""
    return AuditEvent.objects.filter(**conditions).order_by("-id")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row as it stands in the table now.

    digest   the leaf hash that was written with it
    hash     the leaf hash of what stands there, None when that has no canonical form any more
    """

    id: UUID
    document: Mapping[str, Any]
    digest: bytes
    hash: bytes | None

    @property
    def is_as_written(self) -> bool:
        return self.hash == self.digest


def stored(ids: Sequence[UUID]) -> Iterator[StoredEvent]:
    """The rows of these events, read from the table again; an event that is not there is left out."""
    for row in AuditEvent.objects.filter(pk__in=ids).order_by("id").values(*event_document.COLUMNS, "digest"):
        yield _stored(row)


def sequenced(*wanted: Q, below: int, **conditions: Any) -> Iterator[tuple[int, bytes, dict[str, Any]]]:
    """Number, leaf hash and document of the events that match, in the order of the tree, read as they are asked for.

    Needs a transaction, which holds the cursor.
    """
    rows = AuditEvent.objects.filter(*wanted, leaf__number__lt=below, **conditions).order_by("leaf__number")
    columns = ("leaf__number", "leaf__hash", *event_document.COLUMNS)
    for row in rows.values(*columns).iterator(chunk_size=2000):
        yield row["leaf__number"], bytes(row["leaf__hash"]), event_document.document(row)


def count_sequenced(*wanted: Q, below: int, most: int, **conditions: Any) -> int:
    """How many events `sequenced` would tell, counted up to `most`."""
    rows = AuditEvent.objects.filter(*wanted, leaf__number__lt=below, **conditions)
    return int(rows.order_by()[:most].count())


def _stored(row: Mapping[str, Any]) -> StoredEvent:
    document = event_document.document(row)
    try:
        found = event_document.leaf_hash(document)
    except NotCanonical:
        found = None
    return StoredEvent(row["id"], document, bytes(row["digest"]), found)
