"""The static checks: named, refusing unknown names, on settings a production deployment would have."""

import os

import pytest

from portal.local import verify
from portal.local.errors import StepFailed


class TestMain:
    def test_refuses_a_step_that_does_not_exist(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            verify.main(["spelling"])
        assert "no such step: spelling" in capsys.readouterr().err

    def test_names_the_step_that_failed(self) -> None:
        with pytest.raises(StepFailed, match="verify: imports failed"):
            verify.run_step("imports", ["false"], {"PATH": os.environ["PATH"]})

    def test_runs_the_steps_in_the_order_of_the_house(self) -> None:
        assert list(verify._steps()) == ["ruff", "format", "mypy", "imports", "deploy", "migrations"]


class TestProductionEnvironment:
    def test_is_not_ours(self) -> None:
        environment = verify.production_environment()
        assert environment["CONCORDAT_DEPLOYMENT"] == "production"
        assert "CONCORDAT_CLOCK_OFFSET_FILE" not in environment
