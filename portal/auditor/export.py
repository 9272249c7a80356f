"""Verifies an export: a file of lines, each one JSON object in canonical form, ending in a signed sum of all bytes.

first   {"checkpoint", "complete", "format", "from", "made_at", "organization", "to"}, and "filter" where a search chose
        the events: what was asked in words, which nobody but the registry can judge
then    {"event", "hash", "number"}, and "proof" in partial exports: RFC 9162 inclusion, base64, leaf to root;
        {"checkpoint"} in complete exports: an earlier head, at the place where the log had this size
last    {"end"}: a note of `<origin>/export` over the number of events and the SHA-256 of all lines before

A complete export has every leaf of its checkpoint. A partial one proves that its events are in the log and are those
that its first line describes; that none is left out is what the signature at its end claims.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import IO, Any

from portal.auditor import canonical, events, notes, tree
from portal.auditor.heads import KnownHeads
from portal.auditor.notes import Head, PublicKey
from portal.auditor.verdict import Refuted, Report

FORMAT = "concordat-audit-export/1"
MAX_LINE_BYTES = 8 * 1024 * 1024
_FIRST = {"checkpoint", "complete", "format", "from", "made_at", "organization", "to"}
_LEAF = {"event", "hash", "number"}


def _is_description(line: dict[str, Any]) -> bool:
    is_searched = "filter" in line and not line.get("complete")
    if line.keys() != (_FIRST | {"filter"} if is_searched else _FIRST) or line["format"] != FORMAT:
        return False
    if type(line["complete"]) is not bool:
        return False
    whose, times = line["organization"], (line["from"], line["to"])
    named = isinstance(whose, dict) and whose.keys() == {"id", "slug"}
    return (named or whose is None) and all(at is None or isinstance(at, str) for at in times)


class Export:
    """One verification of one file, from its first line to its last."""

    def __init__(
        self,
        file: IO[bytes],
        keys: Sequence[PublicKey],
        witnesses: Sequence[PublicKey] = (),
        known: KnownHeads | None = None,
        progress: Callable[[int], None] = lambda count: None,
    ) -> None:
        self._keys = keys
        self._witnesses = witnesses
        self._known = known or KnownHeads()
        self._progress = progress
        self._sum = sha256()
        self._report = Report("The export")
        self._next = 0
        self._write: canonical.Writer = canonical.write
        self._lines = self._read(file)

    def verify(self) -> Report:
        """Raises Refuted at the first thing that is not as it was signed."""
        first = next(self._lines, {})
        if not _is_description(first):
            raise Refuted(f"the first line does not describe a {FORMAT}")
        head = self._report.head = self._head(first)
        end = self._complete(head) if first["complete"] else self._partial(head, first)
        self._require_end(end, head)
        if next(self._lines, None) is not None:
            raise Refuted("something follows the last line")
        return self._report

    def _read(self, file: IO[bytes]) -> Iterator[dict[str, Any]]:
        """Every line, read strictly. The sum is that of the lines before the one given last."""
        line = b""
        for count, following in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), 1):
            self._sum.update(line)
            line = following
            yield self._object(line, count)
            if count % 1000 == 0:
                self._progress(count)

    def _object(self, line: bytes, count: int) -> dict[str, Any]:
        try:
            value, self._write = canonical.read(line.removesuffix(b"\n"))
        except canonical.NotCanonical as error:
            raise Refuted(f"line {count}: {error}", leaf=self._next) from error
        if not isinstance(value, dict) or not line.endswith(b"\n"):
            raise Refuted(f"line {count} is no whole line of an export", leaf=self._next)
        return value

    def _head(self, line: dict[str, Any]) -> Head:
        try:
            return notes.head(str(line["checkpoint"]), self._keys, self._witnesses)
        except ValueError as error:
            raise Refuted(f"a checkpoint: {error}", leaf=self._next) from error

    # Complete: every leaf, the root derived from them

    def _complete(self, head: Head) -> dict[str, Any]:
        grown = tree.Growing()
        for line in self._lines:
            if line.keys() == {"checkpoint"}:
                self._compare_earlier(line, grown)
            elif line.keys() == _LEAF:
                self._grow(line, grown)
            else:
                return self._whole(line, head, grown)
        raise Refuted("the export was cut: its last line is missing", leaf=self._next)

    def _compare_earlier(self, line: dict[str, Any], grown: tree.Growing) -> None:
        head = self._head(line)
        if head.size != grown.size:
            raise Refuted(f"a checkpoint of {head.size} leaves stands after {grown.size}")
        self._known.add(head)
        self._known.compare(grown, self._report)

    def _grow(self, line: dict[str, Any], grown: tree.Growing) -> None:
        if type(line["number"]) is not int or line["number"] != grown.size:
            raise Refuted(f"here stands number {line['number']}", leaf=grown.size)
        list(grown.add(self._leaf(line)))
        self._known.compare(grown, self._report)

    def _whole(self, line: dict[str, Any], head: Head, grown: tree.Growing) -> dict[str, Any]:
        self._known.require_none_above(grown.size)
        if head.size != grown.size:
            raise Refuted(f"{head.size} leaves were signed, {grown.size} are here", leaf=grown.size)
        self._known.add(head)
        self._known.compare(grown, self._report)
        return line

    # Partial: some leaves, each with the proof that leads to the root

    def _partial(self, head: Head, first: dict[str, Any]) -> dict[str, Any]:
        self._report.heads += 1
        self._report.take_witnesses(head)
        self._report.apart = self._known.sizes_but(head.size)
        self._known.add(head)
        for line in self._lines:
            if line.keys() != _LEAF | {"proof"}:
                return line
            self._prove(line, head)
            self._require_described(line["event"], first)
        raise Refuted("the export was cut: its last line is missing")

    def _prove(self, line: dict[str, Any], head: Head) -> None:
        number = line["number"]
        if type(number) is not int or not self._next <= number < head.size:
            raise Refuted(f"number {number} is not in the order of the log", leaf=self._next)
        self._next = number
        hashed = self._leaf(line)
        try:
            proof = [notes.unbase64(node) for node in line["proof"]]
        except (notes.NotANote, TypeError) as error:
            raise Refuted("the proof is no list of hashes", leaf=number) from error
        if not tree.includes(head.root, head.size, number, hashed, proof):
            raise Refuted("the proof does not lead to the signed root", leaf=number)

    def _require_described(self, event: dict[str, Any], first: dict[str, Any]) -> None:
        whose, since, until = first["organization"], first["from"], first["to"]
        if (whose is not None and event["organization"] != whose["id"]) or (
            (since is not None and event["at"] < since) or (until is not None and event["at"] >= until)
        ):
            raise Refuted("the event is not one that the first line describes", leaf=self._next - 1)

    # Both

    def _leaf(self, line: dict[str, Any]) -> bytes:
        """The hash of the event on this line, which has to be the one that stands beside it."""
        events.require_document(line["event"], leaf=self._next)
        hashed = events.leaf(line["event"], self._write)
        if b64encode(hashed).decode() != line["hash"]:
            raise Refuted("the event is not the one that was hashed", leaf=self._next)
        self._next += 1
        self._report.events += 1
        return hashed

    def _require_end(self, line: dict[str, Any], head: Head) -> None:
        if line.keys() != {"end"}:
            raise Refuted("a line is neither event nor checkpoint nor end", leaf=self._next)
        signers = [key.renamed("/export") for key in self._keys if key.name == head.origin]
        try:
            text, names, _ = notes.opened(str(line["end"]), signers)
        except ValueError as error:
            raise Refuted(f"the last line: {error}") from error
        summed = b64encode(self._sum.digest()).decode()
        wanted = f"{head.origin}/export\nevents {self._report.events}\nsha256 {summed}\n"
        if not names or text != wanted:
            raise Refuted("the lines are not those that were signed at the end")
