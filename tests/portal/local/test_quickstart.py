"""What quickstart refuses before it starts anything, and what it keeps."""

import io
import json
import os
import socket
import stat
from pathlib import Path

import pytest
from rich.console import Console

from portal.local import quickstart, secret_files
from portal.local.errors import AlreadyRunning, PortBusy
from portal.local.processes import only_one
from portal.local.report import Report


@pytest.fixture
def report() -> Report:
    return Report(Console(file=io.StringIO()))


class TestRun:
    def test_refuses_a_busy_port(self, tmp_path: Path, report: Report) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            with pytest.raises(PortBusy, match=rf"Port {port} is used by another program: .*--port"):
                quickstart.run(tmp_path, port=port, reset=False, report=report)
        assert [path.name for path in tmp_path.iterdir()] == ["lock"]

    def test_refuses_a_second_one_on_the_same_folder(self, tmp_path: Path, report: Report) -> None:
        with only_one(tmp_path), pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
            quickstart.run(tmp_path, port=1, reset=True, report=report)


class TestMain:
    @pytest.mark.parametrize("port", ["0", "65536", "-1", "https", "8443.0"])
    def test_refuses_what_is_no_port(self, port: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ending:
            quickstart.main([f"--port={port}"])
        assert ending.value.code == 2
        assert "a port is a number from 1 to 65535" in capsys.readouterr().err


class TestWipe:
    def test_leaves_the_lock_alone(self, tmp_path: Path) -> None:
        with only_one(tmp_path):
            (tmp_path / "keys").mkdir()
            (tmp_path / "keys" / "django").write_text("secret")
            (tmp_path / "quickstart.json").write_text("{}")
            quickstart.wipe(tmp_path)
            assert [path.name for path in tmp_path.iterdir()] == ["lock"]


class TestAtAddress:
    def test_moves_every_address_to_the_new_port(self) -> None:
        facts = {"base_url": "https://localhost:1", "api": {"token_endpoint": "https://localhost:1/token"}}
        assert quickstart.at_address(facts, "https://localhost:2") == {
            "base_url": "https://localhost:2",
            "api": {"token_endpoint": "https://localhost:2/token"},
        }

    def test_leaves_a_port_alone_that_only_begins_alike(self) -> None:
        facts = {"base_url": "https://localhost:84", "other": "https://localhost:8443/"}
        assert quickstart.at_address(facts, "https://localhost:2")["other"] == "https://localhost:8443/"


class TestSecretFiles:
    def test_are_made_once(self, tmp_path: Path) -> None:
        first = secret_files.read_or_make(tmp_path / "key")
        assert secret_files.read_or_make(tmp_path / "key") == first
        assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600

    def test_replace_a_file_that_others_could_read(self, tmp_path: Path) -> None:
        path = tmp_path / "quickstart.json"
        path.write_text("{}")
        path.chmod(0o644)
        secret_files.write_private(path, json.dumps({"a": 1}))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


class TestReport:
    def test_shows_addresses_and_sign_ins(self) -> None:
        screen = io.StringIO()
        accounts = {"auditor": {"email": "ada@operator.example", "password": "a secret", "totp_seed": "SEED"}}
        Report(Console(file=screen, width=120)).addresses("https://localhost:1", {"accounts": accounts})
        shown = screen.getvalue()
        assert "https://localhost:1/sign-in/" in shown
        assert all(word in shown for word in ("auditor", "ada@operator.example", "a secret", "SEED"))
