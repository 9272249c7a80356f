"""The audit log takes new events and nothing else: for the application's role, and for the owner of the table."""

import os
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import transaction

from portal.local import databases
from registry import audit
from registry.actors import system
from registry.audit import NotInTransaction
from registry.events import Event
from registry.models import Organization
from tests import world

CHANGES = {
    "update": "UPDATE registry_auditevent SET reason = 'nothing happened'",
    "update of nothing": "UPDATE registry_auditevent SET reason = reason",
    "delete": "DELETE FROM registry_auditevent",
    "truncate": "TRUNCATE registry_auditevent CASCADE",
    "truncate with others": "TRUNCATE registry_organization CASCADE",
    "merge": "MERGE INTO registry_auditevent e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    "upsert": (
        "INSERT INTO registry_auditevent SELECT * FROM registry_auditevent"
        " ON CONFLICT (id) DO UPDATE SET reason = 'nothing happened'"
    ),
}
AROUND = {
    "drop the trigger": "DROP TRIGGER registry_audit_keeps_rows ON registry_auditevent",
    "disable triggers": "ALTER TABLE registry_auditevent DISABLE TRIGGER ALL",
    "drop the table": "DROP TABLE registry_auditevent CASCADE",
    "replace the function": (
        "CREATE OR REPLACE FUNCTION registry_audit_only_grows() RETURNS trigger"
        " LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$"
    ),
    "play a replica": "SET session_replication_role = replica",
    "become the owner": f"SET ROLE {databases.OWNER}",
    "make a schema": "CREATE SCHEMA shadow",
    "rename it away": "ALTER TABLE registry_auditevent RENAME TO registry_auditevent_old",
}
Refused = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def url(live_database: str, live_db: None) -> Callable[[str], str]:
    """Addresses, by role, of a database that holds committed events."""
    world.organization()
    options = "options=-c%20lock_timeout%3D5s"
    return lambda variable: f"{databases.with_database(os.environ[variable], live_database)}&{options}"


@pytest.fixture(params=["DATABASE_URL", "DATABASE_OWNER_URL"], ids=["application", "owner"])
def session(
    request: pytest.FixtureRequest, url: Callable[[str], str]
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(url(request.param)) as opened:
        yield opened
        opened.rollback()


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_written_stays(session: psycopg.Connection[tuple[object, ...]], change: str) -> None:
    assert session.execute("SELECT count(*) FROM registry_auditevent").fetchone() > (3,)
    with pytest.raises(Refused):
        session.execute(CHANGES[change])
    session.rollback()
    assert session.execute("SELECT count(*) FROM registry_auditevent").fetchone() > (3,)


@pytest.mark.parametrize("change", ["update", "delete", "truncate"])
def test_it_is_the_guard_that_keeps_it(url: Callable[[str], str], change: str) -> None:
    """Without the triggers the owner could: the tests above would see a guard that is missing."""
    with psycopg.connect(url("DATABASE_OWNER_URL")) as session:
        for table in ("registry_auditevent", "registry_auditleaf"):  # TRUNCATE takes the leaves along
            session.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        session.execute(CHANGES[change])
        session.rollback()


@pytest.mark.parametrize("way", AROUND)
def test_the_application_cannot_take_the_guard_away(url: Callable[[str], str], way: str) -> None:
    with psycopg.connect(url("DATABASE_URL")) as session, pytest.raises(Refused):
        session.execute(AROUND[way])


def test_the_application_owns_nothing(url: Callable[[str], str]) -> None:
    owned = """
        SELECT 'table', relname::text FROM pg_class WHERE relowner = current_user::regrole
        UNION SELECT 'function', proname::text FROM pg_proc WHERE proowner = current_user::regrole
        UNION SELECT 'schema', nspname::text FROM pg_namespace WHERE nspowner = current_user::regrole
        UNION SELECT 'database', datname::text FROM pg_database WHERE datdba = current_user::regrole
    """
    with psycopg.connect(url("DATABASE_URL")) as session:
        assert session.execute(owned).fetchall() == []


def test_the_application_is_an_ordinary_role(url: Callable[[str], str]) -> None:
    rights = "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles"
    memberships = "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
    with psycopg.connect(url("DATABASE_URL")) as session:
        row = session.execute(f"{rights} WHERE rolname = current_user").fetchone()
        assert row == (False,) * 5
        assert session.execute(memberships).fetchone() == (0,)


def test_both_guards_are_on(url: Callable[[str], str]) -> None:
    query = """
        SELECT tgname, tgenabled FROM pg_trigger
        WHERE tgrelid = 'registry_auditevent'::regclass AND tgname LIKE 'registry_audit_keeps%'
    """
    with psycopg.connect(url("DATABASE_URL")) as session:
        assert sorted(session.execute(query).fetchall()) == [
            ("registry_audit_keeps_rows", "O"),
            ("registry_audit_keeps_table", "O"),
        ]


def _record(holder: Organization) -> None:
    audit.record(
        Event.ORGANIZATION_CHANGED,
        organization=holder.pk,
        subject=("organization", holder.slug),
        actor=system("a_test"),
        now=world.now(),
    )


def test_no_event_outside_the_transaction_of_its_change(live_db: None) -> None:
    holder = world.organization()
    before = audit.history(organization=holder).count()
    with pytest.raises(NotInTransaction):
        _record(holder)
    assert audit.history(organization=holder).count() == before


def test_no_event_without_its_change(live_db: None) -> None:
    """What rolls the change back rolls the event back."""
    holder = world.organization()
    before = audit.history(organization=holder).count()
    with transaction.atomic():
        _record(holder)
        transaction.set_rollback(True)
    assert audit.history(organization=holder).count() == before
