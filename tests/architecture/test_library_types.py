"""The types that we wrote for untyped libraries (.ci/stubs) name only what the installed release has."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from tests.architecture.source import ROOT

STUBS = ROOT / ".ci/stubs"
FILES = sorted(path.relative_to(STUBS).as_posix() for path in STUBS.rglob("*.pyi") if path.stat().st_size)


def library(file: str) -> Any:
    return import_module(file.removesuffix(".pyi").removesuffix("/__init__").replace("/", "."))


def statements(file: str) -> list[ast.stmt]:
    return ast.parse((STUBS / file).read_text()).body


def classes(file: str) -> Iterator[ast.ClassDef]:
    return (
        node for node in statements(file) if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )


def functions(file: str) -> Iterator[tuple[Any, ast.FunctionDef]]:
    """Each function and method with the library's module or class that should have it."""
    module = library(file)
    holders = [
        (module, statements(file)),
        *((getattr(module, kind.name), kind.body) for kind in classes(file)),
    ]
    for holder, body in holders:
        yield from ((holder, node) for node in body if isinstance(node, ast.FunctionDef))


def test_there_is_something_to_compare() -> None:
    assert {Path(file).parts[0] for file in FILES} == {
        "allauth",
        "celery",
        "jwcrypto",
        "oauth2_provider",
        "oauthlib",
    }


@pytest.mark.parametrize("file", FILES)
def test_every_name_exists(file: str) -> None:
    """`__getattr__` says that a class or module has more than is written here."""
    module = library(file)
    for kind in classes(file):
        assert inspect.isclass(getattr(module, kind.name))
    for holder, node in functions(file):
        assert node.name == "__getattr__" or hasattr(holder, node.name), node.name


@pytest.mark.parametrize("file", FILES)
def test_every_parameter_exists(file: str) -> None:
    for holder, node in functions(file):
        real = getattr(holder, node.name, None)
        if not (inspect.isfunction(real) or inspect.ismethod(real)):
            continue  # no signature to compare
        parameters = inspect.signature(real).parameters.values()
        names = {parameter.name for parameter in parameters}
        takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        ours = {argument.arg for argument in node.args.args} - {"self", "cls"}
        assert takes_any or ours <= names, f"{node.name}: {ours - names}"


FIELDS = [
    pytest.param(kind.name, node, id=f"{kind.name}.{node.targets[0].id}")
    for kind in classes("oauth2_provider/models.pyi")
    for node in kind.body
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
]


@pytest.mark.parametrize(("kind", "node"), FIELDS)
def test_every_field_is_as_the_toolkit_has_it(kind: str, node: ast.Assign) -> None:
    toolkit = library("oauth2_provider/models.pyi")
    assert isinstance(node.targets[0], ast.Name)
    assert isinstance(node.value, ast.Call)
    field = getattr(toolkit, kind)._meta.get_field(node.targets[0].id)
    said = ast.unparse(node.value.func).removeprefix("models.")
    assert isinstance(field, getattr(toolkit, said, None) or getattr(models, said))
    assert field.null is any(keyword.arg == "null" for keyword in node.value.keywords)
