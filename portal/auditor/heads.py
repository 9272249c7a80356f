"""Signed heads that are known: whoever kept one finds a log that was cut, or written anew from the first leaf on."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from portal.auditor import notes
from portal.auditor.notes import Head, PublicKey
from portal.auditor.tree import Growing
from portal.auditor.verdict import Refuted, Report


class KnownHeads:
    """Heads by size, compared with the root at each size as a tree grows."""

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self._heads: dict[int, Head] = {}
        self._good = 0
        for head in heads:
            self.add(head)

    def add(self, head: Head) -> None:
        """Raises Refuted when another head of this size is known."""
        known = self._heads.setdefault(head.size, head)
        if known.root != head.root:
            raise Refuted(f"two signed heads of {head.size} leaves differ: the log was forked")

    def compare(self, grown: Growing, report: Report) -> None:
        """Raises Refuted when a head of this size is known and has another root."""
        head = self._heads.get(grown.size)
        if head is None:
            return
        if head.root != grown.root():
            between = f"the first bad leaf is one of {self._good} to {grown.size - 1}"
            raise Refuted(f"other events stand here than were signed at {grown.size} leaves: {between}")
        self._good = grown.size
        report.heads += 1
        report.take_witnesses(head)

    def require_none_above(self, size: int) -> None:
        """Raises Refuted when a larger log was signed than the one that is here."""
        largest = max(self._heads, default=0)
        if largest > size:
            raise Refuted(f"the log was cut: {largest} leaves were signed, {size} are here", leaf=size)

    def sizes_but(self, size: int) -> int:
        """How many heads are known of other sizes."""
        return len(self._heads.keys() - {size})


def read_heads(path: Path, keys: Sequence[PublicKey], witnesses: Sequence[PublicKey]) -> Iterator[Head]:
    """The heads in a file: one note, or a line of `{"checkpoint": note}` for each, as the file witness writes them.

    Raises Refuted when one of them is not signed as it has to be.
    """
    for note in _notes(path.read_text(encoding="utf-8")):
        try:
            yield notes.head(note, keys, witnesses)
        except ValueError as error:
            raise Refuted(f"{path.name}: {error}") from error


def _notes(text: str) -> Iterator[str]:
    if not text.startswith("{"):
        yield text
        return
    for line in text.splitlines():
        try:
            yield str(json.loads(line)["checkpoint"])
        except (ValueError, LookupError, TypeError) as error:
            raise Refuted("a line of the witness is no checkpoint") from error
