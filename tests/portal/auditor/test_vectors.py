"""Every hostile proof is refused by the auditor and by the writer, every good one accepted."""

import json
from base64 import b64decode
from typing import Any

import pytest

from portal.auditor import notes, tree
from portal.auditor.notes import NotANote, NotSigned, PublicKey
from registry import merkle
from tests.architecture.source import ROOT

CASES = json.loads((ROOT / "tests/vectors/audit_proofs.json").read_text())["cases"]


def of(kind: str) -> list[dict[str, Any]]:
    return [case for case in CASES if case["kind"] == kind]


def hashes(case: dict[str, Any], *names: str) -> list[bytes]:
    return [b64decode(case[name]) for name in names]


def test_there_are_enough() -> None:
    assert sum(not case["accept"] for case in CASES) >= 100
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_inclusion() -> None:
    for case in of("inclusion"):
        proof = [b64decode(node) for node in case["proof"]]
        leaf, root = hashes(case, "leaf", "root")
        assert tree.includes(root, case["size"], case["index"], leaf, proof) == case["accept"], case["name"]
        assert merkle.proves_inclusion(case["index"], case["size"], leaf, proof, root) == case["accept"]


def test_consistency() -> None:
    for case in of("consistency"):
        proof = [b64decode(node) for node in case["proof"]]
        old, new = hashes(case, "old_root", "new_root")
        found = tree.continues(case["old"], old, case["new"], new, proof)
        assert found == case["accept"], case["name"]
        assert merkle.proves_consistency(case["old"], case["new"], old, new, proof) == case["accept"]


@pytest.mark.parametrize("case", of("tlog-proof"), ids=lambda case: case["name"])
def test_text(case: dict[str, Any]) -> None:
    assert is_accepted(case) == case["accept"]


def is_accepted(case: dict[str, Any]) -> bool:
    try:
        index, proof, note = notes.proof(case["text"])
        head = notes.head(note, [PublicKey.read(case["key"])])
    except (NotANote, NotSigned):
        return False
    return tree.includes(head.root, head.size, index, tree.leaf(b64decode(case["entry"])), proof)
