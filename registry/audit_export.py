"""Exports of the audit log that can be verified anywhere with the public key alone: JSON lines, signed at the end.

first   what is exported: the checkpoint, whose events, from when until when
then    an event with its number and leaf hash; in partial exports with its RFC 9162 inclusion proof.
        In complete exports also earlier checkpoints at their place, at most one for each thousand events: with
        them a verifier can say between which leaves a log was written anew
last    a note of `<origin>/export` over the number of events and the SHA-256 of all lines before

Each line is canonical JSON, so that one export has one spelling. `portal.auditor.export` reads them.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import IO, Any

from django.db import connection, transaction
from django.db.models import Q

from registry import audit, audit_identity, canonical_json, event_document, queries, signed_note, transparency
from registry.actors import Actor
from registry.audit_tree import StoredTree
from registry.events import Event
from registry.models import Organization
from registry.signed_note import Checkpoint, SigningKey

FORMAT = "concordat-audit-export/1"
MOST_EVENTS = 100_000  # of an export that somebody waits for: some seconds
_EARLIER = """
    SELECT DISTINCT ON (size / 1024) size, note FROM registry_auditcheckpoint
    WHERE size < %s ORDER BY size / 1024, size DESC
"""


class NothingSequenced(Exception):
    """There is no checkpoint yet under which anything could be exported."""


class TooManyEvents(Exception):
    """More events are selected than can be written while somebody waits for them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events: of one organization, from `since` on, before `until`; all of them without.

    wanted  a further condition, which only this registry can judge; `words` say it to who reads the export
    """

    organization: Organization | None = None
    since: datetime | None = None
    until: datetime | None = None
    wanted: Q = field(default_factory=Q)
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_everything(self) -> bool:
        return not (self.organization or self.since or self.until or self.wanted)

    def description(self) -> dict[str, Any]:
        whose = self.organization
        return {
            "organization": whose and {"id": str(whose.pk), "slug": whose.slug},
            "from": self.since and event_document.instant(self.since),
            "to": self.until and event_document.instant(self.until),
        } | ({"filter": dict(self.words)} if self.words else {})

    def conditions(self) -> dict[str, Any]:
        asked = {"organization": self.organization, "at__gte": self.since, "at__lt": self.until}
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Export:
    """One export under one checkpoint: `size` says how many leaves that has, for a progress bar."""

    selection: Selection
    checkpoint: Checkpoint
    note: str
    key: SigningKey

    @property
    def size(self) -> int:
        return self.checkpoint.size

    def holds_more_than(self, events: int) -> bool:
        found = audit.count_sequenced(
            self.selection.wanted, below=self.size, most=events + 1, **self.selection.conditions()
        )
        return found > events

    def lines(self, *, now: datetime) -> Iterator[tuple[int, bytes]]:
        """Every line with its newline, and the number of the leaf that it has come to. Reads while it is read."""
        summed, events = sha256(), 0
        with transaction.atomic():  # the cursor lives as long as the transaction
            for number, line in self._lines(now):
                octets = canonical_json.encode(line) + b"\n"
                summed.update(octets)
                events += "event" in line
                yield number, octets
        yield self.size, canonical_json.encode({"end": self._end(events, summed.digest())}) + b"\n"

    def write(self, file: IO[bytes], *, now: datetime) -> None:
        """Every line into a file that is sent afterwards, at its reader's pace: until then no connection is kept."""
        file.writelines(line for _, line in self.lines(now=now))
        if not connection.in_atomic_block:
            connection.close()  # Django would keep it until the last octet is sent

    def _lines(self, now: datetime) -> Iterator[tuple[int, dict[str, Any]]]:
        description = {
            "format": FORMAT,
            "complete": self.selection.is_everything,
            "checkpoint": self.note,
            "made_at": event_document.instant(now),
        }
        yield 0, description | self.selection.description()
        yield from self._everything() if self.selection.is_everything else self._proved()

    def _everything(self) -> Iterator[tuple[int, dict[str, Any]]]:
        earlier = _earlier_checkpoints(self.size)
        size, note = next(earlier, (0, ""))
        for number, line in self._events():
            yield number, line
            if number + 1 == size:
                yield number, {"checkpoint": note}
                size, note = next(earlier, (0, ""))

    def _proved(self) -> Iterator[tuple[int, dict[str, Any]]]:
        tree = StoredTree()
        for number, line in self._events():
            proof = tree.inclusion_proof(number, self.size)
            yield number, line | {"proof": [b64encode(node).decode() for node in proof]}

    def _events(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, leaf, document in audit.sequenced(
            self.selection.wanted, below=self.size, **self.selection.conditions()
        ):
            yield number, {"number": number, "hash": b64encode(leaf).decode(), "event": document}

    def _end(self, events: int, digest: bytes) -> str:
        key = self.key.named(f"{self.key.name}/export")
        return signed_note.sign(f"{key.name}\nevents {events}\nsha256 {b64encode(digest).decode()}\n", key)


def export(selection: Selection) -> Export:
    """An export under the last checkpoint. Raises NothingSequenced, AuditKeyMissing."""
    latest = transparency.latest_checkpoint()
    if latest is None:
        raise NothingSequenced
    return Export(selection, *latest, audit_identity.signing_key())


def begin(selection: Selection, *, actor: Actor, reason: str, now: datetime) -> Export:
    """An export that somebody asks for and waits for: an event of the operator before its first line is read.

    Raises NothingSequenced, AuditKeyMissing; TooManyEvents beyond MOST_EVENTS.
    """
    made = export(selection)
    if made.holds_more_than(MOST_EVENTS):
        raise TooManyEvents
    with transaction.atomic():
        audit.record(
            Event.AUDIT_EXPORTED,
            organization=queries.operator_id(),
            subject=("audit_log", audit_identity.origin()),
            actor=actor,
            reason=reason,
            after=selection.description() | {"size": made.size},
            now=now,
        )
    return made


def _earlier_checkpoints(size: int) -> Iterator[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [size])
        yield from cursor.fetchall()
