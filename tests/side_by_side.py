"""The same task in several real processes at once, as several workers would run it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from django.db import connection

from portal.local import databases
from portal.local.bootstrap import ROOT

_PROGRAM = """
import sys, django
django.setup()
from registry import tasks
print("ready", flush=True)
sys.stdin.readline()
tasks.{task}(**{arguments!r})
"""


def run(task: str, *, processes: int = 2, environment: Mapping[str, str] = {}, **arguments: object) -> None:
    """Begin one task in each process at the same moment, on this test's database; returns when all have ended well."""
    program = _PROGRAM.format(task=task, arguments=arguments)
    started = [_start(program, dict(environment)) for _ in range(processes)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0, output


def url() -> str:
    """This test's database, for a connection beside Django's."""
    return databases.with_database(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"]))


def clock_shifted_by(folder: Path, *, days: int) -> dict[str, str]:
    """An environment in which it is so many days later, by a file in this folder."""
    file = folder / "clock-offset"
    file.write_text(str(days * 86400))
    return {"CONCORDAT_CLOCK_OFFSET_FILE": str(file)}


def _start(program: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=dict(os.environ) | {"DATABASE_URL": url()} | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
