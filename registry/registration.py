"""The pipeline: evidence → effective metadata → policy → decision → client → audit, the same for every route.

Everything of one registration happens in one transaction: what is refused leaves nothing behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from registry import (
    access,
    client_credentials,
    client_rows,
    credentials,
    decisions,
    facts,
    key_sets,
    lifecycle,
    logos,
    rows,
)
from registry.actors import Actor
from registry.client_credentials import MintedSecret
from registry.client_metadata import ClientMetadata
from registry.errors import (
    Conflict,
    QuotaReached,
    Ration,
    Refusal,
    StandingForbids,
)
from registry.events import Event
from registry.identifiers import uuid7
from registry.models import Client, InitialAccessToken, Organization, Outcome, Registration, Review
from registry.policy import engine
from registry.policy.context import Context
from registry.states import Action, Environment, Route, State, Verb

_HOUR_SECONDS = 3600


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
    """A client as its holder learns of it: the only time that the two values travel upward.

    client_secret             a new one; None where there is none, or its holder has it already
    client_secret_expires_at  None for one without an end
    pending_change            `id` and `reasons` of a change that waits for a decision
    rations                   what is left of the allowances that the call has spent from, where it has some
    """

    client_id: str
    state: str
    metadata: Mapping[str, Any]
    issued_at: datetime
    client_secret: str | None = field(repr=False)
    registration_access_token: str = field(repr=False)
    client_secret_expires_at: datetime | None = None
    pending_change: Mapping[str, Any] | None = None
    rations: tuple[Ration, ...] = ()


def configuration_address(client_id: str) -> str:
    """Where the holder of a client manages it: `registration_client_uri` (RFC 7592 §3)."""
    return f"{settings.REGISTRY.issuer}/register/{client_id}"


def seconds(instant: datetime | None) -> int:
    """An end as registration tells it: seconds since 1970, 0 for none (RFC 7591 §3.2.1)."""
    return int(instant.timestamp()) if instant else 0


def pending_change(client: Client) -> dict[str, Any] | None:
    """Our extension member: `id` and `reasons` of the change that waits, None without one."""
    waiting = decisions.waiting_for(client)
    if waiting is None or waiting.verb != Verb.REPLACE:
        return None
    return {"id": str(waiting.pk), "reasons": [f"{risk['member']} {risk['why']}" for risk in waiting.risks]}


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
    client = _new_client(organization, request, judgement.metadata, context, now)
    decision = _decision(organization, client, request, actor, now)
    decision.monitored = engine.uncounted(judgement)
    held = _new_credentials(client, access.Epochs(standing.epoch, client.epoch), now)
    with client_rows.no_key_taken():
        rows.insert(client, *client_rows.new_keys(client, judgement.metadata, now), decision, *held.rows)
    key_sets.keep(client, judgement.metadata, now)
    if judgement.metadata.logo_uri is not None:
        logos.follow(client, judgement.metadata, now)
    _record_decision(decision, client, actor, now)
    return registered(client, held.token, held.secret), client


def with_keys(request: RegistrationRequest, *, now: datetime) -> RegistrationRequest:
    """The same request with the keys of its `jwks_uri`, if it has one, which are fetched now.

    First it is judged by all that can be said without them: whoever may not register makes nobody connect anywhere.
    Called before the transaction of `register`, which judges all of it. Raises what that raises.
    """
    if not request.metadata.awaits_keys:
        return request
    if request.token is not None:
        credentials.require_use_left(request.token)
    organization = Organization.objects.get(pk=request.organization_id)
    _may_register(
        organization, access.organization_standing(organization, request.environment), request.token
    )
    context = facts.gather(
        organization,
        request.environment,
        request.metadata,
        route=request.route,
        token=request.token,
        now=now,
    )
    refusal = engine.judge(request.metadata, context, rules=engine.BEFORE_FETCH).refusal()
    if refusal is not None:
        raise _dated(refusal, context)
    return replace(request, metadata=key_sets.fetched(request.metadata))


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


def _new_client(
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
    client_rows.project(client, metadata)
    return client


def _review(organization: Organization, environment: str) -> str:
    return str(getattr(organization, f"{environment}_review"))


def _decision(
    organization: Organization, client: Client, request: RegistrationRequest, actor: Actor, now: datetime
) -> Registration:
    granted = client.state == State.ACTIVE
    return Registration(
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


def _record_decision(decision: Registration, client: Client, actor: Actor, now: datetime) -> None:
    granted = decision.outcome == Outcome.APPROVED
    event = Event.REGISTRATION_GRANTED if granted else Event.REGISTRATION_AWAITS_REVIEW
    told: dict[str, Any] = {"client_id": client.client_id, "state": client.state, "metadata": client.metadata}
    told |= {"monitored": decision.monitored} if decision.monitored else {}
    decisions.record(event, decision, actor, now, after=told)


@dataclass(frozen=True, slots=True)
class _Credentials:
    """What the holder of a client is told, and the rows of it that are still to be written."""

    token: str = field(repr=False)
    secret: MintedSecret | None
    rows: tuple[Model, ...]


def _new_credentials(client: Client, epochs: access.Epochs, now: datetime) -> _Credentials:
    token, token_row = client_credentials.new_registration_access_token(client, epochs, now)
    if not client_credentials.needs_secret(client):
        return _Credentials(token, None, (token_row,))
    secret, secret_row = client_credentials.new_client_secret(client, now)
    return _Credentials(token, secret, (token_row, secret_row))


def registered(client: Client, token: str, secret: MintedSecret | None = None) -> Registered:
    """What the holder is told of a client as it stands."""
    return Registered(
        client_id=client.client_id,
        state=client.state,
        metadata=client.metadata,
        issued_at=client.registered_at,
        client_secret=secret.value if secret else None,
        client_secret_expires_at=secret.expires_at if secret else None,
        registration_access_token=token,
    )


def reequip(client_id: str, *, actor: Actor, now: datetime) -> Registered:
    """Give a client new credentials in place of those of a lost answer, which die; inside a transaction.

    Raises Conflict once one of them was used: then the answer was not lost.
    """
    client = lifecycle.lock_client(client_id)
    if client_credentials.any_was_used(client) or client.state not in {State.ACTIVE, State.PENDING}:
        raise Conflict(
            "This Idempotency-Key belongs to a registration whose credentials are in use.",
            fix="Use a new Idempotency-Key for a new registration.",
        )
    client_credentials.end_client_credentials(client, now)
    standing = access.organization_standing(client.organization, client.environment)
    held = _new_credentials(client, access.Epochs(standing.epoch, client.epoch), now)
    rows.insert(*held.rows)
    registration = client.registrations.latest("created_at")
    decisions.record(Event.REGISTRATION_REPEATED, registration, actor, now, after={"client_id": client_id})
    return registered(client, held.token, held.secret)
