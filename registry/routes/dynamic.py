"""OAuth Dynamic Client Registration behind an initial access token (RFC 7591 §3)."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from registry import (
    audit,
    client_metadata,
    credentials,
    key_reuse,
    lifecycle,
    networks,
    queries,
    rate,
    registration,
    strict_json,
)
from registry.actors import Actor, ActorKind
from registry.errors import Conflict, CredentialMissing, InvalidToken, RateExceeded, Ration, Refusal
from registry.events import Event
from registry.identifiers import digest
from registry.models import IdempotentRegistration, InitialAccessToken
from registry.rate import Bucket
from registry.registration import Registered, RegistrationRequest
from registry.states import Environment, Route

_EVERYBODY = "all"  # the allowance that every caller shares
MINIMUM_KEY_CHARACTERS = 22  # 128 bit in base64url
MAXIMUM_NAME_CHARACTERS = 120  # of a name that was refused


@dataclass(frozen=True, slots=True)
class RegistrationCall:
    """One POST to the registration endpoint, before anything of it is believed.

    bearer           the value after `Bearer `, or None without an Authorization header
    source           the caller's network address, for refusals without a credential
    """

    bearer: str | None
    content_type: str | None
    body: bytes
    idempotency_key: str | None
    source: str
    request_id: str


def register(call: RegistrationCall, *, now: datetime) -> Registered:
    """Answer one registration call. Raises a Refusal, which has been recorded by then."""
    token = _token(call, now)
    actor = Actor(
        ActorKind.CREDENTIAL, str(token.pk), f"initial access token {token.hint}", request_id=call.request_id
    )
    rations = _keep_to_rates(token, actor, now)
    document: Mapping[str, strict_json.Json] = {}
    try:
        document = _document(call)
        return replace(_register(call, document, token, actor, now), rations=rations)
    except Refusal as refusal:
        refusal.rations = rations
        _record_refusal(refusal, document, token, actor, now)
        raise


def _token(call: RegistrationCall, now: datetime) -> InitialAccessToken:
    try:
        if call.bearer is None:
            raise CredentialMissing(
                "Registration needs an initial access token.", fix="Send it as a bearer token."
            )
        return credentials.find_initial_access_token(call.bearer, now)
    except (CredentialMissing, InvalidToken) as refusal:
        _record_stranger(refusal, call, now)
        raise


def _keep_to_rates(token: InitialAccessToken, actor: Actor, now: datetime) -> tuple[Ration, ...]:
    """Spend one attempt of the token, its organization and everybody; a flood leaves one event a minute."""
    limits = settings.REGISTRY
    holder = f"{token.organization_id}:{token.environment}"
    buckets = (
        Bucket("token", f"register:token:{token.pk}", limits.registrations_per_minute_of_token),
        Bucket("organization", f"register:{holder}", limits.registrations_per_minute_of_organization),
        Bucket(_EVERYBODY, "register:all", limits.registrations_per_minute),
    )
    try:
        return _told(rate.spend(buckets, now))
    except RateExceeded as refusal:
        refusal.rations = _told(refusal.rations)
        _record_flood(refusal, token, actor, now)
        raise


def _told(rations: tuple[Ration, ...]) -> tuple[Ration, ...]:
    """Those of the caller's own: how busy everybody together is, is nobody's matter."""
    return tuple(ration for ration in rations if ration.name != _EVERYBODY)


def _document(call: RegistrationCall) -> Mapping[str, strict_json.Json]:
    limits = settings.REGISTRY
    strict_json.require_media_type(call.content_type)
    return strict_json.read(
        call.body, max_bytes=limits.registration_body_bytes, max_depth=limits.registration_body_depth
    )


def _register(
    call: RegistrationCall,
    document: Mapping[str, strict_json.Json],
    token: InitialAccessToken,
    actor: Actor,
    now: datetime,
) -> Registered:
    metadata = client_metadata.parse(document)
    request = _request(token, metadata)
    if call.idempotency_key is None:
        return registration.register(registration.with_keys(request, now=now), actor=actor, now=now)[0]
    if _earlier(token, call.idempotency_key, now) is None:
        request = registration.with_keys(request, now=now)
    return _register_once(call, call.idempotency_key, token, request, actor, now)


def _request(token: InitialAccessToken, metadata: client_metadata.ClientMetadata) -> RegistrationRequest:
    return RegistrationRequest(
        organization_id=token.organization_id,
        environment=Environment(token.environment),
        route=Route.DYNAMIC,
        metadata=metadata,
        evidence={
            "initial_access_token": str(token.pk),
            "hint": token.hint,
            "issued_by": token.created_by,
            "ignored_members": list(metadata.ignored),
        },
        token=token,
    )


@transaction.atomic
def _register_once(
    call: RegistrationCall,
    key: str,
    token: InitialAccessToken,
    request: RegistrationRequest,
    actor: Actor,
    now: datetime,
) -> Registered:
    """The same key and body within 24 h name the same client; its credentials are issued anew.

    The organization's row is locked first, so that two equal calls at once find one another.
    """
    if len(key) < MINIMUM_KEY_CHARACTERS or len(key) > 255 or not key.isascii():
        raise Conflict(
            "The Idempotency-Key is not 22 to 255 ASCII characters.", fix="Send 128 random bits or more."
        )
    lifecycle.lock_organization(token.organization_id)
    earlier = _earlier(token, key, now)
    if earlier is None:
        registered, client = registration.register(request, actor=actor, now=now)
        _remember(token, key, call.body, client, now)
        return registered
    credentials.find_initial_access_token(
        call.bearer or "", now
    )  # it may have ended while we waited for the row
    if earlier.body_digest != _body_digest(call.body):
        raise Conflict(
            "This Idempotency-Key was used with another body.", fix="Use a new key for a new registration."
        )
    return registration.reequip(earlier.client.client_id, actor=actor, now=now)


def _earlier(token: InitialAccessToken, key: str, now: datetime) -> IdempotentRegistration | None:
    return (
        IdempotentRegistration.objects.select_related("client")
        .filter(
            initial_access_token=token,
            key_digest=digest(key),
            created_at__gt=now - timedelta(seconds=settings.REGISTRY.idempotency_seconds),
        )
        .first()
    )


def _remember(token: InitialAccessToken, key: str, body: bytes, client: Any, now: datetime) -> None:
    IdempotentRegistration.objects.filter(initial_access_token=token, key_digest=digest(key)).delete()
    IdempotentRegistration(
        initial_access_token=token,
        key_digest=digest(key),
        body_digest=_body_digest(body),
        client=client,
        created_at=now,
    ).save(force_insert=True)


def _body_digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _record_refusal(
    refusal: Refusal,
    document: Mapping[str, strict_json.Json],
    token: InitialAccessToken,
    actor: Actor,
    now: datetime,
) -> None:
    """One event for each attempt with a valid credential, in full: this is what staff read.

    It carries the name that the software gave itself, if the body could be read that far.
    """
    name = document.get("client_name")
    with transaction.atomic():
        audit.record(
            Event.REGISTRATION_REFUSED,
            organization=token.organization_id,
            environment=token.environment,
            subject=("initial_access_token", str(token.pk)),
            actor=actor,
            reason=refusal.found or type(refusal).__name__,
            after={
                "refusal": type(refusal).__name__,
                "findings": [asdict(finding) for finding in refusal.findings],
            }
            | ({"client_name": _harmless(name)} if isinstance(name, str) else {}),
            policy_version=token.policy_version,
            now=now,
        )
        key_reuse.tell(
            refusal.findings, document, organization_id=token.organization_id, actor=actor, now=now
        )


def _harmless(name: str) -> str:
    """A name that nobody judged yet, as far as it can be shown: NFC, one line, no control or direction of its own."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in name[:MAXIMUM_NAME_CHARACTERS])
    return unicodedata.normalize("NFC", shown)


def _record_flood(refusal: RateExceeded, token: InitialAccessToken, actor: Actor, now: datetime) -> None:
    audit.record_once(
        Event.REGISTRATION_REFUSED,
        once=str(token.pk),
        organization=token.organization_id,
        environment=token.environment,
        subject=("initial_access_token", str(token.pk)),
        actor=actor,
        reason=refusal.found,
        after={"refusal": type(refusal).__name__},
        now=now,
    )


def _record_stranger(refusal: Refusal, call: RegistrationCall, now: datetime) -> None:
    """Without a valid credential: one event for each network and minute, under the operator once that is founded."""
    operator = queries.operator_id_if_founded()
    if operator is None:
        return
    audit.record_once(
        Event.REGISTRATION_REFUSED,
        once=networks.network(call.source),
        organization=operator,
        subject=("source", call.source),
        actor=Actor(ActorKind.SOURCE, call.source, call.source, request_id=call.request_id),
        reason=refusal.found,
        after={"refusal": type(refusal).__name__},
        now=now,
    )
