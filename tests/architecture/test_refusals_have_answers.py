"""Every refusal has its row in the one table to the wire, and no row or refusal stands unused."""

import ast
import gc
from collections.abc import Iterable
from importlib import import_module

import pytest

from portal.errors import ANSWERS, UNKNOWN, answer_for
from registry.errors import InvalidInput, IssuanceStopped, Refusal
from tests.architecture.source import named, sources

FAMILY = "registry.errors"
TABLE = "portal.errors"


def family(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [member for below in kind.__subclasses__() for member in (below, *family(below))]


def setup_module() -> None:
    """Refusals may be defined anywhere: see them all."""
    for source in sources(rooms=("registry",)):
        if "commands" not in source.path:
            import_module(source.module)


def unanswered(kinds: Iterable[type[Refusal]]) -> list[str]:
    return [kind.__name__ for kind in kinds if answer_for(kind.__new__(kind)) is UNKNOWN]


def test_every_refusal_has_a_row_of_its_own_or_of_a_base() -> None:
    assert unanswered(family()) == []


def test_a_refusal_without_a_row_is_seen() -> None:
    of_our_own = type("OfOurOwn", (Refusal,), {})
    of_a_kind = type("OfAKind", (InvalidInput,), {})
    assert unanswered([of_our_own, of_a_kind]) == ["OfOurOwn"]
    del of_our_own, of_a_kind
    gc.collect()  # so that the family forgets them


def test_the_base_has_no_row() -> None:
    """With one, a new refusal would get an answer that nobody chose."""
    assert Refusal not in ANSWERS


def test_every_row_has_its_refusal() -> None:
    assert set(ANSWERS) <= set(family())


def test_refusals_are_defined_in_one_place() -> None:
    assert {kind.__module__ for kind in family()} == {FAMILY}


def test_every_refusal_is_raised_somewhere() -> None:
    used = {
        named(node)
        for source in sources()
        if source.module not in {FAMILY, TABLE}
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name | ast.Attribute)
    }
    leaves = {kind.__name__ for kind in family() if not kind.__subclasses__()}
    assert leaves - used == set()


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
def test_a_row_is_a_client_error_or_a_pause_with_its_law(kind: type[Refusal]) -> None:
    answer = ANSWERS[kind]
    assert answer.status == 503 if kind is IssuanceStopped else 400 <= answer.status < 500
    assert answer.code
    assert answer.code == answer.code.lower()
    assert answer.source


def test_what_nobody_answers_is_our_failure() -> None:
    assert (answer_for(RuntimeError("secret")).status, UNKNOWN.code) == (500, "server_error")
