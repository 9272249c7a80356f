"""Clients that nobody uses: told of, then restricted, then suspended, by the days that their preset gives.

No step is left out and none comes early: each waits for its own days without use and for the days between it and the
step before, counted from when that step's notice was settled. Whoever is used in between begins anew; what people
restricted stays with people. A client with a live refresh token is in use, however long it is silent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Greatest

from registry import audit, lifecycle, notices
from registry.actors import system
from registry.events import Event
from registry.expiry import is_free
from registry.models import Client, Notice, NoticeKind, RefreshToken
from registry.policy.presets import PRESETS, PolicyParameters
from registry.states import Environment, State

_TASK = system("follow_unused_clients")

Due = Callable[[PolicyParameters, datetime], "QuerySet[Client]"]
Act = Callable[[Client, PolicyParameters, datetime], None]


@dataclass(frozen=True, slots=True)
class _Step:
    """Whom it meets, and what is done, while the client's organization is locked."""

    due: Due
    act: Act


def follow_unused(*, ids: Sequence[str] | None = None, limit: int, now: datetime) -> int:
    """Take each client that is due one step further, or back; how many steps were taken by this run.

    ids    client_ids, only these; None for any
    limit  at most so many of each preset and step

    Safe to run twice at once: a client whose organization is locked elsewhere is passed over.
    """
    return sum(
        _take(step, parameters, client_id, now)
        for parameters in PRESETS.values()
        for step in _STEPS
        for client_id in _found(step, parameters, ids, limit, now)
    )


def _found(
    step: _Step, parameters: PolicyParameters, ids: Sequence[str] | None, limit: int, now: datetime
) -> list[str]:
    due = step.due(parameters, now)
    chosen = due if ids is None else due.filter(client_id__in=ids)
    return list(chosen.order_by("pk").values_list("client_id", flat=True)[:limit])


@transaction.atomic
def _take(step: _Step, parameters: PolicyParameters, client_id: str, now: datetime) -> bool:
    if not is_free(client_id):
        return False
    client = step.due(parameters, now).filter(client_id=client_id).first()
    if client is None:
        return False
    step.act(client, parameters, now)
    return True


# Whom each step meets. `silent_since` is the last sign of use; becoming active counts as one.


def _unused(parameters: PolicyParameters, state: State, days: int, now: datetime) -> "QuerySet[Client]":
    """Clients of a state, without use for that many days and without a live refresh token."""
    used: tuple[str, ...] = ("registered_at", "last_used_at")
    silent_since = Greatest(*used, "state_since") if state is State.ACTIVE else Greatest(*used)
    return (
        Client.objects.select_related("organization")
        .filter(state=state, organization__preset=parameters.name)
        .annotate(silent_since=silent_since)
        .filter(~Exists(_live_refresh_tokens(now)), silent_since__lte=now - timedelta(days=days))
    )


def _live_refresh_tokens(now: datetime) -> "QuerySet[RefreshToken]":
    production = When(environment=Environment.PRODUCTION, then=OuterRef("organization__production_epoch"))
    return RefreshToken.objects.filter(
        application=OuterRef("pk"),
        revoked=None,
        idle_until__gt=now,
        absolute_until__gt=now,
        client_epoch=OuterRef("epoch"),
        organization_epoch=Case(production, default=OuterRef("organization__sandbox_epoch")),
    )


def _told(kind: NoticeKind, **conditions: Any) -> Exists:
    return Exists(Notice.objects.filter(client=OuterRef("pk"), kind=kind, **conditions))


def _to_be_told(parameters: PolicyParameters, now: datetime) -> "QuerySet[Client]":
    silent = _unused(parameters, State.ACTIVE, parameters.unused_days_until_notice, now)
    return silent.exclude(_told(NoticeKind.CLIENT_UNUSED, created_at__gt=OuterRef("silent_since")))


def _to_be_restricted(parameters: PolicyParameters, now: datetime) -> "QuerySet[Client]":
    days = parameters.unused_days_until_restricted
    settled = now - timedelta(days=days - parameters.unused_days_until_notice)
    silent = _unused(parameters, State.ACTIVE, days, now)
    return silent.filter(
        _told(NoticeKind.CLIENT_UNUSED, created_at__gt=OuterRef("silent_since"), settled_at__lte=settled)
    )


def _to_be_suspended(parameters: PolicyParameters, now: datetime) -> "QuerySet[Client]":
    days = parameters.unused_days_until_suspended
    settled = now - timedelta(days=days - parameters.unused_days_until_restricted)
    silent = _unused(parameters, State.RESTRICTED, days, now)
    return silent.filter(_restricted_by_us(settled_at__lte=settled))


def _to_be_lifted(parameters: PolicyParameters, now: datetime) -> "QuerySet[Client]":
    used = Q(last_used_at__gt=F("state_since"))
    mine = Client.objects.select_related("organization").filter(organization__preset=parameters.name)
    return mine.filter(used, _restricted_by_us(), state=State.RESTRICTED)


def _restricted_by_us(**conditions: Any) -> Exists:
    return _told(NoticeKind.CLIENT_RESTRICTED, created_at=OuterRef("state_since"), **conditions)


# What each step does


def _tell(client: Client, parameters: PolicyParameters, now: datetime) -> None:
    days = parameters.unused_days_until_restricted - parameters.unused_days_until_notice
    _owe(NoticeKind.CLIENT_UNUSED, client, days, now)
    audit.record(
        Event.CLIENT_UNUSED_SEEN,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=_TASK,
        reason=_reason(client),
        now=now,
    )


def _restrict(client: Client, parameters: PolicyParameters, now: datetime) -> None:
    days = parameters.unused_days_until_suspended - parameters.unused_days_until_restricted
    lifecycle.restrict_client(client.client_id, actor=_TASK, reason=_reason(client), now=now)
    _owe(NoticeKind.CLIENT_RESTRICTED, client, days, now)


def _suspend(client: Client, parameters: PolicyParameters, now: datetime) -> None:
    # The restriction ends first: who reactivates the client brings back one that works, and not one to lift as well.
    lifecycle.lift_client(client.client_id, actor=_TASK, reason=_reason(client), now=now)
    lifecycle.suspend_client(client.client_id, actor=_TASK, reason=_reason(client), now=now)
    _owe(NoticeKind.CLIENT_SUSPENDED, client, 0, now)


def _lift(client: Client, parameters: PolicyParameters, now: datetime) -> None:
    lifecycle.lift_client(client.client_id, actor=_TASK, reason="used again", now=now)


def _reason(client: Client) -> str:
    return f"not used since {_last_use(client):%Y-%m-%d}"


def _owe(kind: NoticeKind, client: Client, days: int, now: datetime) -> None:
    last_use = _last_use(client)
    once = f"{client.version}|{last_use.isoformat()}"
    notices.owe(kind, client, once=once, now=now, day=f"{last_use:%Y-%m-%d}", days=days)


def _last_use(client: Client) -> datetime:
    return client.last_used_at or client.registered_at


_STEPS = (
    _Step(_to_be_lifted, _lift),
    _Step(_to_be_suspended, _suspend),
    _Step(_to_be_restricted, _restrict),
    _Step(_to_be_told, _tell),
)
