"""Initial access tokens: mint, find, spend, end. Values are shown once."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from registry import access, audit, lifecycle, policy_in_force
from registry.actors import Actor
from registry.errors import (
    Finding,
    InvalidInput,
    InvalidToken,
    IssuanceStopped,
    NotFound,
    QuotaReached,
    RoleForbids,
    StandingForbids,
)
from registry.events import Event
from registry.identifiers import digest, new_credential
from registry.models import (
    Entitlement,
    InitialAccessToken,
    Organization,
    Quota,
)
from registry.policy import uri
from registry.states import Action, Environment
from registry.whole_rows import Whole

Row = TypeVar("Row")

INITIAL_ACCESS_TOKEN_PREFIX = "pri_"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The limits of one initial access token.

    roles          names of entitlements it may draw from; None for all that the organization holds
    allowed_hosts  hosts of redirection URIs; None for every proved one
    software_id    the only software that may register; "" for any
    """

    max_uses: int = 1
    lifetime_seconds: int = 86400
    roles: Sequence[str] | None = None
    allowed_hosts: Sequence[str] | None = None
    software_id: str = ""


@dataclass(frozen=True, slots=True)
class Minted(Generic[Row]):
    """A new credential: its value, which nobody can read again, and its row."""

    value: str = field(repr=False)
    row: Row


@transaction.atomic
def issue_initial_access_token(
    organization_id: UUID,
    environment: Environment,
    ceiling: Ceiling,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> Minted[InitialAccessToken]:
    """Mint an initial access token. Raises InvalidInput, QuotaReached or StandingForbids.

    Raises RoleForbids for the operator itself: its software acts at the API, so that whoever registered it alone
    would be their own second pair of eyes.
    """
    organization = lifecycle.lock_organization(organization_id)
    if organization.is_operator:
        raise RoleForbids(
            "Software of the operator is not registered with initial access tokens.",
            fix="Let whoever runs the registry make it: manage.py create_service_client.",
        )
    standing = access.organization_standing(organization, environment)
    if not access.may_organization(standing, Action.REGISTER).allowed:
        raise StandingForbids(
            f"{organization} is {organization.state} and cannot register in {environment}.",
            fix="Approve or restore the organization first.",
        )
    _check_ceiling(organization, ceiling)
    _check_token_quota(organization, environment, now)
    value = new_credential(INITIAL_ACCESS_TOKEN_PREFIX)
    row = InitialAccessToken.objects.create(
        organization=organization,
        environment=environment,
        digest=digest(value),
        hint=value[:8],
        roles=_listed(ceiling.roles),
        allowed_hosts=_listed(ceiling.allowed_hosts),
        software_id=ceiling.software_id,
        max_uses=ceiling.max_uses,
        organization_epoch=standing.epoch,
        policy_version=policy_in_force.current().name(organization.preset),
        created_by=actor.name,
        created_at=now,
        expires_at=now + timedelta(seconds=ceiling.lifetime_seconds),
    )
    _record_initial_access_token(
        Event.INITIAL_ACCESS_TOKEN_ISSUED, row, actor, now, reason=reason, after=_ceiling_facts(row)
    )
    return Minted(value, row)


def _listed(items: Sequence[str] | None) -> list[str] | None:
    return None if items is None else list(items)


def _ceiling_facts(row: InitialAccessToken) -> dict[str, Any]:
    return {
        "max_uses": row.max_uses,
        "expires_at": row.expires_at.isoformat(),
        "roles": row.roles,
        "allowed_hosts": row.allowed_hosts,
        "software_id": row.software_id,
    }


def _check_ceiling(organization: Organization, ceiling: Ceiling) -> None:
    limit = settings.REGISTRY.initial_access_token_seconds_limit
    if not 1 <= ceiling.max_uses <= 100_000:
        raise InvalidInput("max_uses is not between 1 and 100000.", fix="Choose how often it may register.")
    if not 60 <= ceiling.lifetime_seconds <= limit:
        raise InvalidInput(f"The lifetime is not between 60 and {limit} seconds.", fix="Choose a nearer end.")
    odd = [host for host in ceiling.allowed_hosts or () if not uri.is_dns_name(host)]
    if odd:
        raise InvalidInput(findings=[_no_host(odd[0], ceiling)])
    held = set(Entitlement.objects.filter(organization=organization).values_list("role", flat=True))
    unknown = set(ceiling.roles or ()) - held
    if unknown:
        raise InvalidInput(
            f"The organization does not hold the role {min(unknown)}.", fix="Name roles that it holds."
        )


def _no_host(host: str, ceiling: Ceiling) -> Finding:
    line = list(ceiling.allowed_hosts or ()).index(host) + 1
    return Finding(
        f"allowed_hosts[{line - 1}]",
        f"The host on line {line} is no DNS name.",
        "Write each as app.example, without scheme, port and path.",
        "product.allowed_hosts",
        "RFC 1123 §2.1; RFC 5890 §2.3.2.1",
    )


def _check_token_quota(organization: Organization, environment: str, now: datetime) -> None:
    quota = Quota.objects.filter(organization=organization, environment=environment).first()
    live = InitialAccessToken.objects.filter(
        organization=organization,
        environment=environment,
        ended_at=None,
        expires_at__gt=now,
        uses__lt=F("max_uses"),
    ).count()
    if quota is None or live >= quota.initial_access_tokens:
        raise QuotaReached(
            "The organization holds as many live initial access tokens as it may.",
            fix="Revoke one, or raise the quota.",
        )


@transaction.atomic
def revoke_initial_access_token(
    token_id: UUID, *, organization_id: UUID, actor: Actor, reason: str, now: datetime
) -> InitialAccessToken:
    """End an initial access token before its time. Raises NotFound when it is not live."""
    row = _end_initial_access_token(token_id, reason, now, organization_id=organization_id)
    _record_initial_access_token(Event.INITIAL_ACCESS_TOKEN_REVOKED, row, actor, now, reason=reason)
    return row


@transaction.atomic
def expire_initial_access_token(token_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Close an initial access token whose end has come; does nothing when somebody was faster."""
    try:
        row = _end_initial_access_token(token_id, "expired", now, expires_at__lte=now)
    except NotFound:
        return
    _record_initial_access_token(Event.INITIAL_ACCESS_TOKEN_EXPIRED, row, actor, now, reason="expired")


def _end_initial_access_token(
    token_id: UUID, reason: str, now: datetime, **conditions: Any
) -> InitialAccessToken:
    rows = InitialAccessToken.objects.filter(pk=token_id, ended_at=None, **conditions)
    if not rows.update(ended_at=now, end_reason=reason[:200]):
        raise NotFound("There is no such live initial access token.")
    return InitialAccessToken.objects.select_related("organization").get(pk=token_id)


def _record_initial_access_token(
    event: Event, row: InitialAccessToken, actor: Actor, now: datetime, **facts: Any
) -> None:
    audit.record(
        event,
        organization=row.organization_id,
        environment=row.environment,
        subject=("initial_access_token", str(row.pk)),
        actor=actor,
        now=now,
        policy_version=row.policy_version,
        **facts,
    )


def find_initial_access_token(value: str, now: datetime) -> InitialAccessToken:
    """The row of a presented initial access token, spent or not, with its organization. One statement.

    Raises InvalidToken when it is unknown, ended, expired or cut off, or when its organization may not register
    now: one answer, so that the holder of a found token learns nothing. Raises IssuanceStopped while nothing is
    issued to anybody. Does not count: see `spend_initial_access_token`.
    """
    row, stopped = _initial_access_token(digest(value))
    if row is None or row.ended_at is not None or now >= row.expires_at:
        raise InvalidToken("The initial access token is not valid.", fix="Ask the registry for a new one.")
    standing = access.organization_standing(row.organization, row.environment)
    verdict = access.may_organization(standing, Action.REGISTER)
    if not verdict.allowed or row.organization_epoch != standing.epoch:
        raise InvalidToken("The initial access token is not valid.", fix="Ask the registry for a new one.")
    if stopped:
        raise IssuanceStopped
    return row


_TOKEN, _HOLDER = Whole(InitialAccessToken, "t"), Whole(Organization, "o")
_BY_DIGEST = f"""
SELECT EXISTS (SELECT FROM registry_issuancestop WHERE ended_at IS NULL), {_TOKEN.columns}, {_HOLDER.columns}
FROM registry_initialaccesstoken t JOIN registry_organization o ON o.id = t.organization_id
WHERE t.digest = %s
"""  # noqa: S608  # its parts are constants of this program


def _initial_access_token(resting: str) -> tuple[InitialAccessToken | None, bool]:
    """The token with its organization, and whether the stop switch is thrown."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_DIGEST, [resting])
        found = cursor.fetchone()
    if found is None:
        return None, False
    row = _TOKEN.row(found[1 : _TOKEN.width + 1])
    row.organization = _HOLDER.row(found[_TOKEN.width + 1 :])
    return row, bool(found[0])


_SPEND = """
UPDATE registry_initialaccesstoken SET uses = uses + 1
WHERE id = %s AND uses < max_uses AND ended_at IS NULL AND expires_at > %s
"""


def spend_initial_access_token(row: InitialAccessToken, now: datetime) -> None:
    """Count one use, atomically, in the caller's transaction. Raises InvalidToken when none is left."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEND, [row.pk, now])
        spent = cursor.rowcount
    if spent != 1:
        raise _spent()


def require_use_left(row: InitialAccessToken) -> None:
    """Raise InvalidToken when no use was left as the row was read. Counts nothing: `spend_…` has the last word."""
    if row.uses >= row.max_uses:
        raise _spent()


def _spent() -> InvalidToken:
    return InvalidToken("The initial access token is spent.", fix="Ask the registry for a new one.")


def matches(value: str, resting: str) -> bool:
    """Compare a presented value with a digest at rest, in constant time."""
    return hmac.compare_digest(digest(value), resting)
