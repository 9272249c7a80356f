"""The audit tree: gives events their leaves, signs what it has seen to be true, and proves it.

Source: RFC 9162 §2.1; C2SP tlog-checkpoint, tlog-cosignature, tlog-proof. Why it is so: docs/adr/0008.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from registry import actors, audit, audit_identity, audit_tree, merkle, signed_note
from registry.audit_tree import NewLeaf, StoredTree, TreeBroken
from registry.events import Event
from registry.merkle import Edge
from registry.models import Organization
from registry.models.transparency import AuditCheckpoint, AuditCosignature, AuditLeaf, AuditQueue
from registry.signed_note import Checkpoint, InvalidNote, SigningKey
from registry.witness import FileWitness, WitnessRefused

logger = logging.getLogger(__name__)

_LOCK = int.from_bytes(b"sequence")
_SEQUENCER = actors.system("sequence_audit")


@dataclass(frozen=True, slots=True)
class Sequenced:
    """What one run did.

    added    events that have a leaf now
    held     events whose row is not what was written: they get no leaf, and an alarm
    is_full  more may be waiting
    """

    added: int = 0
    held: int = 0
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an event is in the log. `text` is the same as a C2SP tlog-proof."""

    index: int
    checkpoint: Checkpoint
    note: str
    hashes: tuple[bytes, ...]

    @property
    def text(self) -> str:
        return signed_note.proof_text(self.index, self.hashes, self.note)


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the log of `old_size` events begins the log of the checkpoint."""

    old_size: int
    checkpoint: Checkpoint
    note: str
    hashes: tuple[bytes, ...]


# Sequencing


def sequence(*, now: datetime, limit: int = 2000, again: bool = False) -> Sequenced:
    """Give leaves to at most `limit` events that wait, and sign the tree that they make.

    again  also those that were held before, after somebody repaired their rows

    Each row is read again and hashed again. Before anything is signed, the tree so far is derived from the tables and
    compared with the last checkpoint and with the witness, and the new root is derived twice: from the rows and from
    the leaves as stored. Two runs at once do no harm: one does nothing.

    Raises TreeBroken, after the alarm, when what is stored is not what was signed; then nothing is signed any more.
    Raises AuditKeyMissing. Does not wait for events whose transactions have not ended: they come later.
    """
    try:
        with transaction.atomic():
            done = _sequence(now, limit, again=again) if _is_alone() else Sequenced()
        with transaction.atomic():
            if _is_alone():
                _show_the_witness()
    except TreeBroken as broken:
        _raise_alarm("log", audit_identity.origin(), str(broken), now)
        raise
    return done


def _is_alone() -> bool:
    """Take the lock of the sequencer until the end of the transaction; False when another run holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _sequence(now: datetime, limit: int, *, again: bool) -> Sequenced:
    waiting = AuditQueue.objects.filter(held__in=[False, again]).order_by("event")
    ids = list(waiting.values_list("event", flat=True)[:limit])
    if not ids:
        return Sequenced()
    key, edge = audit_identity.signing_key(), _signed_edge()
    found = {event.id: event for event in audit.stored(ids)}
    good = [event for event in found.values() if event.is_as_written]
    held = [event for event in ids if event not in found or not found[event].is_as_written]
    _hold(held, now)
    if good:
        audit_tree.append(edge, [NewLeaf(event.id, event.digest) for event in good])
        _sign(edge, [event.hash or b"" for event in good], key)
    return Sequenced(len(good), len(held), is_full=len(ids) == limit)


def _signed_edge() -> Edge:
    """The edge of the stored tree, once it is known to be the tree that was signed last."""
    size = audit_tree.size()
    edge = StoredTree().edge(size)
    _require_same_tree(_last_signed(), size, edge.root(), "the last checkpoint")
    witness = _witness()
    seen = witness.last() if witness else None
    if seen is not None:
        root = StoredTree().root(seen.size) if seen.size <= size else b""
        _require_same_tree(seen, min(size, seen.size), root, "the witness")
    return edge


def _require_same_tree(known: Checkpoint | None, size: int, root: bytes, whose: str) -> None:
    known_size, known_root = (known.size, known.root) if known else (0, merkle.EMPTY_ROOT)
    if (known_size, known_root) != (size, root):
        raise TreeBroken(f"the stored tree of {size} leaves is not that of {whose}, which has {known_size}")


def _last_signed() -> Checkpoint | None:
    row = AuditCheckpoint.objects.order_by("-size").first()
    return None if row is None else _opened(row)


def _opened(row: AuditCheckpoint) -> Checkpoint:
    try:
        checkpoint = signed_note.open_checkpoint(row.note, audit_identity.verifier_keys())
    except InvalidNote as error:
        raise TreeBroken(f"the note of the checkpoint at {row.size}: {error}") from error
    if (checkpoint.size, checkpoint.root) != (row.size, bytes(row.root)):
        raise TreeBroken(f"the row of the checkpoint at {row.size} is not its note")
    return checkpoint


def _sign(edge: Edge, hashes: Sequence[bytes], key: SigningKey) -> None:
    """Sign the tree of `edge`, which has grown by `hashes`: these were derived from the rows, not from the digests."""
    tree, before = StoredTree(), edge.size - len(hashes)
    derived = tree.edge(before)
    for leaf in hashes:
        list(derived.append(leaf))
    if not derived.root() == edge.root() == tree.root(edge.size):
        raise TreeBroken(f"{edge.size} leaves give two roots")
    checkpoint = Checkpoint(key.name, edge.size, edge.root())
    note = signed_note.sign(str(checkpoint), key)
    row = AuditCheckpoint(size=checkpoint.size, root=checkpoint.root, note=note)
    _opened(row)  # a fault between hashing and signing is not published
    row.save(force_insert=True)


# Alarms


def _hold(events: Sequence[UUID], now: datetime) -> None:
    if events:
        AuditQueue.objects.filter(event__in=events, held=False).update(held=True)
    for event in events:
        _raise_alarm("audit_event", str(event), "the row is not what was written", now)


def _raise_alarm(kind: str, identifier: str, found: str, now: datetime) -> None:
    """One event a minute for the same subject, in the operator's own log, and a line that alerts can look for."""
    logger.error("audit integrity failed: %s %s: %s", kind, identifier, found)
    operator = Organization.objects.filter(slug=settings.REGISTRY.operator_slug).first()
    if operator is not None:
        audit.record_once(
            Event.AUDIT_INTEGRITY_FAILED,
            once=identifier,
            organization=operator.pk,
            subject=(kind, identifier),
            actor=_SEQUENCER,
            reason=found,
            now=now,
        )


# Witnesses


def _witness() -> FileWitness | None:
    name = settings.REGISTRY.audit_witness_file
    return FileWitness(Path(name), audit_identity.verifier_keys()) if name else None


def _show_the_witness() -> None:
    """Show it the last checkpoint with what connects it with the last one seen. Raises TreeBroken where it refuses."""
    witness, row = _witness(), AuditCheckpoint.objects.order_by("-size").first()
    if witness is None or row is None:
        return
    seen = witness.last()
    if seen is not None and seen.size > row.size:
        raise TreeBroken(f"the witness has seen {seen.size} leaves, {row.size} are here")
    try:
        witness.observe(row.note, StoredTree().consistency_proof(seen.size, row.size) if seen else ())
    except (WitnessRefused, InvalidNote) as error:
        raise TreeBroken(f"the witness refuses: {error}") from error


def add_cosignatures(note: str) -> int:
    """Keep the lines of witnesses that we know below our own checkpoint; returns how many are new.

    Raises UnverifiedNote when `note` is no checkpoint of this log or a known witness's line is wrong.
    """
    checkpoint = signed_note.open_checkpoint(note, audit_identity.verifier_keys())
    row = AuditCheckpoint.objects.filter(size=checkpoint.size, root=checkpoint.root).first()
    if row is None:
        raise signed_note.UnverifiedNote("this checkpoint is not ours")
    lines = [
        AuditCosignature(checkpoint=row, witness=signature.name, line=str(signature))
        for signature, _ in signed_note.cosignatures(note, audit_identity.witness_keys())
    ]
    before = row.cosignatures.count()
    AuditCosignature.objects.bulk_create(lines, ignore_conflicts=True)
    return row.cosignatures.count() - before


# Reading


def latest_checkpoint() -> tuple[Checkpoint, str] | None:
    """The last signed head and its note with all cosignatures; None before the first."""
    row = AuditCheckpoint.objects.order_by("-size").first()
    if row is None:
        return None
    lines = row.cosignatures.order_by("witness").values_list("line", flat=True)
    text, _ = signed_note.split_note(row.note)
    return signed_note.read_checkpoint(text), row.note + "".join(lines)


def inclusion_proof(event_id: UUID) -> InclusionProof | None:
    """The proof that an event stands in the last checkpoint; None when it has no leaf yet, or there is none such."""
    index = AuditLeaf.objects.filter(event=event_id).values_list("number", flat=True).first()
    latest = latest_checkpoint()
    if index is None or latest is None or index >= latest[0].size:
        return None
    hashes = StoredTree().inclusion_proof(index, latest[0].size)
    return InclusionProof(index, *latest, hashes)


def consistency_proof(old_size: int) -> ConsistencyProof | None:
    """The proof that the last checkpoint continues the log of `old_size` events; None when it never was that large."""
    latest = latest_checkpoint()
    if latest is None or not 0 < old_size <= latest[0].size:
        return None
    hashes = StoredTree().consistency_proof(old_size, latest[0].size)
    return ConsistencyProof(old_size, *latest, hashes)


def oldest_waiting() -> UUID | None:
    """The oldest event that has no leaf yet and is not held; None when none waits."""
    return AuditQueue.objects.filter(held=False).order_by("event").values_list("event", flat=True).first()


def waiting() -> tuple[int, int]:
    """How many events have no leaf yet, and how many of these are held."""
    held = AuditQueue.objects.filter(held=True).count()
    return AuditQueue.objects.count(), held
