"""The Merkle tree of RFC 9162 as a reader needs it. Proofs are followed by their definition, from the root downwards.

Written apart from the writer's (`registry.merkle`), which follows the verification algorithms of §2.1.3.2 and §2.1.4.2.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

EMPTY = sha256().digest()


def leaf(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def parent(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


class Growing:
    """Derives roots while leaves come in: for each bit of the size, the hash of the subtree of that many leaves."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: dict[int, bytes] = {}

    def add(self, hashed: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Add a leaf by its hash; yields (level, index, hash) of each subtree that is full with it."""
        self.size += 1
        level = 0
        while level in self._subtrees:
            hashed = parent(self._subtrees.pop(level), hashed)
            level += 1
            yield level, (self.size >> level) - 1, hashed
        self._subtrees[level] = hashed

    def root(self) -> bytes:
        found = b""
        for level in sorted(self._subtrees):
            found = parent(self._subtrees[level], found) if found else self._subtrees[level]
        return found or EMPTY


def includes(root: bytes, size: int, index: int, hashed: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the leaf with this hash is number `index` of the tree. Source: PATH, RFC 9162 §2.1.3.1."""
    if not 0 <= index < size or not _all_hashes([root, hashed, *proof]):
        return False
    return _root_by_path(size, index, hashed, list(proof)) == root


def _root_by_path(size: int, index: int, hashed: bytes, proof: list[bytes]) -> bytes | None:
    if size == 1:
        return None if proof else hashed
    if not proof:
        return None
    middle, beside = _middle(size), proof.pop()
    if index < middle:
        below = _root_by_path(middle, index, hashed, proof)
        return None if below is None else parent(below, beside)
    below = _root_by_path(size - middle, index - middle, hashed, proof)
    return None if below is None else parent(beside, below)


def continues(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `old` leaves begins the tree of `new` leaves. Source: SUBPROOF, RFC 9162 §2.1.4.1.

    A tree continues itself and the empty tree without proof.
    """
    if not 0 <= old <= new or not _all_hashes([old_root, new_root, *proof]):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    return _roots_by_proof(old, new, old_root, list(proof)) == (old_root, new_root)


def _roots_by_proof(old: int, new: int, known: bytes, proof: list[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots below here; `known` is the old root while the subtree begins at leaf 0, else b""."""
    if old == new:
        if len(proof) != (not known):
            return None
        return (known, known) if known else (proof[0], proof[0])
    if not proof:
        return None
    middle, beside = _middle(new), proof.pop()
    if old <= middle:
        below = _roots_by_proof(old, middle, known, proof)
        return None if below is None else (below[0], parent(below[1], beside))
    below = _roots_by_proof(old - middle, new - middle, b"", proof)
    return None if below is None else (parent(beside, below[0]), parent(beside, below[1]))


def _middle(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def _all_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == 32 for value in values)
