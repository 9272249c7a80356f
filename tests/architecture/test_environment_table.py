"""docs/operate.md has one table of the environment, and it names what the code reads: no more, no less."""

import ast
import re

from tests.architecture.source import ROOT, sources

ELSEWHERE = {
    "PROMETHEUS_MULTIPROC_DIR"
}  # read by prometheus_client, and by `serve_metrics` to say that it is missing


def read_by_the_code() -> set[str]:
    """The first argument of every call of env_text and its like."""
    return {
        node.args[0].value
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.startswith("env_")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def told() -> list[str]:
    """The names in the first column of the table."""
    section = (ROOT / "docs/operate.md").read_text().partition("## Environment")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for cell in rows for name in re.findall(r"`([A-Z_]+)`", cell)]


def test_the_table_names_every_variable() -> None:
    assert set(told()) == read_by_the_code() | ELSEWHERE


def test_the_table_names_each_once() -> None:
    assert len(told()) == len(set(told()))


def test_the_reader_finds_some() -> None:
    assert {"CONCORDAT_ISSUER", "TRUSTED_PROXIES", "LOG_LEVEL"} <= read_by_the_code()
