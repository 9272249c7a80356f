"""Keys by reference, fetched again: by the sweep, and when an assertion names one that we do not have.

A set is asked for at most once a minute, whoever asks and in however many processes. What comes back is judged by the
rules about keys; one that is not accepted, or does not come, leaves the keys that we have, for a day at most.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from registry import (
    access,
    audit,
    client_rows,
    clock,
    decisions,
    facts,
    key_reuse,
    key_sets,
    lifecycle,
    loading,
)
from registry.actors import system
from registry.client_metadata import ClientMetadata
from registry.errors import Finding, InvalidClient, RegistrationRefused
from registry.events import Event
from registry.loading import ActingClient
from registry.models import Client, KeySet, Outcome
from registry.policy import engine
from registry.states import FINAL_STATES, Action

AT_MOST_EVERY = timedelta(seconds=60)
AGAIN_WHEN_STOPPED = timedelta(hours=1)

_ACTOR = system("refresh_key_sets")


def refresh_due(*, ids: Sequence[int] | None = None, limit: int, now: datetime) -> int:
    """Fetch the sets whose time has come, at most `limit`; how many were asked for by this run.

    ids  only these of them; None for any. Safe to run twice at once: each is claimed before it is fetched.
    """
    due = KeySet.objects.filter(next_fetch_at__lte=now)
    found = (due if ids is None else due.filter(pk__in=ids)).order_by("next_fetch_at")
    rows = list(found.select_related("client").exclude(client__state__in=FINAL_STATES)[:limit])
    return sum(_refresh_or_forget(row, now) for row in clock.within(clock.SWEEP_SECONDS, rows))


def acting(client: ActingClient, kid: object, now: datetime) -> ActingClient:
    """The client with keys that are fresh enough for an assertion that names `kid`.

    One statement more for a client with keys by reference, none for others. Raises InvalidClient when its keys are
    older than a day because its server does not bring others.
    """
    address = client.row.metadata.get("jwks_uri")
    row = KeySet.objects.filter(client=client.row.pk, uri=address).first() if address else None
    if row is None:
        return client
    is_stale = now - row.fetched_at >= timedelta(hours=settings.REGISTRY.key_set_stale_hours)
    is_unknown = isinstance(kid, str) and kid not in {key.jwk.get("kid") for key in client.keys}
    if (is_unknown or is_stale) and _is_allowed(client, now) and _refresh(row, now):
        return loading.acting_client(client.row.client_id, now) or client
    if is_stale:
        raise InvalidClient("the keys of the client are too old: its jwks_uri brings no others")
    return client


def _is_allowed(client: ActingClient, now: datetime) -> bool:
    return access.may(client.standing, Action.FETCH_KEYS, now).allowed


def _refresh_or_forget(row: KeySet, now: datetime) -> bool:
    if row.client.metadata.get("jwks_uri") != row.uri:
        return _forget(row, now)
    client = loading.acting_client(row.client.client_id, now)
    if client is None or not _is_allowed(client, now):
        KeySet.objects.filter(pk=row.pk).update(next_fetch_at=now + AGAIN_WHEN_STOPPED)
        return False
    _refresh(row, now)
    return True


def _forget(row: KeySet, now: datetime) -> bool:
    """A set of an address that the client names no more, unless a change that waits would name it."""
    waiting = row.client.registrations.filter(outcome=Outcome.PENDING, metadata__jwks_uri=row.uri)
    if waiting.exists():
        KeySet.objects.filter(pk=row.pk).update(next_fetch_at=now + AGAIN_WHEN_STOPPED)
    else:
        row.delete()
    return False


def _refresh(row: KeySet, now: datetime) -> bool:
    """Fetch one set and let its client have what is accepted of it; False if it was tried a moment ago, or fails."""
    free = KeySet.objects.filter(pk=row.pk, tried_at__lte=now - AT_MOST_EVERY)
    if not free.update(tried_at=now, next_fetch_at=now + AT_MOST_EVERY):
        return False
    fetched = ClientMetadata(jwks_uri=row.uri)
    try:
        fetched = key_sets.fetched(fetched)
        return _take(row, fetched, now)
    except RegistrationRefused as refusal:
        _miss(row, fetched, refusal.findings, now)
        return False


@transaction.atomic
def _take(row: KeySet, fetched: ClientMetadata, now: datetime) -> bool:
    """Raises a RegistrationRefused when a rule objects to a key."""
    client = lifecycle.lock_client(row.client.client_id)
    held = KeySet.objects.filter(pk=row.pk).first()
    if held is None or client.metadata.get("jwks_uri") != row.uri:
        return False
    keys = fetched.key_documents
    if held.keys != keys:
        _let_have(client, fetched, held, now)
    held.keys, held.fetched_at = keys, now
    held.next_fetch_at = now + timedelta(minutes=settings.REGISTRY.key_set_minutes)
    held.failing_since, held.found = None, ""
    held.save(force_update=True)
    return True


def _let_have(client: Client, fetched: ClientMetadata, held: KeySet, now: datetime) -> None:
    metadata = replace(decisions.stored(client, client.metadata), fetched_jwks=fetched.fetched_jwks)
    judgement = engine.judge(metadata, facts.gather_for(client, metadata, now), rules=engine.ABOUT_KEYS)
    if (refusal := judgement.refusal()) is not None:
        raise refusal
    client_rows.follow_keys(client, metadata, now)
    before, after = ([str(key["kid"]) for key in keys] for keys in (held.keys, metadata.key_documents))
    _record(Event.KEY_SET_CHANGED, client, now, before={"kids": before}, after={"kids": after})


@transaction.atomic
def _miss(row: KeySet, fetched: ClientMetadata, findings: Sequence[Finding], now: datetime) -> None:
    """Remember why, and come again later the longer it lasts; the first of several failures in a row is an event."""
    client = lifecycle.lock_client(row.client.client_id)
    found = "; ".join(f"{finding.member} {finding.found}" for finding in findings)[:500]
    held = KeySet.objects.get(pk=row.pk)
    if held.failing_since is None or held.found != found:
        _record(Event.KEY_SET_MISSED, client, now, reason=found, after={"jwks_uri": row.uri})
    held.failing_since, held.found = held.failing_since or now, found
    longest = timedelta(minutes=settings.REGISTRY.key_set_minutes)
    held.next_fetch_at = now + min(max(now - held.failing_since, AT_MOST_EVERY), longest)
    held.save(force_update=True)
    document = {"jwks": {"keys": fetched.key_documents}}
    key_reuse.tell(findings, document, organization_id=client.organization_id, actor=_ACTOR, now=now)


def _record(event: Event, client: Client, now: datetime, **told: Any) -> None:
    audit.record(
        event,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=_ACTOR,
        now=now,
        **told,
    )
