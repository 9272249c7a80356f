"""Why this machine cannot run Concordat. The text of each class is all that a person gets to see.

Standard library only, in syntax that Python 3.8 reads: bootstrap.py raises these before anything is installed.
"""

from __future__ import annotations

from pathlib import Path


class CannotRun(Exception):
    """The work cannot go on; `str()` says why and what to do, without a traceback."""


class PythonTooOld(CannotRun):
    def __init__(self, found: tuple[int, int]) -> None:
        super().__init__(
            f"Concordat needs Python 3.11 or newer, and this is Python {found[0]}.{found[1]}: "
            "start it with a newer one, for example `python3.11 manage.py quickstart`."
        )


class PlatformNotSupported(CannotRun):
    def __init__(self, platform: str) -> None:
        super().__init__(f"Concordat's local servers run on Linux and macOS, not on {platform}.")


class EnsurepipMissing(CannotRun):
    def __init__(self) -> None:
        super().__init__(
            "This Python cannot make virtual environments: run `apt install python3-venv` "
            "(or install uv) and start again."
        )


class DiskFull(CannotRun):
    def __init__(self, path: Path) -> None:
        super().__init__(f"The disk that holds {path} is full: free some space and start again.")


class WheelMissing(CannotRun):
    def __init__(self, requirement: str, platform: str) -> None:
        super().__init__(
            f"There is no wheel of {requirement} for this machine ({platform}): "
            "use Linux on x86-64 or ARM64 with glibc 2.28 or newer, or macOS 11 or newer."
        )


class HashMismatch(CannotRun):
    def __init__(self, lock: Path) -> None:
        super().__init__(
            f"A downloaded package does not have the hash that {lock.name} demands, "
            "so nothing was installed: check the package index this machine uses."
        )


class IndexUnreachable(CannotRun):
    def __init__(self) -> None:
        super().__init__(
            "The package index cannot be reached: check the network, or the index and proxy "
            "that pip is told to use, and start again."
        )


class InstallFailed(CannotRun):
    def __init__(self, log: Path, last_line: str) -> None:
        super().__init__(f"Installing the dependencies failed ({last_line}); all of it is in {log}.")


class DependenciesMissing(CannotRun):
    def __init__(self, module: str) -> None:
        super().__init__(
            f"The package {module} is not installed for this Python: run `python3 manage.py "
            "quickstart` once, or install requirements.lock."
        )


class ProductionRefused(CannotRun):
    def __init__(self, variable: str) -> None:
        super().__init__(
            f"quickstart is a demonstration on one machine and {variable} says that this is a "
            "production environment: unset it, or follow docs/operate.md."
        )


class PortBusy(CannotRun):
    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} is used by another program: stop it, or choose another one with --port."
        )


class AlreadyRunning(CannotRun):
    def __init__(self, var: Path, holder: str) -> None:
        super().__init__(f"A quickstart is already running on {var} (process {holder}): stop it first.")


class BinaryMissing(CannotRun):
    def __init__(self, package: str) -> None:
        super().__init__(
            f"The program of the package {package} is missing from this environment: "
            "delete .venv and start again."
        )


class FolderNotOurs(CannotRun):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"The folder {folder} cannot be used: it belongs to somebody else.")


class ChildDied(CannotRun):
    """A process ended by itself. `tail` holds the last lines of its log."""

    def __init__(self, name: str, code: int, log: Path, tail: str) -> None:
        how = f"exit code {code}" if code >= 0 else f"killed by signal {-code}"
        super().__init__(f"The {name} ended by itself ({how}); its log {log} ends:\n{tail}")


class NotReady(CannotRun):
    def __init__(self, name: str, seconds: float, log: Path, tail: str) -> None:
        super().__init__(f"The {name} was not ready after {seconds:.0f} s; its log {log} ends:\n{tail}")


class StepFailed(CannotRun):
    """A command that must succeed did not. `tail` holds the last lines of what it said."""

    def __init__(self, step: str, code: int, tail: str) -> None:
        super().__init__(f"{step} failed (exit code {code}):\n{tail}")


class StoryBroke(CannotRun):
    """A call of the demo story was answered otherwise than the story needs."""

    def __init__(self, call: str, status: int, body: str) -> None:
        super().__init__(f"The demo story broke at {call}: it was answered {status}:\n{body}")
