"""`manage.py test`: pytest in this environment. The engines are tests/conftest.py's business, however it is started.

The whole suite runs in as many processes as there are CPUs, each with databases and servers of its own; a selection
runs in one. What is marked `long` runs when it is asked for: `manage.py test -m long`.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from portal.local.bootstrap import ROOT

MOST_WORKERS = 4


def main(arguments: Sequence[str]) -> int:
    """Become pytest, so that its exit code is ours.

    It starts dozens of processes of ours: compiled code is kept, whatever the environment says.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *workers(arguments), *arguments])


def workers(arguments: Sequence[str]) -> list[str]:
    """Options that spread the whole suite; none when something is selected, or the caller spreads it."""
    cpus = min(os.cpu_count() or 1, MOST_WORKERS)
    if cpus == 1 or any(_selects(argument) for argument in arguments):
        return []
    return [f"--numprocesses={cpus}", "--dist=worksteal"]


def _selects(argument: str) -> bool:
    chosen = ("-n", "--numprocesses", "-k", "-m", "--pdb", "--co")
    return argument.startswith(chosen) or Path(argument.partition("::")[0]).exists()
