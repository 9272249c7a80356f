"""Files, functions and views stay as small as house.md asks."""

import ast
import inspect
from collections.abc import Callable, Iterator
from statistics import median
from textwrap import dedent
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.architecture import finders
from tests.architecture.source import sources, told

VERBS = ("get", "post", "put", "patch", "delete")


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_files_are_short() -> None:
    assert told(finders.long_files()) == []


@pytest.mark.parametrize("room", ["federation", "registry", "portal", "tests"])
def test_functions_are_short(room: str) -> None:
    lengths = sorted(lines(function) for source in sources(rooms=(room,)) for function in source.functions())
    if lengths:
        assert median(lengths) <= 10
        assert lengths[len(lengths) * 9 // 10] <= 30


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def views() -> Iterator[Callable[..., Any]]:
    """Our own views: functions, and the methods of classes that answer a verb."""
    for pattern in patterns(get_resolver()):
        kind = getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)
        answering = [vars(kind)[verb] for verb in VERBS if verb in vars(kind)] if kind else [pattern.callback]
        yield from (
            view for one in answering if (view := inspect.unwrap(one)).__module__.startswith("portal.")
        )


def test_views_are_fifteen_lines_at_most() -> None:
    """Parse, one call, answer."""
    measured = {f"{view.__module__}.{view.__qualname__}": _length(view) for view in views()}
    assert measured
    assert {name: length for name, length in measured.items() if length > 15} == {}


def _length(view: Callable[..., Any]) -> int:
    """From `def` to the end; decorators are the router's business."""
    tree = ast.parse(dedent(inspect.getsource(view)))
    return next(lines(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
