"""Token rows: codes, access and refresh tokens. Values rest as SHA-256; validity compares epochs, not clocks.

Whoever issues passes the `Standing` it read with the client; the row carries those epochs, so that what is
inserted after a containment committed is dead on arrival.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from registry import access, audit, token_rows
from registry.access import Epochs, Standing
from registry.actors import Actor
from registry.events import Event
from registry.identifiers import new_credential
from registry.models import AccessToken, Client, Grant, RefreshToken
from registry.states import Action
from registry.token_rows import HeldRefreshToken

ACCESS_TOKEN_PREFIX = "cat_"
REFRESH_TOKEN_PREFIX = "crt_"


def new_access_token(request: Any = None) -> str:
    return new_credential(ACCESS_TOKEN_PREFIX)


def new_refresh_token(request: Any = None) -> str:
    return new_credential(REFRESH_TOKEN_PREFIX)


def checksum(value: str) -> str:
    """SHA-256 of a token's or code's value, in hex: the form in which the toolkit looks tokens up."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(client: Client, standing: Standing) -> dict[str, Any]:
    return {
        "application_id": client.pk,
        "organization_id": standing.organization.id,
        "environment": standing.organization.environment,
        "organization_epoch": standing.organization.epoch,
        "client_epoch": standing.client_epoch,
    }


def save_access_token(
    client: Client,
    standing: Standing,
    value: str,
    *,
    scope: str,
    now: datetime,
    user_id: UUID | None = None,
    family: UUID | None = None,
) -> None:
    """Insert one access token that ends when the client's tokens do. One statement."""
    token_rows.insert(
        AccessToken,
        now,
        token_checksum=checksum(value),
        scope=scope,
        expires=now + timedelta(seconds=client.access_token_seconds),
        user_id=user_id,
        family=family,
        **_stamp(client, standing),
    )


# Authorization codes


def save_code(client: Client, standing: Standing, value: str, *, now: datetime, **fields: Any) -> None:
    """Insert one authorization code; it begins a family of tokens."""
    Grant(
        code=checksum(value),
        family=uuid4(),
        expires=now + timedelta(seconds=settings.REGISTRY.authorization_code_seconds),
        **fields,
        **_stamp(client, standing),
    ).save(force_insert=True)


def find_code(value: str, client: Client) -> Grant | None:
    """The code's row if it was issued to this client, spent or not."""
    return Grant.objects.select_related("user").filter(code=checksum(value), application=client).first()


def code_stands(grant: Grant, standing: Standing, now: datetime) -> bool:
    """True while the code is unspent, unexpired and issued under the present epochs."""
    issued = Epochs(grant.organization_epoch, grant.client_epoch)
    return grant.spent_at is None and now < grant.expires and issued == standing.epochs


def spend_code(grant: Grant, now: datetime) -> bool:
    """Spend a code once: False when somebody was faster. Waits for a concurrent spender to end."""
    return Grant.objects.filter(pk=grant.pk, spent_at=None).update(spent_at=now) == 1


# Refresh tokens


def begin_family(
    client: Client, standing: Standing, value: str, *, grant: Grant, scope: str, now: datetime
) -> None:
    """Insert the first refresh token of a code's family."""
    absolute = now + timedelta(seconds=settings.REGISTRY.refresh_absolute_seconds)
    _save_refresh_token(client, standing, value, grant.user_id, grant.family, scope, absolute, now)


def find_refresh_token(value: str, client: Client) -> HeldRefreshToken | None:
    """The refresh token if it was issued to this client, live or not."""
    return token_rows.find_refresh_token(checksum(value), client.pk)


def refresh_token_stands(row: HeldRefreshToken, standing: Standing, now: datetime) -> bool:
    """True while the token is the live head of its family, within both lifetimes and present epochs."""
    in_time = now < min(row.idle_until, row.absolute_until)
    return row.revoked is None and in_time and row.issued == standing.epochs


def rotate(row: HeldRefreshToken, client: Client, standing: Standing, value: str, *, now: datetime) -> bool:
    """Put a new head on the family: False when the old head was already replaced. Inside a transaction."""
    if row.token_family is not None:
        token_rows.lock_family(row.token_family)
    if not token_rows.replace(row.pk, now):
        return False
    _save_refresh_token(
        client, standing, value, row.user_id, row.token_family, row.scope, row.absolute_until, now
    )
    return True


def keep(row: HeldRefreshToken, *, now: datetime) -> bool:
    """Use a refresh token without rotation: its idle time begins anew. False when it was revoked meanwhile."""
    idle = now + timedelta(seconds=settings.REGISTRY.refresh_idle_seconds)
    return RefreshToken.objects.filter(pk=row.pk, revoked=None).update(idle_until=idle, updated=now) == 1


def _save_refresh_token(
    client: Client,
    standing: Standing,
    value: str,
    user_id: UUID,
    family: UUID | None,
    scope: str,
    absolute_until: datetime,
    now: datetime,
) -> None:
    token_rows.insert(
        RefreshToken,
        now,
        token_checksum=checksum(value),
        user_id=user_id,
        token_family=family,
        scope=scope,
        idle_until=now + timedelta(seconds=settings.REGISTRY.refresh_idle_seconds),
        absolute_until=absolute_until,
        **_stamp(client, standing),
    )


# The end of tokens


@transaction.atomic
def end_family(
    family: UUID, event: Event, *, client: Client, actor: Actor, reason: str, now: datetime
) -> None:
    """Revoke every token that descends from one authorization, and say so in the log unless none was left."""
    token_rows.lock_family(family)
    refresh = RefreshToken.objects.filter(token_family=family, revoked=None).update(revoked=now, updated=now)
    access_tokens, _ = AccessToken.objects.filter(family=family).delete()
    if not refresh and not access_tokens:
        return
    audit.record(
        event,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=actor,
        reason=reason,
        after={"family": str(family), "refresh_tokens": refresh, "access_tokens": access_tokens},
        now=now,
    )


def end_tokens_of(user_id: UUID, now: datetime) -> dict[str, int]:
    """End what speaks for a person, in the caller's transaction, which records how many of each it was.

    Codes come first: that waits for an exchange in flight, whose tokens what follows then sees.
    """
    codes = Grant.objects.filter(user=user_id, spent_at=None).update(spent_at=now)
    token_rows.lock_families_of(user_id)
    refresh = RefreshToken.objects.filter(user=user_id, revoked=None).update(revoked=now, updated=now)
    access_tokens, _ = AccessToken.objects.filter(user=user_id).delete()
    return {"codes": codes, "refresh_tokens": refresh, "access_tokens": access_tokens}


@transaction.atomic
def revoke(value: str, *, client: Client, actor: Actor, now: datetime) -> bool:
    """Revoke one token of this client, whichever kind it is; False when the client has no such token.

    A refresh token takes its whole family with it (RFC 7009 §2.1), also one that was replaced a moment ago; so does
    an access token of a family.
    """
    token_checksum = checksum(value)
    refresh = RefreshToken.objects.filter(token_checksum=token_checksum, application=client).first()
    if refresh is not None:
        if refresh.token_family is not None:
            end_family(
                refresh.token_family,
                Event.TOKEN_REVOKED,
                client=client,
                actor=actor,
                reason="refresh token revoked",
                now=now,
            )
        return True
    return _revoke_access_token(token_checksum, client, actor, now)


def _revoke_access_token(token_checksum: str, client: Client, actor: Actor, now: datetime) -> bool:
    token = AccessToken.objects.filter(token_checksum=token_checksum, application=client).first()
    if token is None:
        return False
    if token.family is not None:
        end_family(
            token.family,
            Event.TOKEN_REVOKED,
            client=client,
            actor=actor,
            reason="access token revoked",
            now=now,
        )
        return True
    deleted, _ = AccessToken.objects.filter(pk=token.pk).delete()
    if not deleted:
        return True  # by somebody who was faster, and who said so
    audit.record(
        Event.TOKEN_REVOKED,
        organization=client.organization_id,
        environment=client.environment,
        subject=("client", client.client_id),
        actor=actor,
        reason="access token revoked",
        after={"access_tokens": 1},
        now=now,
    )
    return True


# Reading a presented access token


@dataclass(frozen=True, slots=True)
class LiveToken:
    """An access token that may be used now.

    scopes      granted ones that the organization still holds
    user_id     whom it speaks for; None for client credentials
    """

    standing: Standing
    client_name: str
    organization_slug: str
    scopes: frozenset[str]
    user_id: UUID | None
    issued_at: datetime
    expires: datetime


LIVE_TOKEN = f"""
SELECT {access.STANDING_COLUMNS},
       t.organization_epoch, t.client_epoch, t.scope, t.expires, t.created, t.user_id, c.name, o.slug,
       ARRAY(SELECT unnest(e.scopes) FROM registry_entitlement e
             WHERE e.organization_id = o.id AND (e.valid_until IS NULL OR e.valid_until > %s))
FROM registry_accesstoken t LEFT JOIN registry_user u ON u.id = t.user_id, {access.STANDING_JOIN}
WHERE t.token_checksum = %s AND c.id = t.application_id AND (t.user_id IS NULL OR u.is_active)
"""  # noqa: S608  # its parts are constants of this program


def find_live_token(value: str, action: Action, now: datetime) -> LiveToken | None:
    """The token if it may be used now, else None whatever the cause. One statement; nothing is cached."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE_TOKEN, [now, checksum(value)])
        row = cursor.fetchone()
    return live_token_from_row(row, action, now) if row else None


def live_token_from_row(row: Sequence[Any], action: Action, now: datetime) -> LiveToken | None:
    """What `LIVE_TOKEN` selected, as `find_live_token` says."""
    standing = access.standing_from_row(row)
    organization_epoch, client_epoch, scope, expires, issued_at, user_id, name, slug, entitled = row[
        access.STANDING_WIDTH :
    ]
    issued = Epochs(organization_epoch, client_epoch)
    if now >= expires or not access.may(standing, action, now, issued=issued).allowed:
        return None
    scopes = frozenset(scope.split()) & frozenset(entitled)
    return LiveToken(standing, name, slug, scopes, user_id, issued_at, expires)


def purge_expired(*, now: datetime, limit: int = 5000) -> int:
    """Delete tokens, codes and what is remembered for a day that no clock could accept any more.

    limit  at most so many of each kind; the number of all that went is returned
    """
    return sum(_purge(table, column, now, limit) for table, column in _PURGED)


_PURGED = (
    ("registry_accesstoken", "expires"),
    ("registry_refreshtoken", "absolute_until"),
    ("registry_grant", "expires"),
    ("registry_spentassertion", "expires_at"),
    ("registry_idempotentregistration", "created_at"),
)


def _purge(table: str, column: str, now: datetime, limit: int) -> int:
    """A day's grace keeps spent codes and replaced refresh tokens long enough to see a replay."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {column} < %s"  # noqa: S608  # _PURGED
            " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)",
            [now - timedelta(days=1), limit],
        )
        return int(cursor.rowcount)
