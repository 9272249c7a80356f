"""Verifies the tables themselves, as a reader of the database: every row of the log, in one snapshot.

Needs psycopg and the right to SELECT; nothing of the product runs. What each statement reads is all that is known here
of the tables.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from portal.auditor import canonical, events, notes, tree
from portal.auditor.heads import KnownHeads
from portal.auditor.notes import Head, PublicKey
from portal.auditor.verdict import Refuted, Report

STORED_LEVELS = 8
_DOCUMENT = """
    e.id::text AS id, e.organization_id::text AS organization,
    to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
    e.before::text AS before, e.after::text AS after, e.once,
    e.action, e.actor_id, e.actor_kind, e.actor_label, e.environment, e.policy_version, e.reason, e.request_id,
    e.subject_id, e.subject_kind
"""
LEAVES = f"""
    SELECT l.number, l.hash AS leaf_hash, e.digest, {_DOCUMENT}
    FROM registry_auditleaf l LEFT JOIN registry_auditevent e ON e.id = l.event_id ORDER BY l.number
"""  # noqa: S608  # every part stands in this file
CHECKPOINTS = "SELECT size, root, note FROM registry_auditcheckpoint ORDER BY size"
COSIGNATURES = """
    SELECT s.checkpoint_id AS size, c.note, s.witness, s.line FROM registry_auditcosignature s
    LEFT JOIN registry_auditcheckpoint c ON c.size = s.checkpoint_id ORDER BY s.checkpoint_id, s.witness
"""
NODES = "SELECT level, index, hash FROM registry_auditnode ORDER BY level, index"
WAITING = f"""
    SELECT q.event::text AS event, q.held, l.number, e.digest, {_DOCUMENT} FROM registry_auditqueue q
    LEFT JOIN registry_auditevent e ON e.id = q.event LEFT JOIN registry_auditleaf l ON l.event_id = q.event
    ORDER BY q.event
"""  # noqa: S608  # every part stands in this file
FORGOTTEN = """
    SELECT e.id::text AS id FROM registry_auditevent e
    WHERE NOT EXISTS (SELECT FROM registry_auditleaf l WHERE l.event_id = e.id)
    AND NOT EXISTS (SELECT FROM registry_auditqueue q WHERE q.event = e.id) LIMIT 1
"""


def verify_database(url: str, keys: Sequence[PublicKey], **options: Any) -> Report:
    """Verify the database at this address in one read-only snapshot; options as those of Tables."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return Tables(connection, keys, **options).verify()


class Tables:
    """One verification over one open connection, whose transaction sees what is verified."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        keys: Sequence[PublicKey],
        witnesses: Sequence[PublicKey] = (),
        known: KnownHeads | None = None,
        progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._witnesses = witnesses
        self._known = known or KnownHeads()
        self._progress = progress
        self._report = Report("The log in the database")
        self._grown = tree.Growing()
        self._nodes: dict[tuple[int, int], bytes] = {}

    def verify(self) -> Report:
        """Raises Refuted at the first row that is not as it was signed."""
        try:
            with self._connection.transaction():  # the cursors need one
                self._verify()
        except (psycopg.DataError, UnicodeDecodeError) as error:
            raise Refuted("a row cannot be read", leaf=self._grown.size) from error
        return self._report

    def _verify(self) -> None:
        last = self._read_checkpoints()
        for row in self._rows(LEAVES):
            self._grow(row)
        self._known.require_none_above(self._grown.size)
        if last is None and self._grown.size:
            raise Refuted("the log was never signed", leaf=0)
        if last is not None and last.size != self._grown.size:
            raise Refuted(f"the last checkpoint has {last.size} leaves", leaf=last.size)
        self._report.head = last
        self._compare_nodes()
        self._verify_cosignatures()
        self._verify_waiting()

    def _rows(self, query: str) -> Iterator[dict[str, Any]]:
        with self._connection.cursor(name="auditor", row_factory=dict_row) as cursor:
            cursor.itersize = 2000
            yield from cursor.execute(query)

    # Checkpoints

    def _read_checkpoints(self) -> Head | None:
        head = None
        for row in self._rows(CHECKPOINTS):
            head = self._head(row["note"], row["size"])
            if (head.size, head.root) != (row["size"], bytes(row["root"])):
                raise Refuted(f"the row of the checkpoint at {row['size']} leaves is not its note")
            self._known.add(head)
        return head

    def _head(self, note: str, size: int) -> Head:
        try:
            return notes.head(note, self._keys, self._witnesses)
        except ValueError as error:
            raise Refuted(f"the checkpoint at {size} leaves: {error}") from error

    def _verify_cosignatures(self) -> None:
        for row in self._rows(COSIGNATURES):
            head = self._head(f"{row['note']}{row['line']}", row["size"])
            if head.unknown + len(head.witnesses) != 1 or not row["line"].startswith(f"— {row['witness']} "):
                raise Refuted(f"the cosignature of {row['witness']} at {row['size']} leaves is none")
            self._report.take_witnesses(head)

    # Leaves and nodes

    def _grow(self, row: dict[str, Any]) -> None:
        number = self._grown.size
        if row["number"] != number:
            raise Refuted(f"the next row has number {row['number']}", leaf=number)
        if row["id"] is None:
            raise Refuted("its event is not there", leaf=number)
        hashed = _hash(row, leaf=number)
        if not hashed == bytes(row["leaf_hash"]) == bytes(row["digest"]):
            raise Refuted(f"the event {row['id']} is not the one that was hashed", leaf=number)
        for level, index, node in self._grown.add(hashed):
            if level % STORED_LEVELS == 0:
                self._nodes[level, index] = node
        self._known.compare(self._grown, self._report)
        self._report.events += 1
        if number % 1000 == 0:
            self._progress(number)

    def _compare_nodes(self) -> None:
        for row in self._rows(NODES):
            place = row["level"], row["index"]
            if self._nodes.pop(place, b"") != bytes(row["hash"]):
                raise Refuted(f"the stored subtree {place[1]} of level {place[0]} is wrong")
        for level, index in self._nodes:
            raise Refuted(f"the stored subtree {index} of level {level} is missing")

    # Events without a leaf

    def _verify_waiting(self) -> None:
        for row in self._rows(WAITING):
            if row["id"] is None:
                raise Refuted(f"the event {row['event']} waits for its leaf, but is not there")
            if row["number"] is not None:
                raise Refuted("its event waits for a leaf as well", leaf=row["number"])
            if row["held"] or _hash(row, leaf=None) != bytes(row["digest"]):
                raise Refuted(f"the event {row['id']}, which waits for its leaf, is not as it was written")
        for row in self._rows(FORGOTTEN):
            raise Refuted(f"the event {row['id']} has no leaf and waits for none")


def _hash(row: dict[str, Any], *, leaf: int | None) -> bytes:
    document, write = {name: row[name] for name in events.MEMBERS}, canonical.write_plain
    try:
        for name in ("before", "after"):
            if document[name] is not None:
                document[name], needed = canonical.parse(document[name])
                write = canonical.write if needed is canonical.write else write
        return events.leaf(document, write)
    except (canonical.NotCanonical, UnicodeError) as error:
        raise Refuted(f"the event {row['id']} cannot be hashed: {error}", leaf=leaf) from error
