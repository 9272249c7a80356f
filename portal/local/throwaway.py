"""Engines for one run of the tests: migrated, fast, gone afterwards.

The migrated cluster is kept under var/tests, keyed by everything that shaped it, and copied for the next run: that
turns five seconds into a fraction of one. Data never travels between runs, the copy is made before the first test.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from portal.local import databases, places
from portal.local.bootstrap import ROOT, TEST_LOCK
from portal.local.engines import Engines, remove_sockets
from portal.local.processes import Register
from portal.local.programs import migrate

PREFIX = "concordat-tests-"
CACHE = ROOT / "var" / "tests"
SHAPED_BY = (
    TEST_LOCK,
    "portal/config/settings.py",
    "portal/local/databases.py",
    "portal/local/postgres.py",
    "registry/migrations",
    "registry/management/commands",
)


class Throwaway:
    """Engines in a temporary folder of their own. `dispose` stops them and removes the folder."""

    def __init__(self) -> None:
        sweep()
        self._home = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._home.chmod(0o711)
        self._lock = _hold(self._home)
        self._cached = CACHE / _key()
        if self._cached.exists():
            _copy(self._cached / "keys", self._home / "keys")
        self.engines = Engines(self._home, durable=False)

    def start(self) -> None:
        """Return when the database `concordat` is there, migrated by its owner, and nobody is connected to it."""
        if self._cached.exists():
            _copy(self._cached / "postgres", self.engines.place.data)
        register = Register(self._home / "children")
        self.engines.start(register.add)
        if databases.make_database(self.engines.postgres.superuser_url, databases.DATABASE):
            migrate(self.engines.environment(deployment="test", issuer="https://localhost"))
            self._remember()
            register.add(self.engines.postgres.child)

    def dispose(self) -> None:
        self.engines.stop()
        places.forget_postgres(self._home)
        shutil.rmtree(self._home, ignore_errors=True)
        self._lock.close()

    def _remember(self) -> None:
        self.engines.postgres.stop()
        half = CACHE / f".{os.getpid()}"
        half.mkdir(mode=0o700, parents=True)
        _copy(self._home / "keys", half / "keys")
        _copy(self.engines.place.data, half / "postgres")
        try:
            half.rename(self._cached)
        except OSError:  # somebody else's run was faster
            shutil.rmtree(half)
        forget_old_clusters(CACHE)
        self.engines.postgres.start()


def sweep() -> None:
    """Stop and remove what runs left behind that were killed: their lock is free and their folder is not gone."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with _only_if_abandoned(home) as abandoned:
            if abandoned:
                Register(home / "children").stop_orphans()
                remove_sockets(home)
                places.forget_postgres(home)
                shutil.rmtree(home, ignore_errors=True)


def forget_old_clusters(cache: Path, *, keep: int = 5) -> None:
    """Remove all but the newest kept clusters; several, because branches differ in their migrations."""
    kept = sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[keep:]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _only_if_abandoned(home: Path) -> Iterator[bool]:
    path = home / "lock"
    if home.stat().st_uid != os.geteuid() or not path.exists():
        yield False
        return
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _hold(home: Path) -> IO[str]:
    handle = (home / "lock").open("w")
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _copy(source: Path, target: Path) -> None:
    # cp keeps the owner, which is not us when we are root, and is faster than shutil by far.
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def _key() -> str:
    parts = [str(os.geteuid())]
    for name in SHAPED_BY:
        path = ROOT / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        parts += [f"{file}\0{file.read_text()}" for file in files if file.exists()]
    return places.short_hash(*parts)
