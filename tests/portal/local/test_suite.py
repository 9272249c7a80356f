"""The whole suite is spread over the CPUs, a selection is not; `long` tests wait until they are asked for."""

import os
from pathlib import Path

import pytest

from portal.local import suite


class TestWorkers:
    @pytest.mark.parametrize(("cpus", "processes"), [(2, 2), (64, suite.MOST_WORKERS)])
    def test_spread_the_whole_suite(self, monkeypatch: pytest.MonkeyPatch, cpus: int, processes: int) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: cpus)
        assert suite.workers(["-q"]) == [f"--numprocesses={processes}", "--dist=worksteal"]

    def test_are_none_on_one_cpu(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        assert suite.workers([]) == []

    @pytest.mark.parametrize(
        "argument",
        ["-n4", "-k", "-m", __file__, f"{__file__}::TestWorkers", str(Path(__file__).parent)],
    )
    def test_are_none_for_a_selection(self, argument: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        assert suite.workers([argument]) == []


def test_long_ones_wait_until_they_are_asked_for(pytestconfig: pytest.Config) -> None:
    assert "not long" in pytestconfig.getini("addopts")
