"""The stored tree: leaves, and the hashes of complete subtrees at every eighth level, from which any other follows.

A run is up to 256 neighbouring hashes of one stored level, a tile of C2SP tlog-tiles. A proof reads one run for each
eight levels: three for sixteen million events.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from registry import merkle
from registry.merkle import Node
from registry.models.transparency import AuditLeaf

STEP = 8
RUN = 1 << STEP

_INSERT_LEAVES = """
    INSERT INTO registry_auditleaf (number, event_id, hash)
    SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::bytea[])
"""
_INSERT_NODES = """
    INSERT INTO registry_auditnode (level, index, hash)
    SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
"""


class TreeBroken(Exception):
    """What is stored is not the tree that was signed. The message says where."""


@dataclass(frozen=True, slots=True)
class NewLeaf:
    event: UUID
    hash: bytes


def size() -> int:
    """How many leaves there are. Numbers are consecutive: verified with the root, not here."""
    last = AuditLeaf.objects.order_by("-number").values_list("number", flat=True).first()
    return 0 if last is None else last + 1


def append(edge: merkle.Edge, leaves: Sequence[NewLeaf]) -> None:
    """Grow `edge` and the tables by `leaves`, in a transaction of the caller's."""
    first = edge.size
    nodes = [node for leaf in leaves for node in edge.append(leaf.hash) if node[0] % STEP == 0]
    numbers = list(range(first, edge.size))
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT_LEAVES, [numbers, [leaf.event for leaf in leaves], [leaf.hash for leaf in leaves]]
        )
        if nodes:
            cursor.execute(_INSERT_NODES, _columns(nodes))


def _columns(nodes: Sequence[Node]) -> list[list[object]]:
    return [list(column) for column in zip(*nodes, strict=True)]


class StoredTree:
    """Reads the tree as it stands, and remembers the 64 runs used last: make a new one to read anew."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree. Raises TreeBroken where a hash below it is missing."""
        above = level % STEP
        first = index << above
        levels = self._run(level - above, first // RUN)
        place = first % RUN >> above
        if len(levels[above]) <= place:
            raise TreeBroken(f"subtree {index} of level {level} is not complete")
        return levels[above][place]

    def edge(self, size: int) -> merkle.Edge:
        return merkle.Edge(size, [self.node(*place) for place in merkle.complete_subtrees(0, size)])

    def root(self, size: int) -> bytes:
        return self.edge(size).root()

    def inclusion_proof(self, index: int, size: int) -> tuple[bytes, ...]:
        """Raises IndexError unless 0 <= index < size, TreeBroken where the tree is smaller than `size`."""
        return self._hashes(merkle.inclusion_spans(index, size))

    def consistency_proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """Raises IndexError unless 0 < old <= new, TreeBroken where the tree is smaller than `new`."""
        return self._hashes(merkle.consistency_spans(old, new))

    def _hashes(self, spans: Sequence[merkle.Span]) -> tuple[bytes, ...]:
        return tuple(merkle.subtree_hash(span, self.node) for span in spans)

    def _run(self, level: int, number: int) -> list[list[bytes]]:
        """The hashes of a run, and those that follow from them for the levels up to the next stored one."""
        if (level, number) not in self._runs:
            self._runs[level, number] = _levels_above(list(_stored(level, number * RUN)))
            if len(self._runs) > 64:
                self._runs.popitem(last=False)
        self._runs.move_to_end((level, number))
        return self._runs[level, number]


def _levels_above(hashes: list[bytes]) -> list[list[bytes]]:
    levels = [hashes]
    for _ in range(1, STEP):
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        levels.append([merkle.node_hash(left, right) for left, right in pairs])
    return levels


_RUN_OF_LEAVES = (
    "SELECT number, hash FROM registry_auditleaf WHERE number >= %s AND number < %s ORDER BY number"
)
_RUN_OF_NODES = """
    SELECT index, hash FROM registry_auditnode WHERE level = %s AND index >= %s AND index < %s ORDER BY index
"""


def _run_query(level: int, first: int) -> tuple[str, list[int]]:
    run = [first, first + RUN]
    return (_RUN_OF_NODES, [level, *run]) if level else (_RUN_OF_LEAVES, run)


def _stored(level: int, first: int) -> Iterator[bytes]:
    """Hashes of one run in order, up to the first that is missing."""
    with connection.cursor() as cursor:
        cursor.execute(*_run_query(level, first))
        found = cursor.fetchall()
    for expected, (place, stored) in enumerate(found, first):
        if place != expected:
            return
        yield bytes(stored)
