"""Registration by hand: the exception, with a reason from a list, evidence, a sponsor and an end.

`register_by_exception` is what doors call for a partner; `register` alone makes the operator's own software, which no
exception ends. An exception ends its client at `valid_until` (see `registry.expiry`) unless it is renewed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from registry import (
    access,
    audit,
    client_credentials,
    client_metadata,
    facts,
    lifecycle,
    organization_facts,
    queries,
    registration,
)
from registry.actors import Actor
from registry.errors import Conflict, InvalidInput, RoleForbids, StandingForbids
from registry.events import Event
from registry.models import Client, ManualException, RegistrationAccessToken, User
from registry.policy import engine
from registry.registration import Registered, RegistrationRequest
from registry.roles import STAFF_ROLES
from registry.states import FINAL_STATES, Action, Environment, ExceptionReason, Route, State

_invalid = organization_facts.invalid
_MOVABLE = frozenset({State.ACTIVE, State.RESTRICTED})


@dataclass(frozen=True, slots=True)
class ExceptionFacts:
    """Why a client is registered by hand.

    reason      an `ExceptionReason`
    evidence    what was seen that shows it, in words
    sponsor_id  who of the operator's staff answers for it
    ends_at     when the client expires; at most twelve months from now
    """

    reason: str
    evidence: str
    sponsor_id: UUID | None
    ends_at: datetime | None


def register_by_exception(
    organization_id: UUID,
    environment: Environment,
    document: Mapping[str, Any],
    exception: ExceptionFacts,
    *,
    actor: Actor,
    now: datetime,
) -> Registered:
    """Register a partner's client by hand, through the pipeline. Raises InvalidInput naming the fact, or a Refusal.

    Raises RoleForbids for the operator itself, whose software acts at the API: see
    `credentials.issue_initial_access_token`.
    """
    if queries.operator_id_if_founded() == organization_id:
        raise RoleForbids(
            "Software of the operator is not registered under an exception.",
            fix="Let whoever runs the registry make it: manage.py create_service_client.",
        )
    _check_facts(exception)
    ends_at, sponsor = check_end(exception.ends_at, now), _sponsor(exception.sponsor_id)
    told = {"exception": exception.reason, "sponsor": str(sponsor), "justification": exception.evidence}
    request = _request(organization_id, environment, document, told, ends_at, actor)
    request = registration.with_keys(request, now=now)
    with transaction.atomic():
        made, client = registration.register(request, actor=actor, now=now)
        ManualException.objects.create(
            client=client,
            reason=exception.reason,
            evidence=exception.evidence,
            sponsor=sponsor,
            granted_by=actor.name,
            granted_at=now,
        )
    return made


def register(
    organization_id: UUID,
    environment: Environment,
    document: Mapping[str, Any],
    *,
    justification: str,
    valid_until: datetime | None,
    actor: Actor,
    now: datetime,
) -> Registered:
    """Register a client in the name of an organization. Raises InvalidInput without a justification, or a real end."""
    if not justification.strip():
        raise InvalidInput("No justification is given.", fix="Say why no automatic route fits.")
    organization_facts.check_end("valid_until", valid_until)
    told = {"justification": justification}
    request = _request(organization_id, environment, document, told, valid_until, actor)
    return registration.register(registration.with_keys(request, now=now), actor=actor, now=now)[0]


def _request(
    organization_id: UUID,
    environment: Environment,
    document: Mapping[str, Any],
    told: Mapping[str, str],
    valid_until: datetime | None,
    actor: Actor,
) -> RegistrationRequest:
    return RegistrationRequest(
        organization_id=organization_id,
        environment=environment,
        route=Route.MANUAL,
        metadata=client_metadata.parse(document),
        evidence={**told, "by": actor.name},
        valid_until=valid_until,
    )


def carry_over(client: Client, promoted: Client, *, actor: Actor, now: datetime) -> None:
    """Let the exception of a client stand for the client that it was promoted to, too; in the caller's transaction."""
    held = ManualException.objects.filter(client=client, ended_at=None).first()
    if held is not None:
        ManualException.objects.create(
            client=promoted,
            reason=held.reason,
            evidence=held.evidence,
            sponsor_id=held.sponsor_id,
            granted_by=actor.name,
            granted_at=now,
        )


def _check_facts(exception: ExceptionFacts) -> None:
    if exception.reason not in set(ExceptionReason):
        raise _invalid(
            "reason", "is not a reason for an exception", f"Reasons: {', '.join(ExceptionReason)}."
        )
    if not exception.evidence.strip():
        raise _invalid("evidence", "says nothing", "Say what was seen that shows it.")


def _sponsor(sponsor_id: UUID | None) -> User:
    staff = User.objects.filter(role__in=STAFF_ROLES, is_active=True)
    found = staff.filter(pk=sponsor_id).first() if sponsor_id else None
    if found is None:
        raise _invalid("sponsor", "is nobody of the operator", "Name a staff person.")
    return found


def last_end(now: datetime) -> datetime:
    """The latest end that an exception may have: the end of the day (UTC) twelve months from now."""
    today = now.astimezone(UTC).date()
    return datetime.combine(_a_year_after(today) + timedelta(days=1), time(), UTC)


def _a_year_after(day: date) -> date:
    """The same day of the next year; 28 February after a 29th."""
    return day.replace(year=day.year + 1, day=min(day.day, 28) if day.month == 2 else day.day)


def check_end(ends_at: datetime | None, now: datetime) -> datetime:
    """The end of an exception. Raises InvalidInput for none, one that has passed, or one beyond twelve months."""
    if ends_at is None:
        raise _invalid("ends_at", "is not given", "An exception ends: name a day within twelve months.")
    if not now < ends_at <= last_end(now):
        fix = f"Name an instant after now and not after {last_end(now):%Y-%m-%d %H:%M} UTC."
        raise _invalid("ends_at", "is not within twelve months from now", fix)
    return ends_at


@transaction.atomic
def renew_exception(
    client_id: str, ends_at: datetime | None, *, actor: Actor, reason: str, now: datetime
) -> Client:
    """Give the exception of a client another end, within twelve months from now. Raises InvalidInput or Conflict.

    A client that expired stays suspended: from now on it can be reactivated. Nothing that died is revived.
    """
    _check_said(reason)
    client, held = _under_exception(client_id)
    before, client.valid_until = client.valid_until, check_end(ends_at, now)
    client.version += 1
    client.save(force_update=True)
    held.renewals, held.renewed_at = held.renewals + 1, now
    held.save(force_update=True)
    _record(Event.CLIENT_EXCEPTION_RENEWED, client, actor, now, reason, before=_said(before))
    return client


def _check_said(reason: str) -> None:
    if not reason.strip():
        raise _invalid("reason", "says nothing", "Say why; it is kept in the audit log.")


def _under_exception(client_id: str) -> tuple[Client, ManualException]:
    client = lifecycle.lock_client(client_id)
    held = ManualException.objects.select_for_update(no_key=True).filter(client=client, ended_at=None).first()
    if held is None or client.state in FINAL_STATES:
        raise Conflict(f"{client} stands under no exception.", fix="Only a living client made by hand does.")
    return client, held


@transaction.atomic
def move_to_dynamic(client_id: str, *, actor: Actor, reason: str, now: datetime) -> tuple[Client, str]:
    """Hand a client over to its partner, who manages it by RFC 7592: the same client_id, and no end any more.

    The second item is a registration access token, the only live one from now on, which its holder sees once.
    Secrets and keys stay. Judged like any change: raises a Refusal with findings where the rules of now object,
    Conflict for a client under no exception, StandingForbids for one that is not active.
    """
    _check_said(reason)
    client, held = _under_exception(client_id)
    standing = access.organization_standing(client.organization, client.environment)
    _check_movable(client, standing, now)
    _judge_as_dynamic(client, now)
    before, client.route, client.valid_until = client.valid_until, Route.DYNAMIC, None
    client.version += 1
    client.save(force_update=True)
    held.ended_at = now
    held.save(force_update=True)
    RegistrationAccessToken.objects.filter(client=client, ended_at=None).update(ended_at=now)
    epochs = access.Epochs(standing.epoch, client.epoch)
    value = client_credentials.mint_registration_access_token(client, epochs, now)
    was = _said(before) | {"route": Route.MANUAL}
    _record(Event.CLIENT_ROUTE_CHANGED, client, actor, now, reason, before=was)
    return client, value


def _check_movable(client: Client, standing: access.OrganizationStanding, now: datetime) -> None:
    open_now = access.may_organization(standing, Action.REGISTER).allowed
    ended = client.valid_until is not None and client.valid_until <= now
    if client.state not in _MOVABLE or ended or not open_now:
        word = "expired" if ended else client.state
        raise StandingForbids(
            f"{client} is {word}, and its organization {client.organization.state}: it cannot move now.",
            fix="Renew, reactivate or restore first.",
        )


def _judge_as_dynamic(client: Client, now: datetime) -> None:
    metadata = client_metadata.parse({**client.metadata, "client_id": client.client_id})
    here = Environment(client.environment)
    context = facts.gather(
        client.organization,
        here,
        metadata,
        route=Route.DYNAMIC,
        token=None,
        client_id=client.client_id,
        now=now,
    )
    if (refusal := engine.judge(metadata, context).refusal()) is not None:
        raise refusal


def _said(end: datetime | None) -> dict[str, str | None]:
    return {"valid_until": end.isoformat() if end else None}


def _record(
    event: Event, client: Client, actor: Actor, now: datetime, reason: str, *, before: Mapping[str, Any]
) -> None:
    audit.record(
        event,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=actor,
        reason=reason,
        before=before,
        after=_said(client.valid_until) | {"route": client.route},
        now=now,
    )
