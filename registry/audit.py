"""The only writer of audit events. An event is written in the transaction of the change that it tells."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from registry.actors import Actor
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
    before, after the facts that changed; never a credential's value

    Raises NotInTransaction outside an atomic block: without one the change could commit alone.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NotInTransaction(action)
    _event(
        action, organization, subject, actor, now, reason, before, after, environment, policy_version
    ).save(force_insert=True)


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
    event = _event(action, organization, subject, actor, now, reason, None, after, environment, "")
    event.once = f"{action}|{once}|{now:%Y%m%dT%H%M}"[:200]
    AuditEvent.objects.bulk_create([event], ignore_conflicts=True)


def _event(
    action: Event,
    organization: UUID,
    subject: tuple[str, str],
    actor: Actor,
    now: datetime,
    reason: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    environment: str,
    policy_version: str,
) -> AuditEvent:
    kind, identifier = subject
    return AuditEvent(
        at=now,
        action=action,
        organization_id=organization,
        environment=environment,
        subject_kind=kind,
        subject_id=identifier[:255],
        actor_kind=actor.kind,
        actor_id=actor.id[:255],
        actor_label=actor.label[:255],
        reason=reason[:1000],
        before=before,
        after=after,
        request_id=actor.request_id,
        policy_version=policy_version,
    )


def history(**conditions: Any) -> Any:
    """Events that match, newest first. The caller (`queries`) adds whose they may be."""
    return AuditEvent.objects.filter(**conditions).order_by("-id")
