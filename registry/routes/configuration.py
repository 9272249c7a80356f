"""The client configuration endpoint (RFC 7592): one client, by its registration access token."""

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from registry import (
    audit,
    client_credentials,
    client_metadata,
    key_reuse,
    key_sets,
    lifecycle,
    networks,
    queries,
    rate,
    registration,
    strict_json,
    updates,
)
from registry.actors import Actor, ActorKind
from registry.client_credentials import Holder, MintedSecret
from registry.errors import (
    CredentialMissing,
    Finding,
    InvalidClientMetadata,
    InvalidToken,
    RateExceeded,
    Refusal,
)
from registry.events import Event
from registry.models import Client
from registry.policy.presets import PRESETS, Rotation
from registry.rate import Bucket
from registry.registration import Registered
from registry.states import Action, Cell, State

_ROTATES_ON_READ = frozenset({Rotation.ON_READ_AND_UPDATE})
_ROTATES_ON_UPDATE = frozenset({Rotation.ON_READ_AND_UPDATE, Rotation.ON_UPDATE})


@dataclass(frozen=True, slots=True)
class ConfigurationCall:
    """One request to the configuration endpoint of `client_id`, before anything of it is believed.

    bearer  the value after `Bearer `, or None without an Authorization header
    source  the caller's network address, for refusals without a credential
    """

    client_id: str
    bearer: str | None
    source: str
    request_id: str
    content_type: str | None = None
    body: bytes = b""


def read(call: ConfigurationCall, *, now: datetime) -> Registered:
    """What is registered (RFC 7592 §2.1). Raises a Refusal.

    Secrets rest as digests, so that none is told again; one that is due is made and told.
    """
    holder = _holder(call, Action.READ_REGISTRATION, now)
    client = holder.client
    if not (_is_due(client, holder, _ROTATES_ON_READ, now) or client_credentials.secret_is_due(client, now)):
        return _registered(client, call.bearer or "")
    with transaction.atomic():
        client = lifecycle.lock_client(call.client_id)
        holder = _again(call, Action.READ_REGISTRATION, now)
        return _told(client, holder, call, _ROTATES_ON_READ, now)


def replace(call: ConfigurationCall, *, now: datetime) -> Registered:
    """Replace the metadata (RFC 7592 §2.2) and tell what is in force then. Raises a Refusal, recorded by then."""
    holder = _holder(call, Action.WRITE_REGISTRATION, now)
    document: Mapping[str, strict_json.Json] = {}
    try:
        document = _document(call)
        return _replace(call, document, _fetched(holder.client, document, now), now)
    except Refusal as refusal:
        _record_refusal(refusal, document, holder, call, now)
        raise


def delete(call: ConfigurationCall, *, now: datetime) -> None:
    """Deregister the client (RFC 7592 §2.3): everything of it is dead once this returns. Raises a Refusal."""
    _holder(call, Action.DELETE_REGISTRATION, now)
    with transaction.atomic():
        lifecycle.lock_client(call.client_id)
        holder = _again(call, Action.DELETE_REGISTRATION, now)
        actor, reason = _actor(holder, call), "deregistered by the holder of its registration access token"
        client = lifecycle.deregister_client(call.client_id, actor=actor, reason=reason, now=now)
        client_credentials.end_client_credentials(client, now)


def _holder(call: ConfigurationCall, action: Action, now: datetime) -> Holder:
    """Who asks, within the rates; use is noted. Nothing is locked for somebody who is refused here."""
    try:
        if call.bearer is None:
            raise CredentialMissing(
                "The registration access token is missing.", fix="Send it as a bearer token."
            )
        holder = client_credentials.find_holder(call.bearer, call.client_id, action, now)
    except (CredentialMissing, InvalidToken) as refusal:
        _record_stranger(refusal, call, now)
        raise
    _keep_to_rates(holder, call, now)
    client_credentials.note_holder(holder, now)
    return holder


def _again(call: ConfigurationCall, action: Action, now: datetime) -> Holder:
    """The same question with the client locked: whoever contained it meanwhile wins."""
    return client_credentials.find_holder(call.bearer or "", call.client_id, action, now)


def _keep_to_rates(holder: Holder, call: ConfigurationCall, now: datetime) -> None:
    limits = settings.REGISTRY
    buckets = (
        Bucket("client", f"configure:{holder.client_id}", limits.registrations_per_minute_of_token),
        Bucket("all", "configure:all", limits.registrations_per_minute),
    )
    try:
        rate.spend(buckets, now)
    except RateExceeded as refusal:
        _record_flood(refusal, holder, call, now)
        raise


def _document(call: ConfigurationCall) -> Mapping[str, strict_json.Json]:
    limits = settings.REGISTRY
    strict_json.require_media_type(call.content_type)
    return strict_json.read(
        call.body, max_bytes=limits.registration_body_bytes, max_depth=limits.registration_body_depth
    )


def _fetched(
    client: Client, document: Mapping[str, strict_json.Json], now: datetime
) -> Mapping[str, object] | None:
    """The keys at the new `jwks_uri` of a document, before anything is locked; None where it names no new one.

    Raises what the rules object to without them, and then fetches nothing.
    """
    if document.get("jwks_uri") is None:
        return None
    metadata = client_metadata.parse({name: value for name, value in document.items() if name not in _OURS})
    if not metadata.awaits_keys or metadata.jwks_uri == client.metadata.get("jwks_uri"):
        return None
    updates.refuse_early(client, metadata, now)
    return key_sets.fetched(metadata).fetched_jwks


@transaction.atomic
def _replace(
    call: ConfigurationCall,
    document: Mapping[str, strict_json.Json],
    fetched: Mapping[str, object] | None,
    now: datetime,
) -> Registered:
    client = lifecycle.lock_client(call.client_id)
    holder = _again(call, Action.WRITE_REGISTRATION, now)
    metadata = client_metadata.parse(_without_ours(document, client, call, now))
    metadata = key_sets.held(client, dataclasses.replace(metadata, fetched_jwks=fetched))
    updates.replace_metadata(
        client,
        metadata,
        evidence={"ignored_members": list(metadata.ignored)},
        actor=_actor(holder, call),
        now=now,
        keys_only=holder.cell is Cell.REDUCED,
    )
    return _told(client, holder, call, _ROTATES_ON_UPDATE, now)


def _without_ours(
    document: Mapping[str, strict_json.Json], client: Client, call: ConfigurationCall, now: datetime
) -> dict[str, strict_json.Json]:
    """The document without the members that only we set, where they are as we hold them.

    Raises InvalidClientMetadata where they differ. Source: RFC 7592 §2.2, docs/divergences.md.
    """
    ours = {name: value for name, value in document.items() if name in _OURS and value is not None}
    held = _held(client, call, now) if ours else {}
    odd = [name for name, value in ours.items() if not _is_held(name, value, held)]
    if odd:
        raise InvalidClientMetadata(findings=[_not_ours(name) for name in sorted(odd)])
    return {name: value for name, value in document.items() if name not in _OURS}


_OURS = frozenset(
    {
        "client_id_issued_at",
        "client_secret",
        "client_secret_expires_at",
        "pending_change",
        "registration_access_token",
        "registration_client_uri",
        "registration_state",
    }
)


def _held(client: Client, call: ConfigurationCall, now: datetime) -> dict[str, Any]:
    secrets = client_credentials.held_secrets(client, now)
    return {
        "client_secret": secrets,
        "client_id_issued_at": int(client.registered_at.timestamp()),
        "client_secret_expires_at": registration.seconds(secrets[0].expires_at) if secrets else None,
        "pending_change": registration.pending_change(client),
        "registration_access_token": call.bearer,
        "registration_client_uri": registration.configuration_address(client.client_id),
        "registration_state": client.state if client.state != State.ACTIVE else None,
    }


def _is_held(name: str, value: Any, held: Mapping[str, Any]) -> bool:
    if name == "client_secret":
        return isinstance(value, str) and any(secret.is_of(value) for secret in held[name])
    return type(value) is type(held[name]) and value == held[name]


def _not_ours(member: str) -> Finding:
    return Finding(
        member,
        "is set by the server alone, and is not what it holds",
        "Leave it out, or send it as it was received.",
        "P1.protected",
        "RFC 7592 §2.2",
    )


def _told(
    client: Client, holder: Holder, call: ConfigurationCall, rotating: frozenset[Rotation], now: datetime
) -> Registered:
    secret = client_credentials.renewed_secret(client, now)
    token = call.bearer or ""
    if _is_due(client, holder, rotating, now):
        actor = _actor(holder, call)
        token = client_credentials.rotate_registration_access_token(client, holder, actor=actor, now=now)
    return _registered(client, token, secret)


def _registered(client: Client, token: str, secret: MintedSecret | None = None) -> Registered:
    told = registration.registered(client, token, secret)
    return dataclasses.replace(told, pending_change=registration.pending_change(client))


def _is_due(client: Client, holder: Holder, rotating: frozenset[Rotation], now: datetime) -> bool:
    """Whether this call brings another registration access token."""
    parameters = PRESETS[client.organization.preset]
    rotation = parameters.registration_access_token_rotation
    if holder.standing.issuing_stopped:
        return False
    if rotation is Rotation.BY_AGE:
        return now - holder.created_at >= timedelta(days=parameters.registration_access_token_days)
    return rotation in rotating


def _actor(holder: Holder, call: ConfigurationCall) -> Actor:
    label = f"registration access token of {holder.client_id}"
    return Actor(ActorKind.CREDENTIAL, str(holder.token_id), label, request_id=call.request_id)


def _record_refusal(
    refusal: Refusal,
    document: Mapping[str, strict_json.Json],
    holder: Holder,
    call: ConfigurationCall,
    now: datetime,
) -> None:
    organization = holder.standing.organization.id
    with transaction.atomic():
        audit.record(
            Event.CHANGE_REFUSED,
            organization=organization,
            environment=holder.standing.organization.environment,
            subject=("client", holder.client_id),
            actor=_actor(holder, call),
            reason=refusal.found or type(refusal).__name__,
            after={
                "refusal": type(refusal).__name__,
                "findings": [asdict(finding) for finding in refusal.findings],
            },
            now=now,
        )
        key_reuse.tell(
            refusal.findings, document, organization_id=organization, actor=_actor(holder, call), now=now
        )


def _record_flood(refusal: RateExceeded, holder: Holder, call: ConfigurationCall, now: datetime) -> None:
    audit.record_once(
        Event.CHANGE_REFUSED,
        once=holder.client_id,
        organization=holder.standing.organization.id,
        environment=holder.standing.organization.environment,
        subject=("client", holder.client_id),
        actor=_actor(holder, call),
        reason=refusal.found,
        after={"refusal": type(refusal).__name__},
        now=now,
    )


def _record_stranger(refusal: Refusal, call: ConfigurationCall, now: datetime) -> None:
    """Without a valid credential: one event for each network and minute, under the operator once that is founded."""
    operator = queries.operator_id_if_founded()
    if operator is None:
        return
    audit.record_once(
        Event.CHANGE_REFUSED,
        once=networks.network(call.source),
        organization=operator,
        subject=("source", call.source),
        actor=Actor(ActorKind.SOURCE, call.source, call.source, request_id=call.request_id),
        reason=refusal.found,
        after={"refusal": type(refusal).__name__},
        now=now,
    )
