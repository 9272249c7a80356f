"""What a restored database is compared by: rows, guards, keys and the head of the audit log, in one snapshot."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from registry import actors, audit, fingerprints, queries, transparency
from registry.events import Event

_DRILL = actors.system("drill")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database at hand holds.

    rows       table → number of rows
    guards     names of its triggers, constraints and indexes
    key_fits   the credential key is the one that it was filled with; None when none was remembered
    """

    rows: Mapping[str, int]
    guards: frozenset[str]
    key_fits: bool | None


@dataclass(frozen=True, slots=True)
class Source:
    """The database that is saved, as one snapshot sees it. `checkpoint` is the last note of the audit log, or ""."""

    snapshot: str
    facts: Facts
    checkpoint: str


@contextmanager
def source(now: datetime) -> Iterator[Source]:
    """One snapshot of the database, which others may share by its name while the block runs."""
    fingerprints.remember(now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        latest = transparency.latest_checkpoint()
        yield Source(snapshot, facts(), "" if latest is None else latest[1])


def facts() -> Facts:
    """Read all of it; counts every row of every table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        rows = {table: _count(cursor, table) for (table,) in cursor.fetchall()}
        cursor.execute(_GUARDS)
        guards = frozenset(name for (name,) in cursor.fetchall())
    return Facts(rows, guards, fingerprints.credential_key_fits())


_GUARDS = """
SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass || ' ' || tgenabled::text
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'constraint ' || conname || ' on ' || conrelid::regclass FROM pg_constraint WHERE conrelid <> 0
UNION ALL SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public'
"""


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  # of the catalogue
    return int(cursor.fetchone()[0])


def factor_secrets() -> list[str]:
    """The TOTP secrets of people as they rest: whoever has the factor key can read each of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data->>'secret' FROM mfa_authenticator WHERE type = 'totp'")
        return [text for (text,) in cursor.fetchall()]


def is_empty(url: str) -> bool:
    """True when the database at this URL has no table yet."""
    with psycopg.connect(url) as other:
        found = other.execute("SELECT FROM pg_tables WHERE schemaname = 'public' LIMIT 1")
        return found.fetchone() is None


@transaction.atomic
def record_drill(after: Mapping[str, Any], *, now: datetime) -> None:
    """Keep in the log that a backup was restored and found true, and how long it took."""
    audit.record(
        Event.BACKUP_PROVED,
        organization=queries.operator_id(),
        subject=("backup", "all"),
        actor=_DRILL,
        after=after,
        now=now,
    )
