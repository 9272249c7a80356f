"""Make .venv from a hashed lock and start again inside it.

Standard library only, in syntax that Python 3.8 reads: a Python that is too old must reach the sentence that says
so and not a SyntaxError. Starts no server and does not import Django.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from portal.local import errors

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
RUN_LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"  # contains all of RUN_LOCK
LOCK_OF_COMMAND = {"quickstart": RUN_LOCK, "test": TEST_LOCK, "verify": TEST_LOCK}
STAMP = ".stamp"
INSTALL_LOCK = ".bootstrap-lock"  # not ".lock": uv waits for that one itself
OLDEST = (3, 11)

CAUSES = (
    (re.compile(r"No space left on device|os error 28|Disk quota exceeded"), "disk"),
    (re.compile(r"DO NOT MATCH THE HASHES|Hash mismatch"), "hash"),
    (
        re.compile(
            r"NewConnectionError|Temporary failure in name resolution|Name or service not known"
            r"|Failed to fetch|dns error|Connection refused|Network is unreachable|ReadTimeoutError"
        ),
        "index",
    ),
    (
        re.compile(
            r"No matching distribution found for (\S+)"
            r"|Distribution `(\S+) @.*can't be installed because"
            r"|Because (\S+) has no (?:usable )?wheels"
        ),
        "wheel",
    ),
)


def enter(argv: Sequence[str]) -> None:
    """Return only inside an interpreter that may have what `argv[1]` needs; start again in .venv otherwise.

    Commands of LOCK_OF_COMMAND get their dependencies first. Any other command runs in .venv when there is one, and
    where it stands when there is none (a container image, a system-wide installation).
    """
    command = argv[1] if len(argv) > 1 else ""
    require_machine(sys.version_info[:2], sys.platform)
    if command == "quickstart":
        refuse_production(os.environ)
    if command in LOCK_OF_COMMAND:
        prepare(ROOT / LOCK_OF_COMMAND[command], VENV)
    python = python_of(VENV)
    if python.exists() and not is_inside(VENV):
        os.execv(str(python), [str(python), str(ROOT / "manage.py"), *argv[1:]])


def require_machine(version: tuple[int, ...], platform_name: str) -> None:
    """Refuse a Python or an operating system that cannot work."""
    if tuple(version[:2]) < OLDEST:
        raise errors.PythonTooOld((version[0], version[1]))
    if not platform_name.startswith(("linux", "darwin")):
        raise errors.PlatformNotSupported(platform_name)


def refuse_production(environment: Mapping[str, str]) -> None:
    """Refuse to play the demonstration where somebody configured a production deployment."""
    if environment.get("CONCORDAT_DEPLOYMENT") == "production":
        raise errors.ProductionRefused("CONCORDAT_DEPLOYMENT")
    if "DATABASE_URL" in environment:
        raise errors.ProductionRefused("DATABASE_URL")


def python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


def is_inside(venv: Path) -> bool:
    return os.path.realpath(sys.prefix) == os.path.realpath(str(venv))


def prepare(lock: Path, venv: Path) -> None:
    """Bring `venv` to the state `lock` describes; nothing to do (and no process started) when its stamp says so."""
    if is_stamped(lock, venv):
        return
    try:
        with _exclusive(venv):
            if not is_stamped(lock, venv):
                _install(lock, venv)
    except OSError as error:
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
            raise errors.DiskFull(venv) from error
        raise


def is_stamped(lock: Path, venv: Path) -> bool:
    """Whether exactly this content of `lock` was installed by a run that came to its end."""
    stamp = venv / STAMP
    if not stamp.exists() or not python_of(venv).exists():
        return False
    return stamp_of(lock) in stamp.read_text().splitlines()


def _stamp(lock: Path, venv: Path) -> None:
    # A clone changes every mtime, so the content is what counts.
    run_lock = lock.with_name(RUN_LOCK)
    installed = [lock, run_lock] if lock.name == TEST_LOCK and run_lock.exists() else [lock]
    (venv / STAMP).write_text("".join(stamp_of(each) + "\n" for each in installed))


def stamp_of(lock: Path) -> str:
    return f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}"


@contextlib.contextmanager
def _exclusive(venv: Path) -> Iterator[None]:
    import fcntl  # absent on Windows, where require_machine has refused already

    venv.mkdir(parents=True, exist_ok=True)
    with (venv / INSTALL_LOCK).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install(lock: Path, venv: Path) -> None:
    uv = usable_uv()
    if uv is None:
        require_ensurepip()
    started = time.monotonic()
    print(f"Installing the packages of {lock.name} into {venv} ...", flush=True)
    (venv / STAMP).unlink() if (venv / STAMP).exists() else None
    log = venv / "install.log"
    log.write_text("")
    if not python_of(venv).exists():
        _clear(venv)
        _run(_venv_command(uv, venv), lock, log)
    _run(_install_command(uv, lock, venv), lock, log)
    _stamp(lock, venv)
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def usable_uv() -> str | None:
    """The path of a uv that answers, or None: a version manager's shim may exist and lead nowhere."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    answer = subprocess.run([uv, "--version"], check=False, capture_output=True)
    return uv if answer.returncode == 0 else None


def require_ensurepip() -> None:
    # Debian ships `venv` without `ensurepip` until python3-venv is installed.
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise errors.EnsurepipMissing


def _clear(venv: Path) -> None:
    # What is left of an interrupted start, or of an interpreter that has gone; the held lock file stays.
    for entry in venv.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(str(entry))
        elif entry.name not in (INSTALL_LOCK, "install.log"):
            entry.unlink()


def _venv_command(uv: str | None, venv: Path) -> list[str]:
    if uv is None:
        return [sys.executable, "-m", "venv", str(venv)]
    return [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(venv)]


def _install_command(uv: str | None, lock: Path, venv: Path) -> list[str]:
    python = str(python_of(venv))
    only = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    if uv is None:
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        return [*pip, "--progress-bar", "off", *only]
    return [uv, "pip", "install", "--python", python, "--compile-bytecode", *only]


def _run(command: list[str], lock: Path, log: Path) -> None:
    with log.open("a") as sink:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            sink.write(line)
            _show(line.strip())
        code = process.wait()
    _show("")
    if code != 0:
        raise explain(log.read_text(), lock, log)


def _show(line: str) -> None:
    if sys.stdout.isatty():
        print("\r\033[K" + line[:100], end="", flush=True)


def explain(output: str, lock: Path, log: Path) -> errors.CannotRun:
    """Turn what pip or uv said into the one sentence that helps."""
    for pattern, cause in CAUSES:
        found = pattern.search(output)
        if found is None:
            continue
        if cause == "disk":
            return errors.DiskFull(log.parent)
        if cause == "hash":
            return errors.HashMismatch(lock)
        if cause == "index":
            return errors.IndexUnreachable()
        return errors.WheelMissing(next(filter(None, found.groups())), platform.platform(terse=True))
    lines = [line for line in output.splitlines() if line.strip()] or ["no output"]
    return errors.InstallFailed(log, lines[-1].strip())
