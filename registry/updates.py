"""Other metadata for a client that is there: judged whole, applied at once when harmless, else kept for a decision.

The same for everybody who may change a client: the holder of its registration access token, people of its
organization, later what re-reads a document or a trust chain. A change replaces all of the metadata, and is judged as
the state that would be in force (RFC 7592 §2.2: replace, never merge).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from registry import client_credentials, client_rows, decisions, facts, jwk, key_sets, lifecycle, rows
from registry.actors import Actor
from registry.client_metadata import Change, ClientMetadata
from registry.decisions import Judged, judged, stored
from registry.errors import NotFound, StandingForbids
from registry.events import Event
from registry.identifiers import uuid7
from registry.models import Client, Outcome, Registration, Review
from registry.policy import engine
from registry.policy.changes import Risk, risks
from registry.states import State, Verb

UNDO_WINDOW = timedelta(hours=24)


def replace_metadata(
    client: Client,
    metadata: ClientMetadata,
    *,
    evidence: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    reason: str = "",
    keys_only: bool = False,
) -> Registration | None:
    """Let a locked client have other metadata, in the caller's transaction; None when nothing differs.

    What came back is applied (`approved`) or waits (`pending`): the client then goes on as it was. A change that waited
    before is withdrawn, whatever comes of this one. A client that nobody decided on yet has its request amended: then
    the decision is about the new metadata, and a first approval has to be given anew.

    reason     in the words of whoever asks; kept with the event
    keys_only  refuse everything but other keys, which is what a restricted client may still change
    Raises a RegistrationRefused with every finding, or StandingForbids.
    """
    before = stored(client, client.metadata)
    result = judged(client, metadata, now)
    after = result.metadata
    changes = before.diff(after)
    if keys_only and any(change.member != "jwks" for change in changes):
        raise StandingForbids("A restricted client changes its keys alone.", fix="Send the rest as it is.")
    if client.state == State.PENDING:
        return _amend(client, after, changes, actor, now)
    decisions.withdraw_waiting(client, actor, "another change took its place", now)
    if not changes:
        return None
    key_sets.keep(client, after, now)
    registration = _registration(client, before, result, evidence, actor, now)
    if registration.outcome == Outcome.PENDING:
        return _keep(Event.CHANGE_AWAITS_REVIEW, registration, client, actor, reason, now)
    _apply(registration, client, after, now)
    return _keep(Event.CHANGE_APPLIED, registration, client, actor, reason, now)


def refuse_early(client: Client, metadata: ClientMetadata, now: datetime) -> None:
    """Raise what the rules object to before anything is fetched. Locks nothing; all is judged again afterwards."""
    context = facts.gather_for(client, metadata, now)
    refusal = engine.judge(metadata, context, rules=engine.BEFORE_FETCH).refusal()
    if refusal is not None:
        raise refusal


def _amend(
    client: Client, after: ClientMetadata, changes: Sequence[Change], actor: Actor, now: datetime
) -> Registration | None:
    if not changes:
        return None
    key_sets.keep(client, after, now)
    registration = client.registrations.get(outcome=Outcome.PENDING)
    client_rows.replace(client, after, now)
    registration.metadata, registration.first_approval_by = client.metadata, ""
    registration.save(force_update=True)
    decisions.record(
        Event.CHANGE_AMENDED,
        registration,
        actor,
        now,
        before={change.member: change.before for change in changes if change.before is not None},
        after={change.member: change.after for change in changes if change.after is not None},
    )
    return registration


def _registration(
    client: Client,
    before: ClientMetadata,
    after: Judged,
    evidence: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> Registration:
    found = risks(before, after.metadata)
    review = str(getattr(client.organization, f"{client.environment}_review"))
    return Registration(
        id=uuid7(),
        organization=client.organization,
        client=client,
        environment=client.environment,
        route=client.route,
        verb=Verb.REPLACE,
        evidence=dict(evidence),
        metadata=after.metadata.as_document(),
        metadata_before=client.metadata,
        risks=[asdict(risk) for risk in found],
        monitored=after.monitored,
        policy_version=after.policy_version,
        review=review,
        outcome=_outcome(found, review),
        requested_by=actor.name,
        created_at=now,
    )


def _outcome(found: Sequence[Risk], review: str) -> Outcome:
    """Where policy alone decides about new clients, it decides about changes too."""
    return Outcome.PENDING if found and review != Review.AUTOMATIC else Outcome.APPROVED


def _apply(registration: Registration, client: Client, after: ClientMetadata, now: datetime) -> None:
    client_rows.replace(client, after, now)
    registration.decided_by, registration.decided_at = "policy", now
    registration.undo_until = now + UNDO_WINDOW


def _keep(
    event: Event, registration: Registration, client: Client, actor: Actor, reason: str, now: datetime
) -> Registration:
    rows.insert(registration)
    before, after = decisions.changed_members(registration, client)
    told = after | {"risks": registration.risks}
    told |= {"monitored": registration.monitored} if registration.monitored else {}
    decisions.record(event, registration, actor, now, reason=reason, before=before, after=told)
    return registration


# Keys, one at a time: for people, who do not send whole documents


@transaction.atomic
def add_key(
    client_id: str, key: Mapping[str, Any], *, actor: Actor, reason: str, now: datetime
) -> Registration | None:
    """Announce one more public key of a client that has keys by value.

    Raises a RegistrationRefused; InvalidInput without a reason; StandingForbids when the client is stopped or ended.
    """
    client = _client_to_write(client_id, reason, now)
    return _change_keys(client, [*_keys(client), dict(key)], actor, reason, now)


@transaction.atomic
def retire_key(
    client_id: str, thumbprint: str, *, actor: Actor, reason: str, now: datetime
) -> Registration | None:
    """Take one key out of use; it still belongs to its client.

    Raises NotFound; a RegistrationRefused for the last; InvalidInput and StandingForbids as `add_key` does.
    """
    client = _client_to_write(client_id, reason, now)
    keys = _keys(client)
    kept = [key for key in keys if jwk.thumbprint(key) != thumbprint]
    if len(kept) == len(keys):
        raise NotFound("There is no such key.")
    return _change_keys(client, kept, actor, reason, now)


def _client_to_write(client_id: str, reason: str, now: datetime) -> Client:
    client = lifecycle.lock_client(client_id)
    client_credentials.standing_to_write(client, reason, now)
    return client


def _keys(client: Client) -> list[dict[str, Any]]:
    return list(client.metadata.get("jwks", {}).get("keys", []))


def _change_keys(
    client: Client, keys: Sequence[Mapping[str, Any]], actor: Actor, reason: str, now: datetime
) -> Registration | None:
    document = {**client.metadata, "jwks": {"keys": [dict(key) for key in keys]}}
    evidence = {"by": actor.name, "justification": reason}
    return replace_metadata(
        client, stored(client, document), evidence=evidence, actor=actor, reason=reason, now=now
    )
