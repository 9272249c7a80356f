"""Somebody with the owner's rights, and then with the log's key as well, writes the log anew.

What the database holds may agree with itself perfectly: who kept an old checkpoint finds it, and the log itself refuses
to sign anything that its witness has not seen begin.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytest_django.fixtures import Settings

from portal.auditor.heads import KnownHeads, read_heads
from portal.auditor.notes import Head
from portal.auditor.tables import Tables
from portal.auditor.verdict import Refuted
from portal.local import databases
from registry import audit, audit_identity, audit_tree, merkle, signed_note, transparency
from registry.audit_tree import StoredTree, TreeBroken
from registry.events import Event
from registry.models import Organization
from registry.models.transparency import AuditCheckpoint, AuditLeaf
from registry.signed_note import Checkpoint
from tests import audit_log, world

Session = psycopg.Connection[Any]
GUARDED = ("event", "leaf", "node", "checkpoint")


@pytest.fixture
def witness_file(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "witness.jsonl"
    settings.REGISTRY = replace(settings.REGISTRY, audit_witness_file=str(path))
    return path


@pytest.fixture
def holder(
    clone_database: Callable[[], AbstractContextManager[str]], witness_file: Path
) -> Iterator[Organization]:
    """Whose events they are: a log of its own with several checkpoints, all of them seen by the witness."""
    with clone_database() as name:
        holder = world.organization()
        audit_log.sequence()
        audit_log.record(holder, 5)
        audit_log.sequence()
        audit_log.record(holder, 5)
        audit_log.sequence()
        holder.database = name
        yield holder


@pytest.fixture
def attacker(holder: Organization) -> Iterator[Session]:
    """The owner of the tables, with the guards of all rows switched off."""
    url = databases.with_database(os.environ["DATABASE_OWNER_URL"], holder.database)
    with psycopg.connect(url, autocommit=True) as session:
        for table in GUARDED:
            session.execute(f"ALTER TABLE registry_audit{table} DISABLE TRIGGER registry_audit_keeps_rows")
        yield session


def known(path: Path) -> list[Head]:
    return list(read_heads(path, audit_log.keys(), []))


def verify(attacker: Session, heads: list[Head] = []) -> int:  # noqa: B006  # never written to
    return Tables(attacker, audit_log.keys(), known=KnownHeads(heads)).verify().events


def cut(attacker: Session, size: int) -> None:
    """Forget all that came after `size` leaves, everywhere."""
    attacker.execute("DELETE FROM registry_auditcheckpoint WHERE size > %s", [size])
    gone = attacker.execute("DELETE FROM registry_auditleaf WHERE number >= %s RETURNING event_id", [size])
    attacker.execute(
        "DELETE FROM registry_auditevent WHERE id = ANY(%s)", [[row for (row,) in gone.fetchall()]]
    )


def rewrite(attacker: Session, number: int) -> None:
    """Change one event and every hash that follows from it."""
    event = AuditLeaf.objects.get(number=number).event_id
    attacker.execute("UPDATE registry_auditevent SET actor_label = 'Somebody Else' WHERE id = %s", [event])
    (row,) = audit.stored([event])
    attacker.execute("UPDATE registry_auditevent SET digest = %s WHERE id = %s", [row.hash, event])
    attacker.execute("UPDATE registry_auditleaf SET hash = %s WHERE number = %s", [row.hash, number])


def sign_anew(attacker: Session) -> None:
    """What only a thief of the log's key can do: every head again, over what stands there now."""
    for row in AuditCheckpoint.objects.all():
        head = Checkpoint(audit_identity.origin(), row.size, StoredTree().root(row.size))
        note = signed_note.sign(str(head), audit_identity.signing_key())
        attacker.execute(
            "UPDATE registry_auditcheckpoint SET root = %s, note = %s WHERE size = %s",
            [head.root, note, row.size],
        )


def sizes() -> list[int]:
    return list(AuditCheckpoint.objects.order_by("size").values_list("size", flat=True))


def test_nothing_was_done(attacker: Session, witness_file: Path) -> None:
    assert verify(attacker, known(witness_file)) == sizes()[-1]


class TestWithoutTheKey:
    def test_an_event_written_anew_is_found_at_the_next_checkpoint(self, attacker: Session) -> None:
        rewrite(attacker, sizes()[0])
        with pytest.raises(Refuted, match=f"one of {sizes()[0]} to {sizes()[1] - 1}"):
            verify(attacker)

    def test_nothing_is_signed_on_top_of_it(self, attacker: Session, holder: Organization) -> None:
        rewrite(attacker, 3)
        audit_log.record(holder)
        with pytest.raises(TreeBroken, match="the last checkpoint"):
            transparency.sequence(now=world.now())
        assert audit.history(action=Event.AUDIT_INTEGRITY_FAILED).count() == 1

    def test_a_cut_between_checkpoints_is_found(self, attacker: Session) -> None:
        attacker.execute("DELETE FROM registry_auditleaf WHERE number = %s", [sizes()[-1] - 1])
        with pytest.raises(Refuted, match="the log was cut"):
            verify(attacker)


class TestACleanCut:
    """Back to an earlier checkpoint: what is left agrees with itself."""

    @pytest.fixture(autouse=True)
    def cut_back(self, attacker: Session) -> None:
        cut(attacker, sizes()[1])

    def test_is_found_by_who_kept_a_checkpoint(self, attacker: Session, witness_file: Path) -> None:
        assert verify(attacker) == sizes()[-1]
        with pytest.raises(Refuted, match="the log was cut") as caught:
            verify(attacker, known(witness_file))
        assert caught.value.leaf == sizes()[-1]

    def test_is_not_signed_over(self, holder: Organization, witness_file: Path) -> None:
        """A restored backup must not become a second log under the same key."""
        audit_log.record(holder, 20)
        seen = witness_file.read_bytes()
        with pytest.raises(TreeBroken, match="the witness"):
            transparency.sequence(now=world.now())
        assert witness_file.read_bytes() == seen


class TestWithTheKey:
    @pytest.fixture(autouse=True)
    def written_anew(self, attacker: Session) -> None:
        rewrite(attacker, 3)
        sign_anew(attacker)

    def test_the_database_agrees_with_itself(self, attacker: Session) -> None:
        assert verify(attacker) == sizes()[-1]

    def test_is_found_by_who_kept_a_checkpoint(self, attacker: Session, witness_file: Path) -> None:
        with pytest.raises(Refuted, match="forked"):
            verify(attacker, known(witness_file))

    def test_an_export_of_it_is_found_too(self, witness_file: Path) -> None:
        first = known(witness_file)[:1]
        with pytest.raises(Refuted, match=r"forked|the first bad leaf is one of 0 to"):
            audit_log.verified(audit_log.exported(), first)

    def test_is_not_signed_over(self, holder: Organization) -> None:
        audit_log.record(holder)
        with pytest.raises(TreeBroken, match="the witness"):
            transparency.sequence(now=world.now())


def test_a_proof_cannot_be_had_for_a_changed_event(attacker: Session) -> None:
    """The proof that is given leads to the root only from what was signed."""
    event = AuditLeaf.objects.get(number=3).event_id
    proof = transparency.inclusion_proof(event)
    rewrite(attacker, 3)
    (row,) = audit.stored([event])
    assert not merkle.proves_inclusion(
        3, proof.checkpoint.size, row.hash or b"", proof.hashes, proof.checkpoint.root
    )
    assert audit_tree.size() == proof.checkpoint.size
