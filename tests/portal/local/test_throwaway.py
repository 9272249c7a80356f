"""The tests' own engines: a run that was killed is cleaned up after, a run that is alive is left alone."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.local import throwaway


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"{throwaway.PREFIX}x"
    folder.mkdir()
    (folder / "lock").touch()
    (folder / "data").touch()
    return folder


class TestSweep:
    def test_removes_what_a_killed_run_left(self, home: Path) -> None:
        throwaway.sweep()
        assert not home.exists()

    def test_leaves_a_run_alone_that_holds_its_lock(self, home: Path) -> None:
        with (home / "lock").open() as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            throwaway.sweep()
        assert (home / "data").exists()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of somebody else's")
    def test_leaves_a_stranger_alone(self, home: Path) -> None:
        os.chown(home, 65534, 65534)
        throwaway.sweep()
        assert (home / "data").exists()


class TestForgetOldClusters:
    def test_keeps_the_newest(self, tmp_path: Path) -> None:
        for age, name in enumerate(("new", "old", "older")):
            (tmp_path / name).mkdir()
            os.utime(tmp_path / name, (1000 - age, 1000 - age))
        throwaway.forget_old_clusters(tmp_path, keep=2)
        assert {path.name for path in tmp_path.iterdir()} == {"new", "old"}
