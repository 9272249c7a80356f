"""Rows of tokens, written and read by statements that are always the same.

Building a statement from a model costs several times what the statement costs; these are built once in a process, and
the database prepares them after a few uses. Whoever writes one names every value that its column has no default for.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model

from registry.access import Epochs


def insert(table: type[Model], now: datetime, **values: Any) -> None:
    """Insert one row made now. Values by column; `token` rests empty, no resource is named. One statement."""
    columns = {"token": "", "resource": "[]", "created": now, "updated": now, **values}
    with connection.cursor() as cursor:
        cursor.execute(_insertion(table, tuple(columns)), list(columns.values()))


@cache
def _insertion(table: type[Model], columns: tuple[str, ...]) -> str:
    known = {field.column for field in table._meta.concrete_fields}
    if not known.issuperset(columns):
        raise LookupError(f"{table.__name__} has no column of these: {set(columns) - known}")
    places = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table._meta.db_table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608  # checked


@dataclass(frozen=True, slots=True)
class HeldRefreshToken:
    """A refresh token that was issued to the client which presents it, live or not, and whether its user is."""

    issued: Epochs
    pk: int
    user_id: UUID
    user_is_active: bool
    token_family: UUID | None
    scope: str
    revoked: datetime | None
    idle_until: datetime
    absolute_until: datetime


_HELD = """
SELECT t.organization_epoch, t.client_epoch,
       t.id, t.user_id, u.is_active, t.token_family, t.scope, t.revoked, t.idle_until, t.absolute_until
FROM registry_refreshtoken t JOIN registry_user u ON u.id = t.user_id
WHERE t.token_checksum = %s AND t.application_id = %s
"""


def find_refresh_token(checksum: str, client_pk: int) -> HeldRefreshToken | None:
    """One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [checksum, client_pk])
        row = cursor.fetchone()
    return HeldRefreshToken(Epochs(*row[:2]), *row[2:]) if row else None


def lock_family(family: UUID) -> None:
    """Let one at a time rotate or end a family: its first refresh token stands for all of them.

    Else ending would wait for a rotation in flight, and then miss the head that it made.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registry_refreshtoken WHERE token_family = %s ORDER BY id LIMIT 1 FOR NO KEY UPDATE",
            [family],
        )


def lock_families_of(user_id: UUID) -> None:
    """The same for every family that speaks for a person."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registry_refreshtoken WHERE id IN (SELECT min(id) FROM registry_refreshtoken"
            " WHERE user_id = %s GROUP BY token_family) ORDER BY id FOR NO KEY UPDATE",
            [user_id],
        )


def replace(pk: int, now: datetime) -> bool:
    """Revoke the head of a family; False when somebody was faster."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registry_refreshtoken SET revoked = %s, updated = %s WHERE id = %s AND revoked IS NULL",
            [now, now, pk],
        )
        return int(cursor.rowcount) == 1
