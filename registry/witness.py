"""A witness of one file: it keeps every checkpoint that continues the last one, and refuses all others.

Keep the file where those who can write to the database cannot. One line for each checkpoint: `{"checkpoint":"note"}`.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from registry import canonical_json, merkle, signed_note
from registry.signed_note import Checkpoint, InvalidNote, VerifierKey

_TAIL_BYTES = 2 * signed_note.MAX_NOTE_CHARACTERS


class WitnessRefused(Exception):
    """The checkpoint does not continue the last one seen: it is smaller, or other events stand where those stood."""


class WitnessUnreadable(Exception):
    """The file ends in something that is no checkpoint of this log: a person has to look at it."""


class FileWitness:
    """`keys` are those of the log whose checkpoints are witnessed. Processes may share a file on one machine."""

    def __init__(self, path: Path, keys: Sequence[VerifierKey]) -> None:
        self._path = path
        self._keys = keys

    def last(self) -> Checkpoint | None:
        """The last checkpoint seen. Raises WitnessUnreadable, also when its signature is wrong."""
        if not self._path.exists():
            return None
        with self._path.open("rb") as file:
            return self._last_in(file.fileno())

    def observe(self, note: str, proof: Sequence[bytes]) -> None:
        """Keep this checkpoint, which `proof` connects with the last one; one seen before is not kept twice.

        Raises UnverifiedNote, WitnessRefused. When this returns, the note is on the disk.
        """
        checkpoint = signed_note.open_checkpoint(note, self._keys)
        with self._locked() as descriptor:
            last = self._last_in(descriptor)
            if last == checkpoint:
                return
            if last is not None:
                _require_continuation(last, checkpoint, proof)
            os.write(descriptor, canonical_json.encode({"checkpoint": note}) + b"\n")
            os.fsync(descriptor)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # What a crash left of a line; its checkpoint is in the database and comes again.
            os.ftruncate(descriptor, _whole_lines(descriptor)[1])
            yield descriptor
        finally:
            os.close(descriptor)

    def _last_in(self, descriptor: int) -> Checkpoint | None:
        tail, _ = _whole_lines(descriptor)
        if not tail:
            return None
        try:
            note = str(json.loads(tail.splitlines()[-1])["checkpoint"])
            return signed_note.open_checkpoint(note, self._keys)
        except (InvalidNote, ValueError, LookupError, TypeError) as error:
            raise WitnessUnreadable(str(self._path)) from error


def _require_continuation(last: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    if new.size < last.size:
        raise WitnessRefused(f"{new.size} leaves come after {last.size}")
    if not merkle.proves_consistency(last.size, new.size, last.root, new.root, proof):
        raise WitnessRefused(f"the tree of {new.size} leaves does not begin with that of {last.size}")


def _whole_lines(descriptor: int) -> tuple[bytes, int]:
    """The end of the file up to its last whole line, and the place where that ends."""
    length = os.fstat(descriptor).st_size
    start = max(0, length - _TAIL_BYTES)
    tail = os.pread(descriptor, length - start, start)
    whole = tail[: tail.rfind(b"\n") + 1]
    return whole, start + len(whole)
