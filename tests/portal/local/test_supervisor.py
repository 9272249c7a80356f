"""Watching and stopping: a dead child ends the watch, a signal ends it too, and nothing is left running."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.local.errors import ChildDied
from portal.local.processes import Child, Register
from portal.local.supervisor import Supervisor, interruptible, uninterrupted

TELLS = """
import signal, sys, time
def end(*_):
    print("{name}", end=",", file=open({path!r}, "a"))
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""


def child(folder: Path, name: str, code: str = "import time; time.sleep(60)") -> Child:
    return Child(
        name=name,
        command=[sys.executable, "-c", code],
        log=folder / f"{name}.log",
        environment={"PATH": os.environ["PATH"]},
    )


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(Register(tmp_path / "children.json"))
    yield made
    made.stop()


class TestSupervisor:
    def test_names_the_child_that_died(self, supervisor: Supervisor, tmp_path: Path) -> None:
        supervisor.start(child(tmp_path, "lasting"))
        supervisor.start(child(tmp_path, "dying", "raise SystemExit(7)"))
        with pytest.raises(ChildDied, match=r"The dying ended by itself \(exit code 7\)"):
            supervisor.watch()

    def test_names_the_signal_that_killed_a_child(self, supervisor: Supervisor, tmp_path: Path) -> None:
        killed = child(tmp_path, "killed")
        supervisor.start(killed)
        assert killed.process is not None
        killed.process.kill()
        with pytest.raises(ChildDied, match="killed by signal 9"):
            supervisor.watch()

    def test_stops_first_what_was_started_first(self, supervisor: Supervisor, tmp_path: Path) -> None:
        ends = tmp_path / "ends"
        for name in ("web server", "worker", "beat"):
            tells = child(tmp_path, name, TELLS.format(path=str(ends), name=name))
            supervisor.start(tells)
            while "ready" not in tells.tail():
                tells.require_alive()
        supervisor.stop()
        assert ends.read_text().split(",") == ["web server", "worker", "beat", ""]

    def test_remembers_its_children_for_the_next_run(self, supervisor: Supervisor, tmp_path: Path) -> None:
        supervisor.start(child(tmp_path, "worker"))
        assert Register(tmp_path / "children.json").stop_orphans() == ["worker"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
class TestSignals:
    def test_end_the_watch(self, number: signal.Signals) -> None:
        with pytest.raises(KeyboardInterrupt), interruptible():
            signal.raise_signal(number)

    def test_do_not_disturb_the_stopping(self, number: signal.Signals) -> None:
        with interruptible(), uninterrupted():
            signal.raise_signal(number)
