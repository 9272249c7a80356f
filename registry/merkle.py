"""The Merkle tree of RFC 9162 over SHA-256: hashes, the right edge of a growing tree, proofs and their verification.

Pure. Hashes are 32 bytes. A subtree is named by the leaves [begin, end) below it; a complete one also by its level
(0 = leaves) and its index on that level, so that (level, index) covers the leaves [index·2^level, (index+1)·2^level).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import TypeAlias

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Span: TypeAlias = tuple[int, int]
Node: TypeAlias = tuple[int, int, bytes]  # level, index, hash of a complete subtree


def leaf_hash(entry: bytes) -> bytes:
    """HASH(0x00 || entry), §2.1.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """HASH(0x01 || left || right), §2.1.1."""
    return sha256(b"\x01" + left + right).digest()


# Shape


def split(size: int) -> int:
    """The largest power of two smaller than `size`, which is at least 2 (the k of §2.1.1)."""
    return 1 << (size - 1).bit_length() - 1


def complete_subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest complete subtrees that cover [begin, end), left to right, as (level, index)."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        yield level, begin >> level
        begin += 1 << level


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The subtrees whose hashes prove leaf `index` in a tree of `size` leaves, from the leaf's sibling upwards.

    Raises IndexError unless 0 <= index < size. Source: PATH(m, D_n), §2.1.3.1.
    """
    if not 0 <= index < size:
        raise IndexError(index)
    begin, end, spans = 0, size, []
    while end - begin > 1:
        middle = begin + split(end - begin)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((begin, middle))
            begin = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The subtrees whose hashes prove that the tree of `old` leaves begins the tree of `new` leaves.

    Raises IndexError unless 0 < old <= new; equal sizes need no proof. Source: SUBPROOF(m, D_n, b), §2.1.4.1.
    """
    if not 0 < old <= new:
        raise IndexError(old)
    begin, end, spans = 0, new, []
    while end != old:
        middle = begin + split(end - begin)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((begin, middle))
            begin = middle
    if begin:
        spans.append((begin, end))
    return spans[::-1]


# Growing


def fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over neighbouring complete subtrees that shrink to the right, as complete_subtrees gives them."""
    if not hashes:
        return EMPTY_ROOT
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded


class Edge:
    """The right edge of a growing tree: the complete subtrees of [0, size), largest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)
        if len(self._peaks) != size.bit_count():
            raise ValueError("a tree has one peak for each bit of its size")

    def append(self, leaf: bytes) -> Iterator[Node]:
        """Grow by one leaf, given by its hash; yields each subtree above it that is complete now."""
        index, level, grown = self.size, 0, leaf
        self.size += 1
        while index & 1:
            index, level, grown = index >> 1, level + 1, node_hash(self._peaks.pop(), grown)
            yield level, index, grown
        self._peaks.append(grown)

    def root(self) -> bytes:
        return fold(self._peaks)


def subtree_hash(span: Span, node: Callable[[int, int], bytes]) -> bytes:
    """The hash of any subtree out of complete ones, which `node(level, index)` gives."""
    return fold([node(level, index) for level, index in complete_subtrees(*span)])


# Verification


def proves_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `leaf` (its hash) stands at `index` under `root`. Source: §2.1.3.2."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    here, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def proves_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree under `old_root` begins the tree under `new_root`. Source: §2.1.4.2.

    Every tree begins with the empty one, and a tree with itself: both need an empty proof and right roots.
    """
    if not 0 <= old <= new or not _are_hashes(old_root, new_root, *proof):
        return False
    if old in {0, new}:
        return not proof and old_root == (new_root if old else EMPTY_ROOT)
    path = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    return bool(proof) and _climb(old - 1, new - 1, path) == (old_root, new_root)


def _climb(here: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Steps 4 to 7: both roots that the path leads to, None when it is too long or too short."""
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if here & 1 or here == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        here, last = here >> 1, last >> 1
    return (old, new) if last == 0 else None


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
