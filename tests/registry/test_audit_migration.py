"""Events of the time before the tree: the migration hashes them and puts them into the queue."""

import os
from collections.abc import Iterator

import psycopg
import pytest

from portal.auditor.tables import WAITING, Tables
from portal.local import databases, programs

NAME = f"test_{os.getpid()}_migrated"
BEFORE = """
    INSERT INTO registry_auditevent (
        id, at, action, organization_id, environment, subject_kind, subject_id, actor_kind, actor_id, actor_label,
        reason, before, after, request_id, policy_version, once
    ) SELECT gen_random_uuid(), now(), 'client.state.suspended', %s, '', 'client', 'c_' || n, 'system', 'x', 'é',
        '', NULL, jsonb_build_object('n', n, 'fraction', 1.5), '', '', NULL FROM generate_series(1, 1500) n
"""


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A database of its own, with nothing in it; only the superuser of throw-away engines may make one like it."""
    owner = os.environ["DATABASE_OWNER_URL"]
    with databases.administering(databases.with_database(owner, databases.MAINTENANCE)) as session:
        session.execute(f"CREATE DATABASE {NAME}")
    try:
        yield dict(os.environ) | {
            name: databases.with_database(os.environ[name], NAME)
            for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
        }
    finally:
        databases.drop_database(owner, NAME)


@pytest.mark.long
def test_every_event_gets_its_digest_and_a_place_in_the_queue(environment: dict[str, str]) -> None:
    programs.run_command(environment, "migrate_as_owner", "registry", "0002", "--skip-checks")
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as session:
        session.execute(BEFORE, [some_organization(session)])
    programs.run_command(environment, "migrate_as_owner", "registry", "0003", "--skip-checks")
    with psycopg.connect(environment["DATABASE_OWNER_URL"]) as session:
        assert session.execute("SELECT count(*) FROM registry_auditqueue WHERE NOT held").fetchone() == (
            1500,
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("UPDATE registry_auditevent SET reason = 'x'")
        session.rollback()
        require_true(session)


def require_true(session: psycopg.Connection[tuple[object, ...]]) -> None:
    """The auditor finds every waiting event to be what its digest says."""
    verifier = Tables(session, [])
    assert len(list(verifier._rows(WAITING))) == 1500
    verifier._verify_waiting()


# By type: any value that the constraints of an organization take.
ANYTHING = {
    "uuid": "gen_random_uuid()",
    "boolean": "true",
    "bigint": "1",
    "integer": "1",
    "timestamp with time zone": "now()",
    "character varying": "''",
    "text": "''",
    "date": "now()",
    "jsonb": "'{}'",
}


def some_organization(session: psycopg.Connection[tuple[object, ...]]) -> object:
    """Its id. The columns are those of the time, so no model of today can write it."""
    query = """
        SELECT column_name, data_type FROM information_schema.columns
        WHERE table_name = 'registry_organization' AND is_nullable = 'NO'
    """
    values = {name: ANYTHING[kind] for name, kind in session.execute(query).fetchall()} | {
        "state": "'active'"
    }
    insert = f"INSERT INTO registry_organization ({', '.join(values)}) VALUES ({', '.join(values.values())})"
    return session.execute(f"{insert} RETURNING id").fetchone()[0]
