"""One bit flips: on the way to the auditor, or in the database behind everybody's back. Each one is found."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pytest_django.fixtures import Settings

from portal.auditor.notes import PublicKey
from portal.auditor.tables import Tables
from portal.auditor.verdict import Refuted
from portal.local import databases
from registry import signed_note, transparency
from registry.audit_export import Selection
from registry.models import Organization
from registry.signed_note import COSIGNATURE_V1, SigningKey
from tests import audit_log, world

WITNESS = SigningKey("witness.example/w1", bytes(32), COSIGNATURE_V1)
Session = psycopg.Connection[Any]

# Where a bit of a column of this type is flipped; `{}` is the column, `n` the bit.
FLIPS = {
    "text": "overlay({0} placing chr(ascii(substr({0}, %(n)s %% length({0}) + 1, 1)) # 1) "
    "from %(n)s %% length({0}) + 1 for 1)",
    "bytea": "set_bit({0}, %(n)s, 1 - get_bit({0}, %(n)s))",
    "uuid": "encode(set_bit(uuid_send({0}), %(n)s, 1 - get_bit(uuid_send({0}), %(n)s)), 'hex')::uuid",
    "bigint": "{0} # (1::bigint << %(n)s)",
    "smallint": "({0}::int # (1 << %(n)s))::smallint",
    "boolean": "NOT {0}",
    "timestamp with time zone": "{0} + (CASE WHEN get_bit(timestamptz_send({0}), 63 - %(n)s) = 1 THEN -1 ELSE 1 END"
    " * (1::bigint << %(n)s)) * interval '1 microsecond'",
    "jsonb": "overlay({0}::text placing chr(ascii(substr({0}::text, %(n)s, 1)) # 1) from %(n)s for 1)::jsonb",
}
FLIPS["character varying"] = FLIPS["text"]
BITS = {
    "text": (0, 3, 11, 40, 90),
    "bytea": (0, 7, 100, 255),
    "uuid": (0, 64, 127),
    "bigint": (0, 3, 40),
    "smallint": (0, 3),
    "boolean": (0,),
    "timestamp with time zone": (0, 5, 30),
    "jsonb": (3, 12, 24),
}
BITS["character varying"] = BITS["text"]


LOSSES = [
    "DELETE FROM registry_auditleaf WHERE number = 1",
    "DELETE FROM registry_auditleaf WHERE number = (SELECT max(number) FROM registry_auditleaf)",
    "DELETE FROM registry_auditevent WHERE id = (SELECT event_id FROM registry_auditleaf WHERE number = 2)",
    "DELETE FROM registry_auditcheckpoint",
    "DELETE FROM registry_auditnode",
    "DELETE FROM registry_auditqueue",
    "INSERT INTO registry_auditnode VALUES (8, 7, sha256('x'))",
    "INSERT INTO registry_auditqueue VALUES (gen_random_uuid(), false)",
    "INSERT INTO registry_auditqueue SELECT event_id, false FROM registry_auditleaf WHERE number = 0",
]


def is_found(export: bytes, place: int, bit: int) -> bool:
    spoilt = bytearray(export)
    spoilt[place] ^= 1 << bit
    try:
        audit_log.verified(bytes(spoilt))
    except Refuted:
        return True
    return False


@pytest.fixture
def holder(clone_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Organization]:
    """A short log with two checkpoints."""
    with clone_database():
        holder = world.organization(active=False, domains=())
        audit_log.sequence()
        audit_log.record(holder, 2)
        audit_log.sequence()
        yield holder


class TestExport:
    def test_flips_all_over_are_found(self, holder: Organization) -> None:
        export = audit_log.exported()
        assert audit_log.verified(export).heads == 2
        assert [place for place in range(0, len(export), 3) if not is_found(export, place, place % 8)] == []

    def test_flips_all_over_a_partial_one_are_found(self, holder: Organization) -> None:
        export = audit_log.exported(Selection(holder))
        assert audit_log.verified(export).events == 3
        assert [place for place in range(0, len(export), 3) if not is_found(export, place, place % 8)] == []

    @pytest.mark.long
    def test_each_bit_is_found(self, holder: Organization) -> None:
        for export in (audit_log.exported(), audit_log.exported(Selection(holder))):
            bits = [(place, bit) for place in range(len(export)) for bit in range(8)]
            assert [where for where in bits if not is_found(export, *where)] == []

    def test_the_first_bad_leaf_is_named(self, holder: Organization) -> None:
        export = audit_log.exported()
        for leaf in range(4):
            spoilt = export.replace(b'"number":%d' % leaf, b'"number":%d' % (leaf + 1), 1)
            with pytest.raises(Refuted) as caught:
                audit_log.verified(spoilt)
            assert caught.value.leaf == leaf


@pytest.fixture
def session(
    clone_database: Callable[[], AbstractContextManager[str]], settings: Settings
) -> Iterator[tuple[Session, str]]:
    """A log of its own, and its owner, who has switched all triggers off; what is done is rolled back."""
    settings.REGISTRY = replace(settings.REGISTRY, audit_witness_keys=(str(WITNESS.verifier),))
    with clone_database() as name:
        url = databases.with_database(os.environ["DATABASE_OWNER_URL"], name)
        with psycopg.connect(url) as session:
            yield session, name
            session.rollback()


def guardless(session: Session) -> None:
    for table in ("event", "leaf", "node", "checkpoint", "cosignature", "queue"):
        name = sql.Identifier(f"registry_audit{table}")
        session.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))


def refutation(session: Session) -> Refuted | None:
    witness = [PublicKey.read(str(WITNESS.verifier))]
    try:
        Tables(session, audit_log.keys(), witness).verify()
    except Refuted as refuted:
        return refuted
    return None


def columns(session: Session, table: str) -> list[tuple[str, str]]:
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    return session.execute(query, [table]).fetchall()


def flipped(session: Session, table: str) -> Iterator[tuple[str, str, Refuted | None]]:
    """Flip some bits of each value of each row, one after the other; row, column and what the auditor says."""
    rows = [
        row for (row,) in session.execute(sql.SQL("SELECT ctid::text FROM {}").format(sql.Identifier(table)))
    ]
    for row in rows:
        for column, kind in columns(session, table):
            for bit in BITS[kind]:
                with session.transaction(force_rollback=True):
                    if flip(session, table, row, column, kind, bit):
                        yield row, f"{column} bit {bit}", refutation(session)


def flip(session: Session, table: str, row: str, column: str, kind: str, bit: int) -> bool:
    """False when that cannot be: no value, an empty text, what would be no JSON, a number that is taken."""
    template = "UPDATE {1} SET {0} = " + FLIPS[kind] + " WHERE ctid = %(row)s::tid AND {0} IS NOT NULL"
    if kind in {"text", "character varying"}:
        template += " AND {0} <> ''"
    change = sql.SQL(template).format(sql.Identifier(column), sql.Identifier(table))
    try:
        with session.transaction():
            return session.execute(change, {"n": bit, "row": row}).rowcount == 1
    except (psycopg.DataError, psycopg.IntegrityError):
        return False


class TestTables:
    def test_a_flip_in_each_value_is_found(self, session: tuple[Session, str]) -> None:
        owner, _ = session
        holder = world.organization(active=False, domains=())
        audit_log.sequence()
        audit_log.record(holder)
        audit_log.sequence()
        note = transparency.latest_checkpoint()[1]
        transparency.add_cosignatures(note + signed_note.cosign(note, WITNESS, 1))
        audit_log.record(holder)  # waits
        guardless(owner)
        assert refutation(owner) is None
        for table in ("event", "leaf", "checkpoint", "cosignature", "queue"):
            found = list(flipped(owner, f"registry_audit{table}"))
            assert len(found) >= 3
            assert [(table, *where) for *where, refuted in found if refuted is None] == []

    def test_the_leaf_is_named(self, session: tuple[Session, str]) -> None:
        owner, _ = session
        audit_log.record(world.organization(), 2)
        audit_log.sequence()
        guardless(owner)
        query = "SELECT number, event_id FROM registry_auditleaf ORDER BY number"
        for number, event in owner.execute(query).fetchall():
            with owner.transaction(force_rollback=True):
                owner.execute("UPDATE registry_auditevent SET actor_id = 'x' WHERE id = %s", [event])
                refuted = refutation(owner)
            assert refuted is not None
            assert refuted.leaf == number

    def test_a_flip_in_each_stored_subtree_is_found(self, session: tuple[Session, str]) -> None:
        owner, _ = session
        audit_log.record(world.organization(), 256)
        audit_log.sequence()
        guardless(owner)
        assert refutation(owner) is None
        found = list(flipped(owner, "registry_auditnode"))
        assert len(found) >= 6
        assert [where for *where, refuted in found if refuted is None] == []

    def test_what_is_lost_or_added_is_found(self, session: tuple[Session, str]) -> None:
        owner, _ = session
        holder = world.organization()
        audit_log.record(holder, 256)
        audit_log.sequence()
        audit_log.record(holder)
        guardless(owner)
        assert refutation(owner) is None
        for loss in LOSSES:
            with owner.transaction(force_rollback=True):
                assert owner.execute(loss).rowcount == 1
                assert refutation(owner) is not None, loss
