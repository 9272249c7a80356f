"""Children: started, stopped, found dead, and found again after the run that started them was killed."""

import os
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.local.errors import AlreadyRunning, ChildDied
from portal.local.processes import Child, Register, only_one, started_at

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def child(tmp_path: Path, code: str, **options: float) -> Child:
    return Child(
        name="helper",
        command=[sys.executable, "-c", code],
        log=tmp_path / "helper.log",
        environment={"PATH": os.environ["PATH"]},
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Child]:
    made = child(tmp_path, "import time; time.sleep(60)")
    made.start()
    yield made
    made.stop()


class TestChild:
    def test_stops_when_asked(self, sleeper: Child) -> None:
        process = sleeper.process
        assert process is not None
        sleeper.require_alive()
        sleeper.stop()
        assert process.returncode == -signal.SIGTERM

    def test_leads_its_own_process_group_so_that_ctrl_c_passes_it_by(self, sleeper: Child) -> None:
        assert sleeper.pid is not None
        assert os.getpgid(sleeper.pid) == sleeper.pid != os.getpgid(0)

    def test_is_killed_when_it_does_not_listen(self, tmp_path: Path) -> None:
        deaf = child(tmp_path, DEAF, grace_seconds=0.05)
        deaf.start()
        process = deaf.process
        assert process is not None
        while "deaf" not in deaf.tail():
            deaf.require_alive()
        deaf.stop()
        assert process.returncode == -signal.SIGKILL

    def test_tells_its_last_words(self, tmp_path: Path) -> None:
        dying = child(tmp_path, "print('last words'); raise SystemExit(3)")
        dying.start()
        assert dying.process is not None
        dying.process.wait()
        with pytest.raises(ChildDied, match=r"The helper ended by itself \(exit code 3\)[\s\S]*last words"):
            dying.require_alive()

    def test_keeps_its_log_to_us(self, sleeper: Child) -> None:
        assert stat.S_IMODE(sleeper.log.stat().st_mode) == 0o600


class TestRegister:
    def test_stops_what_an_earlier_run_left_behind(self, tmp_path: Path, sleeper: Child) -> None:
        Register(tmp_path / "children.json").add(sleeper)
        assert Register(tmp_path / "children.json").stop_orphans() == ["helper"]
        with pytest.raises(ChildDied):
            sleeper.require_alive()

    def test_leaves_a_stranger_with_the_same_pid_alone(self, tmp_path: Path, sleeper: Child) -> None:
        path = tmp_path / "children.json"
        Register(path).add(sleeper)
        path.write_text(path.read_text().replace(str(started_at(sleeper.pid or 0)), "1"))
        assert Register(path).stop_orphans() == []
        sleeper.require_alive()

    def test_knows_nothing_at_first(self, tmp_path: Path) -> None:
        assert Register(tmp_path / "children.json").stop_orphans() == []


class TestStartedAt:
    def test_is_none_for_nobody(self, sleeper: Child) -> None:
        pid = sleeper.pid
        assert pid is not None
        sleeper.stop()
        assert started_at(pid) is None


class TestOnlyOne:
    def test_refuses_the_second_and_names_the_first(self, tmp_path: Path) -> None:
        with (
            only_one(tmp_path),
            pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"),
            only_one(tmp_path),
        ):
            pytest.fail("two at once")

    def test_lets_the_next_in(self, tmp_path: Path) -> None:
        with only_one(tmp_path):
            pass
        with only_one(tmp_path):
            pass
