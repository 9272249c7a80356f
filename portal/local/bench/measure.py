"""What processes cost: CPU seconds and memory of whole trees, read from /proc; statements from PostgreSQL's counter."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg

from portal.local.bench.bed import COUNTER

_TICKS = os.sysconf("SC_CLK_TCK")
_CONTROL = ("BEGIN%", "COMMIT%", "ROLLBACK%", "SAVEPOINT%", "RELEASE%", "DISCARD%", "SET %", "DEALLOCATE%")
_NOT_OURS = (
    f"%{COUNTER}%",
    "%OPERATOR(pg_catalog.=)%",
)  # the second kind checks foreign keys, inside PostgreSQL

_CALLS = """
SELECT s.query LIKE ANY(%s), sum(s.calls) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = current_database() AND NOT s.query LIKE ANY(%s) GROUP BY 1
"""


def cpu_seconds(root: int) -> float:
    """User and system time of a process and all below it, those included that ended and were waited for.

    Precise to a tick (10 ms) for each process: measure over a second or more.
    """
    return sum(sum(int(field) for field in _stat(pid)[11:15]) for pid in tree(root)) / _TICKS


def tree(root: int) -> Iterator[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        if _stat(pid):
            yield pid


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name, the first being the state; [] when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def memory_mib(root: int) -> list[float]:
    """Proportional set size of each process of a tree, the root first."""
    return [found for pid in tree(root) if (found := _pss(pid)) is not None]


def _pss(pid: int) -> float | None:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next(round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("Pss:"))


@dataclass(frozen=True, slots=True)
class Statements:
    """How many statements a request needs: those that read or write, and BEGIN, COMMIT and their like."""

    work: float
    control: float


class StatementCounter:
    """pg_stat_statements, awake inside the block only, so that it costs nothing while requests are timed."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Self:
        with psycopg.connect(self._url, autocommit=True) as connection:
            _track(connection, "top")
            connection.execute(f"SELECT {COUNTER}_reset()")
        return self

    def __exit__(self, *_: object) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            _track(connection, "none")

    def per_request(self, requests: int) -> Statements:
        with psycopg.connect(self._url, autocommit=True) as connection:
            rows = connection.execute(_CALLS, [list(_CONTROL), list(_NOT_OURS)]).fetchall()
        calls = {bool(control): float(number) for control, number in rows}
        return Statements(*(round(calls.get(control, 0.0) / requests, 2) for control in (False, True)))


def _track(connection: "psycopg.Connection[Any]", what: str) -> None:
    connection.execute(f"ALTER SYSTEM SET {COUNTER}.track = '{what}'")
    connection.execute("SELECT pg_reload_conf()")
    connection.execute("SELECT pg_sleep(0.2)")  # each server process reads it before its next statement
