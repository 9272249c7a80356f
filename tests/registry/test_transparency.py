"""Sequencing, signing and proving, on one database that is rolled back."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django.fixtures import Settings

from portal.auditor import notes, tree
from registry import audit, audit_identity, audit_tree, signed_note, transparency
from registry.audit_identity import AuditKeyMissing
from registry.audit_tree import StoredTree, TreeBroken
from registry.events import Event
from registry.models.audit import AuditEvent
from registry.models.transparency import AuditCheckpoint, AuditLeaf, AuditQueue
from registry.signed_note import COSIGNATURE_V1, Checkpoint, InvalidNote, SigningKey, UnverifiedNote
from tests import audit_log, world

pytestmark = pytest.mark.django_db
WITNESS = SigningKey("witness.example/w1", bytes(32), COSIGNATURE_V1)


def forge(reason: str = "something else") -> UUID:
    """An event whose row is not what was hashed, as a flipped bit would leave it."""
    event = AuditEvent.objects.order_by("-id").first()
    event.id = audit.AuditEvent._meta.pk.get_default()
    event.reason = reason
    event.save(force_insert=True)
    return event.id


def alarms() -> list[tuple[str, str]]:
    found = audit.history(action=Event.AUDIT_INTEGRITY_FAILED).order_by("id")
    return list(found.values_list("subject_kind", "subject_id"))


class TestSequence:
    def test_every_event_gets_a_leaf(self) -> None:
        audit_log.record(world.organization(), 3)
        events = AuditEvent.objects.count()
        assert audit_log.sequence() == events
        numbers = AuditLeaf.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(events))
        assert transparency.waiting() == (0, 0)

    def test_leaves_are_the_hashes_of_events(self) -> None:
        world.organization()
        audit_log.sequence()
        for leaf in AuditLeaf.objects.select_related("event"):
            (row,) = audit.stored([leaf.event_id])
            assert bytes(leaf.hash) == row.hash == row.digest

    def test_each_run_signs_what_has_grown(self) -> None:
        audit_log.record(world.organization(), 3)
        audit_log.sequence(limit=3)
        sizes = list(AuditCheckpoint.objects.order_by("size").values_list("size", flat=True))
        assert sizes[:2] == [3, 6]
        assert sizes[-1] == AuditEvent.objects.count()

    def test_nothing_new_is_nothing_to_sign(self) -> None:
        world.organization()
        audit_log.sequence()
        before = AuditCheckpoint.objects.count()
        assert transparency.sequence(now=world.now()) == transparency.Sequenced()
        assert AuditCheckpoint.objects.count() == before

    def test_says_when_more_are_waiting(self) -> None:
        world.organization()
        assert transparency.sequence(now=world.now(), limit=2).is_full
        assert not transparency.sequence(now=world.now(), limit=1000).is_full

    def test_a_dropped_event_is_not_queued(self) -> None:
        holder = world.organization()
        before = AuditQueue.objects.count()
        for _ in range(2):
            audit.record_once(
                Event.PERSON_SIGN_IN_REFUSED,
                once="x",
                organization=holder.pk,
                subject=("person", "x"),
                actor=world.STAN,
                now=world.now(),
            )
        assert AuditQueue.objects.count() == before + 1

    def test_crosses_the_boundaries_of_runs(self) -> None:
        """More than 512 leaves: two stored nodes of level 8, and every root is that of the auditor."""
        audit_log.record(world.organization(), 520)
        audit_log.sequence(limit=177)
        grown = tree.Growing()
        roots = {row.size: bytes(row.root) for row in AuditCheckpoint.objects.all()}
        for leaf in AuditLeaf.objects.order_by("number"):
            list(grown.add(bytes(leaf.hash)))
            assert roots.pop(grown.size, grown.root()) == grown.root()
        assert roots == {}

    def test_without_a_key_nothing_is_signed(self, settings: Settings) -> None:
        world.organization()
        settings.REGISTRY = replace(settings.REGISTRY, audit_key="")
        with pytest.raises(AuditKeyMissing):
            transparency.sequence(now=world.now())
        assert not AuditLeaf.objects.exists()


class TestHeldEvents:
    def test_get_no_leaf_and_hold_nobody_else_up(self) -> None:
        world.organization()
        forged = forge()
        total = AuditEvent.objects.count()
        done = transparency.sequence(now=world.now())
        assert (done.added, done.held) == (total - 1, 1)
        assert not AuditLeaf.objects.filter(event=forged).exists()
        assert transparency.inclusion_proof(forged) is None

    def test_raise_one_alarm_that_can_be_seen(self, caplog: pytest.LogCaptureFixture) -> None:
        world.organization()
        forged = forge()
        audit_log.sequence()
        audit_log.sequence()
        assert alarms() == [("audit_event", str(forged))]
        assert caplog.messages == [
            f"audit integrity failed: audit_event {forged}: the row is not what was written"
        ]

    def test_the_alarm_is_in_the_log_itself(self) -> None:
        world.organization()
        forge()
        audit_log.sequence()
        audit_log.sequence()
        assert AuditLeaf.objects.filter(event__action=Event.AUDIT_INTEGRITY_FAILED).count() == 1

    def test_are_counted(self) -> None:
        world.organization()
        forge()
        transparency.sequence(now=world.now())
        assert transparency.waiting() == (2, 1)  # the alarm itself waits too

    def test_are_tried_again_when_somebody_asks(self) -> None:
        world.organization()
        forged = forge()
        audit_log.sequence()
        assert transparency.sequence(now=world.now(), again=True).held == 1
        assert AuditQueue.objects.get(event=forged).held


class TestATreeThatIsNotWhatWasSigned:
    @pytest.fixture(autouse=True)
    def signed(self) -> None:
        audit_log.record(world.organization(), 3)
        audit_log.sequence()
        audit_log.record(world.organization("birch"), 1)

    def refused(self) -> str:
        before = AuditCheckpoint.objects.count()
        with pytest.raises(TreeBroken) as caught:
            transparency.sequence(now=world.now())
        assert AuditCheckpoint.objects.count() == before
        assert alarms()[-1] == ("log", "localhost/audit")
        return str(caught.value)

    def test_a_leaf_without_a_checkpoint_is_not_signed(self) -> None:
        event = AuditQueue.objects.order_by("event").first()
        AuditLeaf(number=audit_tree.size(), event_id=event.event, hash=b"x" * 32).save(force_insert=True)
        assert "is not that of the last checkpoint" in self.refused()

    def test_a_gap_is_not_signed(self) -> None:
        event = AuditQueue.objects.order_by("event").first()
        AuditLeaf(number=audit_tree.size() + 1, event_id=event.event, hash=b"x" * 32).save(force_insert=True)
        assert "is not complete" in self.refused()

    def test_a_checkpoint_of_nobody_is_not_continued(self) -> None:
        AuditCheckpoint(size=10_000, root=b"x" * 32, note="x\n").save(force_insert=True)
        assert "the text is no signed note" in self.refused()

    def test_a_row_that_is_not_its_note_is_not_continued(self) -> None:
        note = AuditCheckpoint.objects.latest("size").note
        AuditCheckpoint(size=10_000, root=b"x" * 32, note=note).save(force_insert=True)
        assert "is not its note" in self.refused()

    def test_a_fault_between_hashing_and_signing_is_not_published(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        good = audit_tree.append

        def flip(edge: object, leaves: list[audit_tree.NewLeaf]) -> None:
            first = replace(leaves[0], hash=bytes([leaves[0].hash[0] ^ 1]) + leaves[0].hash[1:])
            good(edge, [first, *leaves[1:]])

        monkeypatch.setattr(audit_tree, "append", flip)
        assert "give two roots" in self.refused()

    def test_a_fault_in_signing_is_not_published(self, monkeypatch: pytest.MonkeyPatch) -> None:
        good = signed_note.sign
        monkeypatch.setattr(signed_note, "sign", lambda text, key: good(text.replace("\n", "\nx", 1), key))
        assert "the note of the checkpoint" in self.refused()


class TestProofs:
    @pytest.fixture(autouse=True)
    def signed(self) -> None:
        audit_log.record(world.organization(), 257)
        audit_log.sequence()

    def test_of_every_event_is_accepted_by_the_auditor(self) -> None:
        for leaf in AuditLeaf.objects.filter(number__in=[0, 1, 100, 255, 256, 260]):
            proof = transparency.inclusion_proof(leaf.event_id)
            index, hashes, note = notes.proof(proof.text)
            head = notes.head(note, audit_log.keys())
            assert index == leaf.number
            assert tree.includes(head.root, head.size, index, bytes(leaf.hash), hashes)

    def test_of_every_earlier_size_is_accepted_by_the_auditor(self) -> None:
        _, note = transparency.latest_checkpoint()
        head = notes.head(note, audit_log.keys())
        for old in (1, 2, 100, 255, 256, 257, head.size):
            proof = transparency.consistency_proof(old)
            assert tree.continues(old, StoredTree().root(old), head.size, head.root, proof.hashes)

    def test_reads_no_more_than_it_needs(self, django_assert_num_queries: Callable[..., object]) -> None:
        event = AuditLeaf.objects.get(number=7).event_id
        with django_assert_num_queries(
            5
        ):  # the leaf, the head, its cosignatures, one run for each eight levels
            transparency.inclusion_proof(event)


class TestThereIsNoProof:
    @pytest.mark.parametrize("size", [0, -1, 10_000])
    def test_of_a_size_that_never_was(self, size: int) -> None:
        world.organization()
        audit_log.sequence()
        assert transparency.consistency_proof(size) is None

    def test_of_an_event_that_waits(self) -> None:
        audit_log.sequence()
        holder = world.organization("birch")
        event = audit.history(organization=holder).first()
        assert transparency.inclusion_proof(event.pk) is None

    def test_of_an_event_that_is_not_there(self) -> None:
        assert transparency.inclusion_proof(UUID(int=1)) is None


def test_before_the_first_checkpoint_there_is_nothing() -> None:
    assert transparency.latest_checkpoint() is None
    assert transparency.consistency_proof(1) is None


class TestCosignatures:
    @pytest.fixture(autouse=True)
    def known_witness(self, settings: Settings) -> None:
        settings.REGISTRY = replace(settings.REGISTRY, audit_witness_keys=(str(WITNESS.verifier),))
        world.organization()
        audit_log.sequence()

    def note(self) -> str:
        return transparency.latest_checkpoint()[1]

    def test_are_kept_once_below_the_checkpoint(self) -> None:
        cosigned = self.note() + signed_note.cosign(self.note(), WITNESS, 1679315147)
        assert transparency.add_cosignatures(cosigned) == 1
        assert transparency.add_cosignatures(cosigned) == 0
        assert self.note() == cosigned

    def test_the_auditor_knows_the_witness(self) -> None:
        transparency.add_cosignatures(self.note() + signed_note.cosign(self.note(), WITNESS, 1))
        witness = notes.PublicKey.read(str(WITNESS.verifier))
        assert notes.head(self.note(), audit_log.keys(), [witness]).witnesses == {"witness.example/w1"}

    def test_of_strangers_are_not_kept(self) -> None:
        stranger = SigningKey("stranger.example", bytes([1]) * 32, COSIGNATURE_V1)
        assert transparency.add_cosignatures(self.note() + signed_note.cosign(self.note(), stranger, 1)) == 0

    def test_that_are_wrong_are_refused(self) -> None:
        line = signed_note.cosign(self.note().replace("\n", "x\n", 1), WITNESS, 1)
        with pytest.raises(UnverifiedNote, match="wrong"):
            transparency.add_cosignatures(self.note() + line)

    def test_of_checkpoints_that_are_not_ours_are_refused(self) -> None:
        foreign = Checkpoint(audit_identity.origin(), 3, b"x" * 32)
        note = signed_note.sign(str(foreign), audit_identity.signing_key())
        with pytest.raises(UnverifiedNote, match="not ours"):
            transparency.add_cosignatures(note)

    def test_below_anything_else_are_refused(self) -> None:
        with pytest.raises(InvalidNote):
            transparency.add_cosignatures("anything\n")


REFUSED = [
    "DELETE FROM registry_auditqueue",
    "UPDATE registry_auditqueue SET event = gen_random_uuid()",
    "UPDATE registry_auditqueue SET held = false WHERE held",
    "INSERT INTO registry_auditqueue VALUES (gen_random_uuid(), false)",
    "TRUNCATE registry_auditqueue",
    "DELETE FROM registry_auditleaf",
    "UPDATE registry_auditleaf SET hash = hash",
    "DELETE FROM registry_auditcheckpoint",
    "UPDATE registry_auditcheckpoint SET note = ''",
    "TRUNCATE registry_auditcheckpoint CASCADE",
    "DELETE FROM registry_auditnode",
    "UPDATE registry_auditnode SET index = index + 1",
    "DELETE FROM registry_auditcosignature",
]


def test_triggers_keep_every_table(settings: Settings) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, audit_witness_keys=(str(WITNESS.verifier),))
    audit_log.record(world.organization(), 256)
    forge()
    audit_log.sequence()
    note = transparency.latest_checkpoint()[1]
    transparency.add_cosignatures(note + signed_note.cosign(note, WITNESS, 1))
    world.organization()
    for statement in REFUSED:
        with pytest.raises(DatabaseError, match=r"only grows|with its leaf|denied"), transaction.atomic():
            connection.cursor().execute(statement)
