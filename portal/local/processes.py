"""Direct children: start one, know whether it lives, stop it, and stop those that an earlier run left behind."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal.local.errors import AlreadyRunning, ChildDied

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system account a child runs under when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(slots=True)
class Child:
    """One process of ours.

    stop_signal asks it to end, last_signal ends its whole process group when it has not after grace_seconds.
    Each child leads its own process group: Ctrl-C reaches us alone, and we choose the order of stopping.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    folder: Path = Path("/")
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    last_signal: int = signal.SIGKILL
    grace_seconds: float = 10.0
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start it; returns at once. Its output is appended to the log, which only we may read."""
        uid, gid = (self.account.uid, self.account.gid) if self.account else (None, None)
        with open(self.log, "ab", opener=_private) as sink:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=dict(self.environment),
                user=uid,
                group=gid,
                extra_groups=[] if self.account else None,
                process_group=0,
            )

    def require_alive(self) -> None:
        """Raise ChildDied when it has ended by itself."""
        if self.process is None:
            return
        code = self.process.poll()
        if code is not None:
            raise ChildDied(self.name, code, self.log, self.tail())

    def ask_to_stop(self) -> None:
        """Ask it to end, and do not wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Stop it and wait for its end; nothing happens when it is not running."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.ask_to_stop()
            self._wait()
        self.process = None

    def _wait(self) -> None:
        assert self.process is not None
        try:
            self.process.wait(self.grace_seconds)
        except subprocess.TimeoutExpired:
            _signal_group(self.process.pid, self.last_signal)
            self.process.wait()

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log, for a person to read."""
        try:
            text = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


class Register:
    """The file that remembers our children, so that a run that was killed leaves no orphan behind it.

    A pid alone may belong to a stranger by now: it counts only together with the instant at which it was started.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, child: Child) -> None:
        assert child.pid is not None
        known = self._read()
        known[child.name] = [child.pid, started_at(child.pid) or "", child.stop_signal]
        self._path.write_text(json.dumps(known))

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)

    def stop_orphans(self, *, grace_seconds: float = 10.0) -> list[str]:
        """Stop what still runs of an earlier run, last started first; returns the names."""
        stopped = []
        for name, (pid, instant, number) in reversed(self._read().items()):
            if instant and started_at(pid) == instant:
                _end(pid, instant, number, grace_seconds)
                stopped.append(name)
        self.clear()
        return stopped

    def _read(self) -> dict[str, list]:  # type: ignore[type-arg]  # JSON: [pid, instant, signal]
        try:
            return dict(json.loads(self._path.read_text()))
        except (FileNotFoundError, ValueError):
            return {}


def _end(pid: int, instant: str, number: int, grace_seconds: float) -> None:
    _signal_one(pid, number)
    deadline = time.monotonic() + grace_seconds
    while started_at(pid) == instant:
        if time.monotonic() > deadline:
            _signal_group(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)


def _signal_one(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def started_at(pid: int) -> str | None:
    """A text that differs for each process that ever had this pid; None when nobody, or a zombie, has it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _started_at_by_ps(pid)
    return None if fields[0] in "ZX" else fields[19]


def _started_at_by_ps(pid: int) -> str | None:
    answer = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the lock of `var`; raises AlreadyRunning with the holder's pid. The kernel drops it with its process."""
    path = var / "lock"
    with open(path, "a+", opener=_private) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(var, path.read_text().strip() or "unknown") from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
