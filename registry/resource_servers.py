"""Resource servers: who may introspect, admitted by the operator and authenticated at each call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from registry import access, audit, tokens
from registry.access import OrganizationStanding
from registry.actors import Actor, ActorKind
from registry.credentials import Minted, matches
from registry.events import Event
from registry.identifiers import digest, new_credential
from registry.models import ResourceServer
from registry.states import Action, Environment
from registry.tokens import LiveToken

PREFIX = "prs_"


@transaction.atomic
def create(
    identifier: str,
    organization_id: UUID,
    environment: Environment,
    scopes: Sequence[str],
    *,
    actor: Actor,
    now: datetime,
) -> Minted[ResourceServer]:
    """Admit a protected resource that may introspect tokens of one environment within `scopes`."""
    value = new_credential(PREFIX)
    row = ResourceServer.objects.create(
        identifier=identifier,
        organization_id=organization_id,
        environment=environment,
        scopes=list(scopes),
        digest=digest(value),
        created_at=now,
    )
    audit.record(
        Event.RESOURCE_SERVER_CREATED,
        organization=organization_id,
        environment=environment,
        subject=("resource_server", identifier),
        actor=actor,
        after={"scopes": list(scopes)},
        now=now,
    )
    return Minted(value, row)


@dataclass(frozen=True, slots=True)
class Introspector:
    """An authenticated resource server: what it may learn of."""

    identifier: str
    environment: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Known:
    """What rests of a resource server, read with the standing of its organization."""

    standing: OrganizationStanding
    scopes: Sequence[str]
    digest: str
    ended_at: datetime | None


_KNOWN = """
SELECT o.id, o.state, r.environment,
       CASE r.environment WHEN 'production' THEN o.production_contained ELSE o.sandbox_contained END,
       CASE r.environment WHEN 'production' THEN o.production_epoch ELSE o.sandbox_epoch END,
       r.scopes, r.digest, r.ended_at
FROM registry_resourceserver r JOIN registry_organization o ON o.id = r.organization_id
WHERE r.identifier = %s
"""
_KNOWN_WIDTH = 8
_ASKED = f"SELECT k.*, t.* FROM ({_KNOWN}) k LEFT JOIN ({tokens.LIVE_TOKEN}) t ON TRUE"  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and the token that is asked about; None for one that may not be used now."""

    server: Introspector
    live: LiveToken | None


def asked(identifier: str, secret: str, token: str, *, request_id: str, now: datetime) -> Asked | None:
    """Authenticate a resource server and look for the token that it asks about, in one statement.

    None without a live resource server of these credentials, or when its organization is stopped. A refusal of one
    that is known is an event, one a minute.
    """
    row = _read(identifier, token, now)
    if row is None:
        return None
    known = _Known(OrganizationStanding(*row[:5]), *row[5:_KNOWN_WIDTH])
    found = _refused_because(known, secret)
    if found:
        _record_refusal(identifier, known.standing, found, request_id, now)
        return None
    of_token = row[_KNOWN_WIDTH:]
    live = tokens.live_token_from_row(of_token, Action.INTROSPECT, now) if of_token[0] else None
    return Asked(Introspector(identifier, known.standing.environment, frozenset(known.scopes)), live)


def _read(identifier: str, token: str, now: datetime) -> Sequence[Any] | None:
    if "\x00" in identifier:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, [identifier, now, tokens.checksum(token)])
        row: Sequence[Any] | None = cursor.fetchone()
    return row


def _refused_because(known: _Known, secret: str) -> str:
    if not matches(secret, known.digest):
        return "the secret does not fit"
    if known.ended_at is not None:
        return "the resource server ended"
    allowed = access.may_organization(known.standing, Action.INTROSPECT).allowed
    return "" if allowed else "the organization may not act now"


def _record_refusal(
    identifier: str, standing: OrganizationStanding, found: str, request_id: str, now: datetime
) -> None:
    audit.record_once(
        Event.RESOURCE_SERVER_AUTHENTICATION_REFUSED,
        once=identifier,
        organization=standing.id,
        environment=standing.environment,
        subject=("resource_server", identifier),
        actor=Actor(ActorKind.SERVICE, identifier, identifier, request_id=request_id),
        reason=found,
        now=now,
    )
