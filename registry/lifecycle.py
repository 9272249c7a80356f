"""The only writer of state columns. Each verb locks, asks the table, writes and records, in one transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from registry import audit, locks, rows
from registry.actors import Actor
from registry.errors import FourEyesRequired, InvalidInput, NotFound, TransitionRefused
from registry.events import Event
from registry.models import (
    AccessToken,
    Client,
    ClientKey,
    KeyState,
    Organization,
    Outcome,
    Registration,
    User,
)
from registry.states import (
    FINAL_STATES,
    ClientEvent,
    Environment,
    OrganizationEvent,
    State,
    client_state_after,
    organization_state_after,
)

# Organizations


def lock_organization(organization_id: UUID) -> Organization:
    """The organization's row, locked until the transaction ends. Raises NotFound."""
    organization = locks.organization(organization_id)
    if organization is None:
        raise NotFound("There is no such organization.")
    return organization


@transaction.atomic
def submit_organization(
    organization_id: UUID, *, evidence: str, actor: Actor, reason: str, now: datetime
) -> Organization:
    """Draft → pending: ask for approval, with the evidence that speaks for the organization."""
    if not evidence.strip():
        raise InvalidInput("No evidence is given.", fix="Say which documents or registers were checked.")
    organization = lock_organization(organization_id)
    organization.evidence, organization.submitted_by = evidence, actor.name
    return _move_organization(
        organization, OrganizationEvent.SUBMIT, Event.ORGANIZATION_SUBMITTED, actor, reason, now
    )


@transaction.atomic
def approve_organization(
    organization_id: UUID, *, four_eyes: bool, actor: Actor, reason: str, now: datetime
) -> Organization:
    """Pending → active. With `four_eyes`, whoever submitted cannot approve: raises FourEyesRequired."""
    organization = lock_organization(organization_id)
    if four_eyes and organization.submitted_by == actor.name:
        raise FourEyesRequired(
            "Whoever asked for this approval cannot grant it.", fix="Let another person approve."
        )
    return _move_organization(
        organization, OrganizationEvent.APPROVE, Event.ORGANIZATION_APPROVED, actor, reason, now
    )


@transaction.atomic
def reject_organization(organization_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Organization:
    """Pending → draft."""
    return _move_organization(
        lock_organization(organization_id),
        OrganizationEvent.REJECT,
        Event.ORGANIZATION_REJECTED,
        actor,
        _needed(reason),
        now,
    )


@transaction.atomic
def contain_organization(organization_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Organization:
    """Stop everything of an organization at this commit.

    State suspended, a new epoch in both environments (tokens, codes, registration-plane credentials die)
    and the end of its people's sessions. Keys and secrets stay; nothing that died is revived by a restore.
    """
    organization = lock_organization(organization_id)
    _new_epochs(organization, list(Environment), now)
    organization.contained_by = actor.name
    User.objects.filter(organization=organization).update(session_epoch=F("session_epoch") + 1)
    return _move_organization(
        organization,
        OrganizationEvent.CONTAIN,
        Event.ORGANIZATION_CONTAINED,
        actor,
        _needed(reason),
        now,
        after=_reach(organization, now),
    )


@transaction.atomic
def contain_environment(
    organization_id: UUID, environment: Environment, *, actor: Actor, reason: str, now: datetime
) -> Organization:
    """Stop everything of an organization in one environment; the other one goes on."""
    organization = lock_organization(organization_id)
    column = f"{environment}_contained"
    if getattr(organization, column):
        raise TransitionRefused(f"{organization} in {environment}", "contained", "contain")
    _new_epochs(organization, [environment], now)
    setattr(organization, column, True)
    setattr(organization, f"{column}_by", actor.name)
    save_edition(organization)
    audit.record_of_organization(
        Event.ORGANIZATION_ENVIRONMENT_CONTAINED,
        organization,
        actor=actor,
        reason=_needed(reason),
        now=now,
        environment=environment,
        after=_reach(organization, now, environment),
    )
    return organization


@transaction.atomic
def restore_organization(organization_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Organization:
    """Suspended → what it was before. Another actor than the one who contained; revives no old credential."""
    organization = lock_organization(organization_id)
    _by_another(organization.contained_by, actor)
    return _move_organization(
        organization, OrganizationEvent.RESTORE, Event.ORGANIZATION_RESTORED, actor, _needed(reason), now
    )


@transaction.atomic
def restore_environment(
    organization_id: UUID, environment: Environment, *, actor: Actor, reason: str, now: datetime
) -> Organization:
    """End the containment of one environment. Another actor than the one who contained."""
    organization = lock_organization(organization_id)
    column = f"{environment}_contained"
    _by_another(getattr(organization, f"{column}_by"), actor)
    if not getattr(organization, column):
        raise TransitionRefused(f"{organization} in {environment}", "not contained", "restore")
    setattr(organization, column, False)
    save_edition(organization)
    audit.record_of_organization(
        Event.ORGANIZATION_ENVIRONMENT_RESTORED,
        organization,
        actor=actor,
        reason=_needed(reason),
        now=now,
        environment=environment,
    )
    return organization


@transaction.atomic
def revoke_organization(
    organization_id: UUID, *, four_eyes: bool, actor: Actor, reason: str, now: datetime
) -> Organization:
    """End the relation for good: nothing of it works again.

    With `four_eyes`, somebody else has to have contained it before: else raises FourEyesRequired.
    """
    organization = lock_organization(organization_id)
    if four_eyes and not _contained_by_another(organization, actor):
        raise FourEyesRequired(
            "Only what somebody else contained can be revoked.",
            fix="Contain the organization, which stops it at once, and let another person revoke it.",
        )
    _new_epochs(organization, list(Environment), now)
    User.objects.filter(organization=organization).update(session_epoch=F("session_epoch") + 1)
    return _move_organization(
        organization, OrganizationEvent.REVOKE, Event.ORGANIZATION_REVOKED, actor, _needed(reason), now
    )


def _contained_by_another(organization: Organization, actor: Actor) -> bool:
    return organization.state == State.SUSPENDED and organization.contained_by != actor.name


def _by_another(contained_by: str, actor: Actor) -> None:
    if contained_by == actor.name:
        raise FourEyesRequired("Whoever contained cannot restore.", fix="Let another person restore.")


def _new_epochs(organization: Organization, environments: Iterable[str], now: datetime) -> None:
    for environment in environments:
        column = f"{environment}_epoch"
        setattr(organization, column, getattr(organization, column) + 1)
    organization.cutoff_at = now


def _reach(organization: Organization, now: datetime, *environments: Environment) -> dict[str, Any]:
    """What a containment stops, counted for the log; in every environment when none is named."""
    where = {"environment__in": environments or list(Environment)}
    tokens = AccessToken.objects.filter(organization=organization, expires__gt=now, **where)
    living = organization.clients.filter(**where).exclude(state__in=[State.REVOKED, State.OFFBOARDED])
    return {
        "clients": living.count(),
        "access_tokens": tokens.count(),
        "cutoff_at": now.isoformat(),
    }


def _move_organization(
    organization: Organization,
    event: OrganizationEvent,
    action: Event,
    actor: Actor,
    reason: str,
    now: datetime,
    after: Mapping[str, Any] | None = None,
) -> Organization:
    before = organization.state
    following = organization_state_after(before, event, before=organization.state_before)
    if following is None:
        raise TransitionRefused(str(organization), before, event)
    organization.state, organization.state_before = following, before
    organization.state_reason, organization.state_since = reason, now
    save_edition(organization)
    audit.record_of_organization(
        action,
        organization,
        actor=actor,
        reason=reason,
        now=now,
        before={"state": before},
        after={"state": following, **(after or {})},
    )
    return organization


def save_edition(organization: Organization) -> None:
    """A locked organization, or what belongs to it, changed: that is part of what its approver saw."""
    organization.version += 1
    organization.save(force_update=True)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; it is kept in the audit log.")
    return reason


def end_person(user: User, now: datetime) -> None:
    """No session of theirs goes on and none begins, in the caller's transaction, which records it."""
    user.is_active, user.session_epoch, user.ended_at = False, user.session_epoch + 1, now
    user.save(force_update=True, update_fields=["is_active", "session_epoch", "ended_at"])


# Clients


def lock_client(client_id: str) -> Client:
    """The client's row, locked until the transaction ends, after its organization's. Raises NotFound."""
    client = locks.client(client_id)
    if client is None:
        raise NotFound("There is no such client.")
    return client


@transaction.atomic
def restrict_client(client_id: str, *, actor: Actor, reason: str, now: datetime) -> Client:
    """Active → restricted: it goes on in a reduced form; what it holds stays good."""
    return _move_client(client_id, ClientEvent.RESTRICT, Event.CLIENT_RESTRICTED, actor, _needed(reason), now)


@transaction.atomic
def lift_client(client_id: str, *, actor: Actor, reason: str, now: datetime) -> Client:
    """Restricted → active."""
    return _move_client(client_id, ClientEvent.LIFT, Event.CLIENT_LIFTED, actor, _needed(reason), now)


@transaction.atomic
def suspend_client(client_id: str, *, actor: Actor, reason: str, now: datetime) -> Client:
    """Stop one client, reversibly: state suspended and a new epoch, so that its credentials die."""
    return _move_client(client_id, ClientEvent.SUSPEND, Event.CLIENT_SUSPENDED, actor, _needed(reason), now)


@transaction.atomic
def expire_client(client_id: str, *, actor: Actor, now: datetime) -> Client:
    """Suspend a client whose validity ended."""
    return _move_client(client_id, ClientEvent.EXPIRE, Event.CLIENT_EXPIRED, actor, "expired", now)


@transaction.atomic
def reactivate_client(client_id: str, *, actor: Actor, reason: str, now: datetime) -> Client:
    """Suspended → what it was before. Nothing that died is revived."""
    client = lock_client(client_id)
    if client.valid_until is not None and client.valid_until <= now:
        raise TransitionRefused(str(client), "expired", ClientEvent.REACTIVATE)
    return _move_client(
        client_id, ClientEvent.REACTIVATE, Event.CLIENT_REACTIVATED, actor, _needed(reason), now
    )


@transaction.atomic
def revoke_client(client_id: str, *, actor: Actor, reason: str, now: datetime) -> Client:
    """End a client for good because it is no longer trusted: its keys never come back anywhere."""
    client = _move_client(client_id, ClientEvent.REVOKE, Event.CLIENT_REVOKED, actor, _needed(reason), now)
    ClientKey.objects.filter(client=client).update(state=KeyState.COMPROMISED, ended_at=now)
    return client


@transaction.atomic
def deregister_client(client_id: str, *, actor: Actor, reason: str, now: datetime) -> Client:
    """End a client plainly: a tombstone stays; its keys may return in the same organization."""
    client = _move_client(client_id, ClientEvent.DEREGISTER, Event.CLIENT_DEREGISTERED, actor, reason, now)
    ClientKey.objects.filter(client=client, state=KeyState.ACTIVE).update(state=KeyState.ENDED, ended_at=now)
    return client


def approve_client(client: Client, *, now: datetime) -> None:
    """Pending → active, in the caller's transaction, which records the decision."""
    _apply_to_client(client, ClientEvent.APPROVE, "", now)


def reject_client(client: Client, *, reason: str, now: datetime) -> None:
    """Pending → revoked, in the caller's transaction, which records the decision; its keys are free again."""
    _apply_to_client(client, ClientEvent.REJECT, reason, now)
    ClientKey.objects.filter(client=client, state=KeyState.ACTIVE).update(state=KeyState.ENDED, ended_at=now)


_ENDING = frozenset(
    {
        ClientEvent.SUSPEND,
        ClientEvent.EXPIRE,
        ClientEvent.REVOKE,
        ClientEvent.DEREGISTER,
        ClientEvent.REJECT,
    }
)


def _move_client(
    client_id: str, event: ClientEvent, action: Event, actor: Actor, reason: str, now: datetime
) -> Client:
    client = lock_client(client_id)
    before = client.state
    _apply_to_client(client, event, reason, now)
    if client.state in FINAL_STATES:
        _withdraw_what_waits(client, actor, reason, now)
    audit.record(
        action,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=actor,
        reason=reason,
        before={"state": before},
        after={"state": client.state},
        now=now,
    )
    return client


def _withdraw_what_waits(client: Client, actor: Actor, reason: str, now: datetime) -> None:
    """Nobody has to decide about a client that has ended."""
    Registration.objects.filter(client=client, outcome=Outcome.PENDING).update(
        outcome=Outcome.WITHDRAWN, decided_by=actor.name, decided_at=now, reason=reason
    )


def _apply_to_client(client: Client, event: ClientEvent, reason: str, now: datetime) -> None:
    before = client.state
    following = client_state_after(before, event, before=client.state_before)
    if following is None:
        raise TransitionRefused(str(client), before, event)
    client.state, client.state_before = following, before
    client.state_reason, client.state_since = reason, now
    if event in _ENDING:
        client.epoch, client.cutoff_at = client.epoch + 1, now
    client.version += 1
    rows.update(client, *_STATE_COLUMNS)


_STATE_COLUMNS = ("state", "state_before", "state_reason", "state_since", "epoch", "cutoff_at", "version")
