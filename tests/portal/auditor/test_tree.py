"""The auditor's tree against the definition of RFC 9162."""

from portal.auditor import tree
from tests import naive_tree
from tests.naive_tree import ENTRIES

LEAVES = [tree.leaf(entry) for entry in ENTRIES]


def test_every_root_is_that_of_the_definition() -> None:
    grown = tree.Growing()
    assert grown.root() == naive_tree.root(0, 0)
    for size, leaf in enumerate(LEAVES, 1):
        list(grown.add(leaf))
        assert (grown.size, grown.root()) == (size, naive_tree.root(0, size))


def test_tells_of_each_complete_subtree_once() -> None:
    grown = tree.Growing()
    found = [node for leaf in LEAVES for node in grown.add(leaf)]
    assert {place[:2] for place in found} == {
        (level, i) for level in range(1, 8) for i in range(201 >> level)
    }
    assert len(found) == len({place[:2] for place in found})
    assert (3, 1, naive_tree.root(8, 16)) in found


def test_accepts_the_proof_of_every_leaf() -> None:
    for size in range(1, 201):
        for index in range(size):
            proof = naive_tree.path(index, 0, size)
            assert tree.includes(naive_tree.root(0, size), size, index, LEAVES[index], proof)


def test_accepts_the_proof_of_every_smaller_tree() -> None:
    for size in range(1, 201):
        for old in range(1, size + 1):
            proof = naive_tree.subproof(old, 0, size)
            roots = naive_tree.root(0, old), naive_tree.root(0, size)
            assert tree.continues(old, roots[0], size, roots[1], proof)


def test_a_tree_continues_itself_and_the_empty_one() -> None:
    root = naive_tree.root(0, 201)
    assert tree.continues(201, root, 201, root, [])
    assert tree.continues(0, tree.EMPTY, 201, root, [])
