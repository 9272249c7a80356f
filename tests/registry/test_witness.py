"""The witness of one file: what continues is kept, everything else refused."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from portal.auditor.heads import read_heads
from portal.auditor.notes import PublicKey
from registry import signed_note
from registry.signed_note import Checkpoint, SigningKey, UnverifiedNote
from registry.witness import FileWitness, WitnessRefused, WitnessUnreadable
from tests import naive_tree

LOG = SigningKey("log.example/audit", bytes(range(32)))


def note(size: int, root: bytes | None = None, key: SigningKey = LOG) -> str:
    head = Checkpoint("log.example/audit", size, root or naive_tree.root(0, size))
    return signed_note.sign(str(head), key)


def proof(old: int, new: int) -> Sequence[bytes]:
    return naive_tree.subproof(old, 0, new)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "witness.jsonl"


@pytest.fixture
def witness(path: Path) -> FileWitness:
    """One that has seen three leaves."""
    witness = FileWitness(path, [LOG.verifier])
    assert witness.last() is None
    witness.observe(note(3), ())
    return witness


def test_keeps_what_continues(witness: FileWitness, path: Path) -> None:
    witness.observe(note(7), proof(3, 7))
    assert witness.last() == Checkpoint("log.example/audit", 7, naive_tree.root(0, 7))
    assert [json.loads(line)["checkpoint"] for line in path.read_text().splitlines()] == [note(3), note(7)]


def test_keeps_the_same_once(witness: FileWitness, path: Path) -> None:
    witness.observe(note(3), ())
    assert len(path.read_text().splitlines()) == 1


def test_only_its_owner_reads_the_file(witness: FileWitness, path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("told", "given"),
    [
        (note(2), ()),
        (note(3, naive_tree.root(50, 53)), ()),
        (note(7, naive_tree.root(50, 57)), proof(3, 7)),
        (note(7), ()),
        (note(7), proof(4, 7)),
        (note(7), proof(3, 8)),
    ],
    ids=["smaller", "fork", "rewritten", "no proof", "proof of another size", "proof to another size"],
)
def test_refuses(witness: FileWitness, path: Path, told: str, given: Sequence[bytes]) -> None:
    before = path.read_bytes()
    with pytest.raises(WitnessRefused):
        witness.observe(told, given)
    assert path.read_bytes() == before


def test_refuses_what_the_log_did_not_sign(witness: FileWitness) -> None:
    with pytest.raises(UnverifiedNote):
        witness.observe(note(7, key=SigningKey(LOG.name, bytes(32))), proof(3, 7))


def test_a_line_that_a_crash_cut_is_written_again(witness: FileWitness, path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"checkpoint":"log.exam')
    assert witness.last() == Checkpoint("log.example/audit", 3, naive_tree.root(0, 3))
    witness.observe(note(7), proof(3, 7))
    assert path.read_bytes().startswith(whole)
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize("line", ["{}", "[]", "x", '{"checkpoint":"x"}', '{"checkpoint":1}'])
def test_a_last_line_of_somebody_else_stops_it(witness: FileWitness, path: Path, line: str) -> None:
    path.write_text(f"{line}\n")
    with pytest.raises(WitnessUnreadable):
        witness.last()
    with pytest.raises(WitnessUnreadable):
        witness.observe(note(7), proof(3, 7))


def test_the_auditor_reads_its_file(witness: FileWitness, path: Path) -> None:
    witness.observe(note(7), proof(3, 7))
    heads = list(read_heads(path, [PublicKey.read(str(LOG.verifier))], []))
    assert [head.size for head in heads] == [3, 7]
