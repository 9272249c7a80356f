"""Finders: each reads a tree and yields where it breaks one wall. No finder knows of exceptions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT, Found, Source, named, sources, without_docstrings

STATE_COLUMNS = frozenset(
    {
        "state",
        "state_before",
        "state_reason",
        "state_since",
        "epoch",
        "sandbox_epoch",
        "production_epoch",
        "session_epoch",
        "cutoff_at",
        "sandbox_contained",
        "production_contained",
        "contained_by",
    }
)
_ROWS = frozenset({"Organization", "Client", "ClientKey", "User"})
_WRITES = frozenset({"update", "create", "bulk_update", "get_or_create", "update_or_create", *_ROWS})
_SQL_UPDATE = re.compile(
    r"UPDATE\s+registry_(?:organization|client|clientkey|user)\s+SET\s+(?P<columns>.*?)(?:\bWHERE\b|$)",
    re.IGNORECASE | re.DOTALL,
)


def state_writes(root: Path = ROOT) -> Iterator[Found]:
    """Every place that writes a state column: assignment, setattr, constructor, update, save, SQL."""
    for source in sources(root, ("registry", "portal")):
        for node in ast.walk(source.tree):
            for column in _written_by(node):
                yield source.found(node, f"writes {column}")


def _written_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield from {node.attr} & STATE_COLUMNS
    elif isinstance(node, ast.Call):
        yield from _written_by_call(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for statement in _SQL_UPDATE.finditer(node.value):
            yield from set(re.findall(r"(\w+)\s*=", statement["columns"])) & STATE_COLUMNS


def _written_by_call(call: ast.Call) -> Iterator[str]:
    name = named(call.func)
    if name == "setattr":
        yield from _written_by_setattr(call.args[1])
    elif name == "save":
        yield from _strings_in(call, "update_fields") & STATE_COLUMNS
    elif name in _WRITES:
        yield from ({keyword.arg for keyword in call.keywords} | _strings(call)) & STATE_COLUMNS


def _written_by_setattr(name: ast.expr) -> Iterator[str]:
    if not isinstance(name, ast.Constant):
        yield "a column whose name is computed"
    else:
        yield from {str(name.value)} & STATE_COLUMNS


def _strings_in(call: ast.Call, keyword: str) -> set[str]:
    return {text for one in call.keywords if one.arg == keyword for text in _strings(one.value)}


def _strings(node: ast.AST) -> set[str]:
    """Strings below a node that may name columns: keys of a dict, items of a list; not compared values."""
    held: list[ast.AST | None] = []
    for child in ast.walk(node):
        if isinstance(child, ast.Dict):
            held += child.keys
        elif isinstance(child, ast.List | ast.Tuple | ast.Set):
            held += child.elts
    return {one.value for one in held if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def audit_table_named(root: Path = ROOT) -> Iterator[Found]:
    """Every place in the registry that names the audit table, as a model or in SQL."""
    for source in sources(root, ("registry",)):
        for node in without_docstrings(source.tree):
            if _word(node) == "AuditEvent" or "registry_auditevent" in _word(node):
                yield source.found(node, "names the audit table")


def _word(node: ast.AST) -> str:
    if isinstance(node, ast.alias):
        return node.name
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return named(node)


_EXCEPTION = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\])")


def exceptions_without_reason(root: Path = ROOT) -> Iterator[Found]:
    """Lines that silence a tool without saying why."""
    for source in sources(root):
        for number, line in enumerate(source.text.splitlines(), start=1):
            *_, rest = _EXCEPTION.split(line)
            if rest != line and not rest.strip(" #"):
                yield Found(source.path, number, "silences a tool without a reason")


_WEB = (
    "django.http",
    "django.shortcuts",
    "django.urls",
    "django.views",
    "django.template",
    "django.middleware",
    "django.forms",
    "django.contrib.sessions",
    "django.contrib.messages",
)
_SIGNALS = (
    "django.dispatch",
    "django.db.models.signals",
    "django.core.signals",
    "django.contrib.auth.signals",
)


def web_in_registry(root: Path = ROOT) -> Iterator[Found]:
    """Imports of Django's web half in the registry; import-linter sees only the top of a library."""
    return _imports(sources(root, ("registry",)), _WEB, "knows of the web")


def signals(root: Path = ROOT) -> Iterator[Found]:
    """Imports that hear signals."""
    return _imports(sources(root), _SIGNALS, "hears signals")


def _imports(found: list[Source], prefixes: tuple[str, ...], what: str) -> Iterator[Found]:
    for source in found:
        for node in ast.walk(source.tree):
            for module in _imported(node):
                if module.startswith(prefixes):
                    yield source.found(node, f"{what}: {module}")


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


_QUERYING = frozenset({"objects", "_default_manager", "_base_manager", "get_model"})
_DATABASE = frozenset({"connection", "connections", "models", "router"})


def queries_in_doors(root: Path = ROOT) -> Iterator[Found]:
    """Places in the portal that reach a table without the registry: a manager, a cursor, a model class."""
    for source in sources(root, ("portal",)):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and node.attr in _QUERYING:
                yield source.found(node, f"queries through .{node.attr}")
            elif isinstance(node, ast.ImportFrom) and node.module == "django.db":
                for alias in node.names:
                    if alias.name in _DATABASE:
                        yield source.found(node, f"takes django.db.{alias.name}")


def magic_in_models(root: Path = ROOT) -> Iterator[Found]:
    """What a model must not carry: save(), delete(), clean(), an ordering, unique_together."""
    for source in sources(root, ("registry/models",)):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete", "clean", "full_clean"}:
                yield source.found(node, f"overrides {node.name}()")
            elif isinstance(node, ast.Assign) and named(node.targets[0]) in {"ordering", "unique_together"}:
                yield source.found(node, f"sets {named(node.targets[0])}")


BANNED_NAMES = frozenset(
    {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "handler", "handlers"}
    | {"service", "services", "lib", "core", "tools", "stuff", "base_utils"}
)


def banned_names(root: Path = ROOT) -> Iterator[Found]:
    """Modules and folders whose name says nothing."""
    for source in sources(root, ("federation", "registry", "portal", "tests")):
        for word in source.module.split("."):
            if word in BANNED_NAMES:
                yield Found(source.path, 0, f"{word} says nothing")


def long_files(root: Path = ROOT, *, limit: int = 400) -> Iterator[Found]:
    """Files of more than `limit` lines."""
    for source in sources(root, ("federation", "registry", "portal", "tests")):
        lines = len(source.text.splitlines())
        if lines > limit:
            yield Found(source.path, lines, f"has {lines} lines, more than {limit}")
