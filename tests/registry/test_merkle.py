"""The writer's tree against the definition of RFC 9162, and its proofs followed the way of the standard."""

import pytest

from registry import merkle
from tests import naive_tree
from tests.naive_tree import ENTRIES

SIZES = range(201)
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]
ODD = b"\xff" * 32


@pytest.fixture(scope="module")
def nodes() -> dict[tuple[int, int], bytes]:
    """Every complete subtree of the largest tree."""
    edge, found = merkle.Edge(), dict(enumerate_leaves())
    for leaf in LEAVES:
        found |= {(level, index): node for level, index, node in edge.append(leaf)}
    return found


def enumerate_leaves() -> list[tuple[tuple[int, int], bytes]]:
    return [((0, index), leaf) for index, leaf in enumerate(LEAVES)]


def hashes(spans: list[merkle.Span], nodes: dict[tuple[int, int], bytes]) -> list[bytes]:
    return [merkle.subtree_hash(span, lambda *place: nodes[place]) for span in spans]


class TestEdge:
    def test_every_root_is_that_of_the_definition(self) -> None:
        edge = merkle.Edge()
        assert edge.root() == naive_tree.root(0, 0)
        for size, leaf in enumerate(LEAVES, 1):
            list(edge.append(leaf))
            assert edge.root() == naive_tree.root(0, size)

    @pytest.mark.parametrize("size", [1, 2, 7, 8, 127, 200])
    def test_grows_from_its_peaks(self, size: int, nodes: dict[tuple[int, int], bytes]) -> None:
        edge = merkle.Edge(size, [nodes[place] for place in merkle.complete_subtrees(0, size)])
        assert edge.root() == naive_tree.root(0, size)
        list(edge.append(LEAVES[size]))
        assert edge.root() == naive_tree.root(0, size + 1)

    @pytest.mark.parametrize(("size", "peaks"), [(1, 0), (3, 1), (4, 2), (0, 1)])
    def test_refuses_another_number_of_peaks(self, size: int, peaks: int) -> None:
        with pytest.raises(ValueError, match="peak"):
            merkle.Edge(size, [ODD] * peaks)

    def test_tells_of_each_complete_subtree_once(self, nodes: dict[tuple[int, int], bytes]) -> None:
        complete = {(level, index) for level in range(8) for index in range(201 >> level)}
        assert nodes.keys() == complete


class TestProofs:
    def test_of_every_leaf_in_every_tree(self, nodes: dict[tuple[int, int], bytes]) -> None:
        for size in SIZES:
            for index in range(size):
                proof = hashes(merkle.inclusion_spans(index, size), nodes)
                assert proof == naive_tree.path(index, 0, size)
                assert merkle.proves_inclusion(index, size, LEAVES[index], proof, naive_tree.root(0, size))

    def test_of_every_smaller_tree(self, nodes: dict[tuple[int, int], bytes]) -> None:
        for size in SIZES:
            for old in range(1, size + 1):
                proof = hashes(merkle.consistency_spans(old, size), nodes)
                assert proof == naive_tree.subproof(old, 0, size)
                roots = naive_tree.root(0, old), naive_tree.root(0, size)
                assert merkle.proves_consistency(old, size, *roots, proof)

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (3, 3)])
    def test_no_proof_of_a_leaf_that_is_not_there(self, index: int, size: int) -> None:
        with pytest.raises(IndexError):
            merkle.inclusion_spans(index, size)

    @pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 3), (4, 3), (-1, 3)])
    def test_no_proof_of_what_cannot_be_proved(self, old: int, new: int) -> None:
        with pytest.raises(IndexError):
            merkle.consistency_spans(old, new)

    def test_example_of_section_2_1_5(self, nodes: dict[tuple[int, int], bytes]) -> None:
        a, b, c, d = LEAVES[:4]
        g, h, i, j = nodes[1, 0], nodes[1, 1], nodes[1, 2], LEAVES[6]
        k, l_ = nodes[2, 0], merkle.node_hash(i, j)
        assert hashes(merkle.inclusion_spans(0, 7), nodes) == [b, h, l_]
        assert hashes(merkle.inclusion_spans(3, 7), nodes) == [c, g, l_]
        assert hashes(merkle.inclusion_spans(4, 7), nodes) == [LEAVES[5], j, k]
        assert hashes(merkle.inclusion_spans(6, 7), nodes) == [i, k]
        assert hashes(merkle.consistency_spans(3, 7), nodes) == [c, d, g, l_]
        assert hashes(merkle.consistency_spans(4, 7), nodes) == [l_]
        assert hashes(merkle.consistency_spans(6, 7), nodes) == [i, j, k]
        assert merkle.node_hash(a, b) == g
        assert merkle.node_hash(c, d) == h


class TestEveryTreeBeginsWith:
    def test_itself(self) -> None:
        assert merkle.proves_consistency(5, 5, ODD, ODD, [])

    def test_the_empty_tree(self) -> None:
        assert merkle.proves_consistency(0, 5, merkle.EMPTY_ROOT, ODD, [])
        assert not merkle.proves_consistency(0, 5, ODD, ODD, [])
