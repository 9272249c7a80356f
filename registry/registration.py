"""The pipeline: evidence → effective metadata → policy → decision → client → audit, the same for every route.

Everything of one registration happens in one transaction: what is refused leaves nothing behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from registry import access, audit, credentials, facts, jwk, lifecycle
from registry.actors import Actor
from registry.client_metadata import ClientMetadata
from registry.errors import (
    Conflict,
    Finding,
    FourEyesRequired,
    InvalidClientMetadata,
    InvalidInput,
    NotFound,
    QuotaReached,
    Refusal,
    StandingForbids,
)
from registry.events import Event
from registry.identifiers import uuid7
from registry.models import Client, ClientKey, InitialAccessToken, Organization, Outcome, Registration, Review
from registry.policy import engine
from registry.policy.context import Context
from registry.states import Action, Environment, Route, State

_HOUR_SECONDS = 3600
_SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
_TOOLKIT_GRANTS = {
    "authorization_code": Client.GRANT_AUTHORIZATION_CODE,
    "client_credentials": Client.GRANT_CLIENT_CREDENTIALS,
}


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """A request to register, whatever route it came by.

    evidence     what speaks for it, as facts for the case page; never a credential's value
    token        the initial access token to spend, or None for routes without one
    valid_until  the end of a manual exception, or None
    """

    organization_id: UUID
    environment: Environment
    route: Route
    metadata: ClientMetadata
    evidence: Mapping[str, Any]
    token: InitialAccessToken | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """A client as its holder learns of it: the only time that the two values travel upward."""

    client_id: str
    state: str
    metadata: Mapping[str, Any]
    issued_at: datetime
    client_secret: str | None = field(repr=False)
    registration_access_token: str = field(repr=False)


@transaction.atomic
def register(request: RegistrationRequest, *, actor: Actor, now: datetime) -> tuple[Registered, Client]:
    """Judge and, if no rule objects, make the client with its keys, credentials, decision and event.

    Raises RegistrationRefused or QuotaReached with every finding, StandingForbids, or InvalidToken when the
    initial access token has no use left. The caller records the refusal: this transaction is gone by then.
    """
    organization = lifecycle.lock_organization(request.organization_id)
    standing = access.organization_standing(organization, request.environment)
    _may_register(organization, standing, request.token)
    if request.token is not None:
        credentials.spend_initial_access_token(request.token, now)
    context = facts.gather(
        organization,
        request.environment,
        request.metadata,
        route=request.route,
        token=request.token,
        now=now,
    )
    judgement = engine.judge(request.metadata, context)
    if (refusal := judgement.refusal()) is not None:
        raise _dated(refusal, context)
    client = _make_client(organization, request, judgement.metadata, context, now)
    _make_keys(client, judgement.metadata, now)
    _decide(organization, client, request, actor, now)
    return _equip(client, access.Epochs(standing.epoch, client.epoch), now), client


def _may_register(
    organization: Organization, standing: access.OrganizationStanding, token: InitialAccessToken | None
) -> None:
    verdict = access.may_organization(standing, Action.REGISTER)
    stale = token is not None and token.organization_epoch != standing.epoch
    if not verdict.allowed or stale:
        raise StandingForbids(
            f"The organization is {organization.state} and cannot register in {standing.environment}.",
            fix="Ask the operator of the registry.",
        )


def _dated(refusal: Refusal, context: Context) -> Refusal:
    """A quota by the hour says when to come back; policy itself has no clock."""
    if isinstance(refusal, QuotaReached) and not context.registrations_left_this_hour:
        refusal.retry_after = _HOUR_SECONDS
    return refusal


def _make_client(
    organization: Organization,
    request: RegistrationRequest,
    metadata: ClientMetadata,
    context: Context,
    now: datetime,
) -> Client:
    parameters = context.parameters
    review = _review(organization, request.environment)
    client = Client(
        organization=organization,
        environment=request.environment,
        route=request.route,
        policy_version=parameters.version,
        state=State.ACTIVE if review == Review.AUTOMATIC else State.PENDING,
        state_since=now,
        registered_at=now,
        valid_until=request.valid_until,
        require_pkce=parameters.require_pkce,
        rotate_refresh_tokens=parameters.rotate_refresh_tokens,
        assertion_audience=parameters.assertion_audience,
        access_token_seconds=parameters.access_token_seconds,
    )
    project(client, metadata)
    client.save(force_insert=True)
    return client


def project(client: Client, metadata: ClientMetadata) -> None:
    """Write effective metadata, and from it the toolkit's columns: the only place that does either."""
    public = metadata.token_endpoint_auth_method == "none"
    client.metadata = metadata.as_document()
    client.software_id = metadata.software_id or ""
    client.name = metadata.client_name or ""
    client.redirect_uris = " ".join(metadata.redirect_uris)
    client.client_type = Client.CLIENT_PUBLIC if public else Client.CLIENT_CONFIDENTIAL
    client.authorization_grant_type = _toolkit_grant(metadata.grant_types)


def _toolkit_grant(grant_types: Sequence[str]) -> str:
    """The toolkit knows one grant a client; which ones are allowed is read from the metadata instead."""
    return next((_TOOLKIT_GRANTS[name] for name in grant_types if name in _TOOLKIT_GRANTS), "")


def _make_keys(client: Client, metadata: ClientMetadata, now: datetime) -> None:
    rows = [
        ClientKey(
            client=client,
            organization_id=client.organization_id,
            kid=str(key["kid"]),
            thumbprint=jwk.thumbprint(key),
            jwk=document,
            created_at=now,
        )
        for key, document in zip(metadata.keys, _key_documents(client), strict=True)
    ]
    try:
        with transaction.atomic(savepoint=False):
            ClientKey.objects.bulk_create(rows)
    except IntegrityError as cause:
        # Somebody registered the same key between our reading and our writing.
        raise InvalidClientMetadata(findings=[_KEY_TAKEN]) from cause


_KEY_TAKEN = Finding(
    "jwks", "a key belongs to another client", "Make a new key for this client.", "K2.owner", "OWASP NHI9"
)


def _key_documents(client: Client) -> list[dict[str, Any]]:
    return list(client.metadata.get("jwks", {}).get("keys", []))


def _review(organization: Organization, environment: str) -> str:
    return str(getattr(organization, f"{environment}_review"))


def _decide(
    organization: Organization, client: Client, request: RegistrationRequest, actor: Actor, now: datetime
) -> None:
    granted = client.state == State.ACTIVE
    registration = Registration(
        id=uuid7(),
        organization=organization,
        client=client,
        environment=client.environment,
        route=client.route,
        initial_access_token=request.token,
        evidence=dict(request.evidence),
        metadata=client.metadata,
        policy_version=client.policy_version,
        review=_review(organization, client.environment),
        outcome=Outcome.APPROVED if granted else Outcome.PENDING,
        requested_by=request.token.created_by if request.token else actor.name,
        decided_by="policy" if granted else "",
        decided_at=now if granted else None,
        created_at=now,
    )
    registration.save(force_insert=True)
    _record(
        Event.REGISTRATION_GRANTED if granted else Event.REGISTRATION_AWAITS_REVIEW,
        registration,
        client,
        actor,
        now,
        after={"client_id": client.client_id, "state": client.state, "metadata": client.metadata},
    )


def _equip(client: Client, epochs: access.Epochs, now: datetime) -> Registered:
    method = client.metadata["token_endpoint_auth_method"]
    return Registered(
        client_id=client.client_id,
        state=client.state,
        metadata=client.metadata,
        issued_at=client.registered_at,
        client_secret=credentials.mint_client_secret(client, now) if method in _SECRET_METHODS else None,
        registration_access_token=credentials.mint_registration_access_token(client, epochs, now),
    )


def reequip(client_id: str, *, actor: Actor, now: datetime) -> Registered:
    """Give a client new credentials in place of those of a lost answer, which die; inside a transaction.

    Raises Conflict once one of them was used: then the answer was not lost.
    """
    client = lifecycle.lock_client(client_id)
    if credentials.any_was_used(client) or client.state not in {State.ACTIVE, State.PENDING}:
        raise Conflict(
            "This Idempotency-Key belongs to a registration whose credentials are in use.",
            fix="Use a new Idempotency-Key for a new registration.",
        )
    credentials.end_client_credentials(client, now)
    standing = access.organization_standing(client.organization, client.environment)
    registered = _equip(client, access.Epochs(standing.epoch, client.epoch), now)
    registration = client.registrations.latest("created_at")
    _record(Event.REGISTRATION_REPEATED, registration, client, actor, now, after={"client_id": client_id})
    return registered


# Decisions about what waits


@transaction.atomic
def approve(registration_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Registration:
    """Approve a waiting registration. Under four eyes the first approval only seconds it.

    Raises FourEyesRequired when the same person approves twice: whoever asked may be one of two, never both.
    """
    registration, client = _waiting(registration_id)
    _second_pair_of_eyes(registration, actor)
    if registration.review == Review.FOUR_EYES and not registration.first_approval_by:
        registration.first_approval_by = actor.name
        registration.save(force_update=True)
        _record(Event.REGISTRATION_FIRST_APPROVAL, registration, client, actor, now, reason=reason)
        return registration
    lifecycle.approve_client(client, now=now)
    return _close(registration, client, Outcome.APPROVED, Event.REGISTRATION_APPROVED, actor, reason, now)


@transaction.atomic
def reject(registration_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Registration:
    """Reject a waiting registration: its client ends and its keys are free again."""
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; the partner reads it.")
    registration, client = _waiting(registration_id)
    lifecycle.reject_client(client, reason=reason, now=now)
    return _close(registration, client, Outcome.REJECTED, Event.REGISTRATION_REJECTED, actor, reason, now)


def _waiting(registration_id: UUID) -> tuple[Registration, Client]:
    found = (
        Registration.objects.filter(pk=registration_id).values_list("client__client_id", flat=True).first()
    )
    if found is None:
        raise NotFound("There is no such registration.")
    client = lifecycle.lock_client(found)
    registration = Registration.objects.select_for_update(no_key=True).get(pk=registration_id)
    if registration.outcome != Outcome.PENDING:
        raise Conflict(f"The registration was {registration.outcome} before.", fix="Read its decision.")
    return registration, client


def _second_pair_of_eyes(registration: Registration, actor: Actor) -> None:
    if registration.review == Review.FOUR_EYES and registration.first_approval_by == actor.name:
        raise FourEyesRequired("Whoever approved it first cannot decide.", fix="Let another person approve.")


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
    _record(
        event,
        registration,
        client,
        actor,
        now,
        reason=reason,
        before={"state": State.PENDING},
        after={"state": client.state, "client_id": client.client_id},
    )
    return registration


def _record(
    event: Event, registration: Registration, client: Client, actor: Actor, now: datetime, **facts_: Any
) -> None:
    audit.record(
        event,
        organization=registration.organization_id,
        environment=registration.environment,
        subject=("registration", str(registration.pk)),
        actor=actor,
        now=now,
        policy_version=registration.policy_version,
        **facts_,
    )
