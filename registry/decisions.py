"""Decisions: about clients that wait for one, about changes that wait, and about changes that should not have been.

What was judged when it was asked for is judged again when it comes into force: the organization, its other clients and
the policy go on meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from registry import access, audit, client_metadata, client_rows, facts, key_sets, lifecycle
from registry.actors import Actor, ActorKind
from registry.client_metadata import ClientMetadata
from registry.errors import Conflict, FourEyesRequired, InvalidInput, NotFound
from registry.events import Event
from registry.models import Client, Outcome, Registration, Review
from registry.policy import engine
from registry.states import Action, State, Verb
from registry.whole_rows import Whole


def record(event: Event, registration: Registration, actor: Actor, now: datetime, **facts: Any) -> None:
    """Write one event about a registration, in the caller's transaction; `facts` are the rest of what it tells."""
    audit.record(
        event,
        organization=registration.organization_id,
        environment=registration.environment,
        subject=("registration", str(registration.pk)),
        actor=actor,
        now=now,
        policy_version=registration.policy_version,
        **facts,
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """What would be in force for a client, by which version, and what of it refused nothing."""

    metadata: ClientMetadata
    policy_version: str
    monitored: list[dict[str, str]]


def judged(client: Client, metadata: ClientMetadata, now: datetime) -> Judged:
    """Judge what would be in force for a locked client. Raises a RegistrationRefused."""
    context = facts.gather_for(client, metadata, now)
    judgement = engine.judge(metadata, context)
    if (refusal := judgement.refusal()) is not None:
        raise refusal
    return Judged(judgement.metadata, context.parameters.version, engine.uncounted(judgement))


def stored(client: Client, document: Mapping[str, Any]) -> ClientMetadata:
    """Metadata that rests in our own tables: of this client, though the document does not say so.

    Keys by reference are those that were fetched last.
    """
    metadata = replace(client_metadata.parse(document), claimed_client_id=client.client_id)
    return key_sets.held(client, metadata)


@transaction.atomic
def approve(registration_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Registration:
    """Approve a waiting registration or change. Under four eyes the first approval only seconds it.

    Raises FourEyesRequired when the same person approves twice: whoever asked may be one of two, never both; and for
    a service client that would be the second: it may propose, never confirm. Raises a RegistrationRefused when a rule
    objects by now to what was asked for.
    """
    registration, client = _waiting(registration_id)
    _second_pair_of_eyes(registration, actor)
    if registration.review == Review.FOUR_EYES and not registration.first_approval_by:
        registration.first_approval_by = actor.name
        registration.save(force_update=True)
        record(Event.REGISTRATION_FIRST_APPROVAL, registration, actor, now, reason=reason)
        return registration
    return _grant(registration, client, actor, reason, now)


def _grant(
    registration: Registration, client: Client, actor: Actor, reason: str, now: datetime
) -> Registration:
    if registration.verb == Verb.REPLACE:
        _require_life(client)
        _require_no_containment(client)
        _put_in_force(client, registration.metadata, now)
        return _close(registration, client, Outcome.APPROVED, Event.CHANGE_APPROVED, actor, reason, now)
    _put_in_force(client, registration.metadata, now)
    lifecycle.approve_client(client, now=now)
    return _close(registration, client, Outcome.APPROVED, Event.REGISTRATION_APPROVED, actor, reason, now)


def _require_life(client: Client) -> None:
    if client.state not in {State.ACTIVE, State.RESTRICTED}:
        raise Conflict(
            f"The client is {client.state}.", fix="Reactivate it first, or reject what was asked for."
        )


def _require_no_containment(client: Client) -> None:
    """While an organization is stopped nothing new comes into force of it; what should not have been is undone."""
    standing = access.organization_standing(client.organization, client.environment)
    verdict = access.may_organization(standing, Action.WRITE_REGISTRATION)
    if not verdict.allowed:
        raise Conflict(f"Not now: {verdict.reason}.", fix="Restore it first, or reject what was asked for.")


def _put_in_force(client: Client, document: Mapping[str, Any], now: datetime) -> None:
    client_rows.replace(client, judged(client, stored(client, document), now).metadata, now)


@transaction.atomic
def reject(registration_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Registration:
    """Reject what waits. A new client ends and its keys are free again; a changed one goes on as it is."""
    _require_reason(reason)
    registration, client = _waiting(registration_id)
    if registration.verb == Verb.REPLACE:
        return _close(registration, client, Outcome.REJECTED, Event.CHANGE_REJECTED, actor, reason, now)
    lifecycle.reject_client(client, reason=reason, now=now)
    return _close(registration, client, Outcome.REJECTED, Event.REGISTRATION_REJECTED, actor, reason, now)


@transaction.atomic
def withdraw(registration_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Registration:
    """Take back a change that waits, for whoever asked for it. Raises Conflict for a new client."""
    _require_reason(reason)
    registration, client = _waiting(registration_id)
    if registration.verb != Verb.REPLACE:
        raise Conflict("A new client is not withdrawn.", fix="Deregister the client.")
    return close_change(registration, client, actor, reason, now)


def close_change(
    registration: Registration, client: Client, actor: Actor, reason: str, now: datetime
) -> Registration:
    """Withdraw a waiting change of a locked client, in the caller's transaction."""
    return _close(registration, client, Outcome.WITHDRAWN, Event.CHANGE_WITHDRAWN, actor, reason, now)


def withdraw_waiting(client: Client, actor: Actor, reason: str, now: datetime) -> None:
    """Withdraw the change of a locked client that waits, if one does, in the caller's transaction."""
    waiting = waiting_for(client)
    if waiting is not None:
        close_change(waiting, client, actor, reason, now)


@transaction.atomic
def undo(registration_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Registration:
    """Take back a change that applied at once, within its window; the metadata before it is in force again.

    A change that waits is withdrawn: it was asked for, and is shown, on top of what is taken back.
    Raises Conflict when the window is over or the client has changed since; a RegistrationRefused when a rule objects
    by now to what was there before.
    """
    _require_reason(reason)
    registration, client = _of(registration_id)
    if (
        registration.outcome != Outcome.APPROVED
        or not registration.undo_until
        or now >= registration.undo_until
    ):
        raise Conflict("It cannot be undone, or not any more.", fix="Ask the partner for another change.")
    if client.metadata != registration.metadata:
        raise Conflict("The client has changed since.", fix="Undo the later change first.")
    _require_life(client)
    withdraw_waiting(client, actor, "what it changes was undone", now)
    _put_in_force(client, registration.metadata_before or {}, now)
    return _close(registration, client, Outcome.UNDONE, Event.CHANGE_UNDONE, actor, reason, now)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; the partner reads it.")


_REGISTRATION = Whole(Registration, "r")
_WAITING = f"SELECT {_REGISTRATION.columns} FROM registry_registration r WHERE r.client_id = %s AND r.outcome = 'pending'"  # noqa: E501, S608  # its parts are constants of this program


def waiting_for(client: Client) -> Registration | None:
    """What waits for a decision about a client: its registration, or a change of it. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [client.pk])
        row = cursor.fetchone()
    return _REGISTRATION.row(row) if row else None


def _waiting(registration_id: UUID) -> tuple[Registration, Client]:
    registration, client = _of(registration_id)
    if registration.outcome != Outcome.PENDING:
        raise Conflict(f"The registration was {registration.outcome} before.", fix="Read its decision.")
    return registration, client


def _of(registration_id: UUID) -> tuple[Registration, Client]:
    """A registration and its client, locked. Raises NotFound."""
    found = (
        Registration.objects.filter(pk=registration_id).values_list("client__client_id", flat=True).first()
    )
    if found is None:
        raise NotFound("There is no such registration.")
    client = lifecycle.lock_client(found)
    return Registration.objects.select_for_update(no_key=True).get(pk=registration_id), client


def _second_pair_of_eyes(registration: Registration, actor: Actor) -> None:
    if registration.review != Review.FOUR_EYES or not registration.first_approval_by:
        return
    if registration.first_approval_by == actor.name:
        raise FourEyesRequired("Whoever approved it first cannot decide.", fix="Let another person approve.")
    if actor.kind is ActorKind.SERVICE:
        raise FourEyesRequired(
            "A service client may propose, but cannot decide where two people do.",
            fix="Let a person decide it in the portal.",
        )


def _close(
    registration: Registration,
    client: Client,
    outcome: Outcome,
    event: Event,
    actor: Actor,
    reason: str,
    now: datetime,
) -> Registration:
    registration.outcome, registration.decided_by = outcome, actor.name
    registration.reason, registration.decided_at = reason, now
    registration.save(force_update=True)
    before, after = _told(registration, client)
    record(event, registration, actor, now, reason=reason, before=before, after=after)
    return registration


def _told(registration: Registration, client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an event about a decision says: the state of a new client, the members of a change."""
    if registration.verb == Verb.REPLACE:
        return changed_members(registration, client)
    return {"state": State.PENDING}, {"state": client.state, "client_id": client.client_id}


def changed_members(registration: Registration, client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """The members that a change changes, as they were and as it wants them."""
    before, after = registration.metadata_before or {}, registration.metadata
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return (
        {name: before[name] for name in names if name in before},
        {"client_id": client.client_id} | {name: after[name] for name in names if name in after},
    )
