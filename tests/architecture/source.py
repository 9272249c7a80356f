"""The tree as the walls read it: every module of the rooms, parsed once, and what a finder says of it."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("federation", "registry", "portal")


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the root of the tree that it stands in."""

    root: Path
    path: str

    @cached_property
    def text(self) -> str:
        return (self.root / self.path).read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (
            node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )

    def found(self, node: ast.AST, what: str) -> "Found":
        return Found(self.path, getattr(node, "lineno", 0), what)


@cache
def _parsed(text: str) -> ast.Module:
    """By its text, not by its path: a wall is broken by writing into a file."""
    return ast.parse(text)


@dataclass(frozen=True, slots=True)
class Found:
    """One breach of a wall."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def sources(root: Path = ROOT, rooms: Iterable[str] = ROOMS) -> list[Source]:
    """Every module of these rooms, migrations left out: they are written by Django and tell the past."""
    return [
        Source(root, path.relative_to(root).as_posix())
        for room in rooms
        for path in sorted((root / room).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def without_docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node below, but not the strings that stand alone as documentation."""
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.Expr) and isinstance(child, ast.Constant)):
                yield child


def named(node: ast.AST) -> str:
    """The last name of `a.b.c` or `c`; "" for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def told(found: Iterable[Found]) -> list[str]:
    """What pytest shows when the list is not empty."""
    return [str(breach) for breach in found]
