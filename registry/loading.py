"""The client as a request meets it: its row, standing, entitlements, secrets and keys in one statement."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from registry import access
from registry.access import Standing
from registry.models import Client
from registry.whole_rows import Whole

_CLIENT = Whole(Client, "c")
_WRITES_LAST_USED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Secret:
    """One live secret of a client, as its digest."""

    id: int
    last_used_at: datetime | None
    digest: str


@dataclass(frozen=True, slots=True)
class Key:
    """One public key of a client that is in use."""

    id: int
    last_used_at: datetime | None
    jwk: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HeldRole:
    """What one entitlement of the organization allows, together: these scopes by these grant types."""

    scopes: frozenset[str]
    grant_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class ActingClient:
    """Everything that authenticating and authorizing a client needs, read at one instant."""

    row: Client
    standing: Standing
    roles: tuple[HeldRole, ...]
    secrets: tuple[Secret, ...]
    keys: tuple[Key, ...]
    organization_name: str

    def scopes_by(self, grant_type: str) -> frozenset[str]:
        """What it registered for, and its organization still holds in a role that allows this grant type.

        A refresh goes on with what people allowed, by an authorization code.
        """
        begun_by = "authorization_code" if grant_type == "refresh_token" else grant_type
        held = (role.scopes for role in self.roles if begun_by in role.grant_types)
        return frozenset(self.row.metadata.get("scope", "").split()) & frozenset().union(*held)

    @property
    def grant_types(self) -> frozenset[str]:
        held = frozenset[str]().union(*(role.grant_types for role in self.roles))
        return frozenset(self.row.metadata["grant_types"]) & held


_ACTING = f"""
SELECT {access.STANDING_COLUMNS}, {_CLIENT.columns},
       (SELECT json_agg(json_build_array(e.scopes, e.grant_types)) FROM registry_entitlement e
        WHERE e.organization_id = o.id AND (e.valid_until IS NULL OR e.valid_until > %(now)s)),
       (SELECT json_agg(json_build_array(s.id, extract(epoch FROM s.last_used_at), s.digest))
        FROM registry_clientsecret s WHERE s.client_id = c.id AND s.ended_at IS NULL
               AND (s.expires_at IS NULL OR s.expires_at > %(now)s)),
       (SELECT json_agg(json_build_array(k.id, extract(epoch FROM k.last_used_at), k.jwk))
        FROM registry_clientkey k WHERE k.client_id = c.id AND k.state = 'active'),
       o.display_name
FROM {access.STANDING_JOIN}
WHERE c.client_id = %(client_id)s
"""  # noqa: S608  # its parts are constants of this program


def acting_client(client_id: str | None, now: datetime) -> ActingClient | None:
    """The client of that id, whatever its state; None when there is none. One statement, nothing cached."""
    if not client_id or "\x00" in client_id or len(client_id) > 255:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_ACTING, {"now": now, "client_id": client_id})
        row = cursor.fetchone()
    return _acting(row) if row else None


def _acting(row: tuple[Any, ...]) -> ActingClient:
    start, end = access.STANDING_WIDTH, access.STANDING_WIDTH + _CLIENT.width
    roles, secrets, keys, organization_name = row[end:]
    return ActingClient(
        row=_CLIENT.row(row[start:end]),
        standing=access.standing_from_row(row),
        roles=tuple(HeldRole(*map(frozenset, role)) for role in _parsed(roles) or ()),
        secrets=tuple(Secret(pk, _instant(used), resting) for pk, used, resting in _parsed(secrets) or ()),
        keys=tuple(Key(pk, _instant(used), public) for pk, used, public in _parsed(keys) or ()),
        organization_name=organization_name,
    )


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


_NOTE_USE = """
WITH used AS ({credential})
UPDATE registry_client SET last_used_at = %(now)s WHERE id = %(client)s
"""
_BY = {
    Secret: _NOTE_USE.format(
        credential="UPDATE registry_clientsecret SET last_used_at = %(now)s WHERE id = %(credential)s"
    ),
    Key: _NOTE_USE.format(
        credential="UPDATE registry_clientkey SET last_used_at = %(now)s WHERE id = %(credential)s"
    ),
    type(None): _NOTE_USE.format(credential="SELECT"),
}


def note_use(acting: ActingClient, now: datetime, credential: Secret | Key | None = None) -> None:
    """Write when the client and its secret or key were last used, at most once an hour each. One statement, or none."""
    last = acting.row.last_used_at if credential is None else credential.last_used_at
    if last is not None and now - last < _WRITES_LAST_USED_EVERY:
        return
    with connection.cursor() as cursor:
        identifiers = {"client": acting.row.pk, "credential": credential.id if credential else None}
        cursor.execute(_BY[type(credential)], {"now": now, **identifiers})
