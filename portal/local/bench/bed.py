"""The machines under test: one PostgreSQL and one Valkey of their own, databases in it, web servers before them."""

import http.client
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from portal.local import databases, places, programs
from portal.local.bench.plan import WEB_WORKERS
from portal.local.bootstrap import ROOT
from portal.local.engines import Engines
from portal.local.errors import NotReady
from portal.local.processes import POLL_SECONDS, Child, Register, only_one

HOST = "127.0.0.1"
READY_SECONDS = 60.0
# Counts statements in the counting round alone: `track` is off while anything is timed.
COUNTER = "pg_stat_statements"

RATES = (
    "CONCORDAT_API_RATE",
    "CONCORDAT_API_RATE_OF_ORGANIZATION",
    "CONCORDAT_REGISTRATION_RATE",
    "CONCORDAT_REGISTRATION_RATE_OF_ORGANIZATION",
    "CONCORDAT_REGISTRATION_RATE_OF_TOKEN",
)


@dataclass(frozen=True, slots=True)
class Web:
    """A web server that answers on HOST:port, and the database behind it (superuser URL)."""

    name: str
    port: int
    child: Child
    database_url: str

    @property
    def pid(self) -> int:
        return self.child.pid or 0


class Bed:
    """Engines in `home`, durable as in a deployment, and the web servers of one run."""

    def __init__(self, home: Path, register: Register) -> None:
        self.engines = Engines(home)
        self.register = register
        self._servers = ExitStack()

    def start(self) -> None:
        """Start the engines, with the statement counter loaded and asleep."""
        self.engines.start(self.register.add)
        with databases.administering(self.engines.postgres.superuser_url) as connection:
            connection.execute(f"ALTER SYSTEM SET shared_preload_libraries = '{COUNTER}'")
            connection.execute(f"ALTER SYSTEM SET {COUNTER}.track = 'none'")
            connection.execute("ALTER SYSTEM SET max_connections = 200")
        self.engines.postgres.stop()
        self.engines.postgres.start()
        self.register.add(self.engines.postgres.child)

    def stop(self) -> None:
        self._servers.close()
        self.engines.stop()
        self.register.clear()

    @property
    def logs(self) -> Path:
        return self.engines.home / "log"

    @property
    def database_pid(self) -> int:
        return self.engines.postgres.child.pid or 0

    @property
    def broker_pid(self) -> int:
        return self.engines.valkey.child.pid or 0

    def superuser_url(self, database: str) -> str:
        return databases.with_database(self.engines.postgres.superuser_url, database)

    def environment(self, database: str, port: int) -> dict[str, str]:
        """Production settings; the clock has no offset file. Limits are asked as always, and never reached."""
        environment = self.engines.environment(
            deployment="production", issuer=f"https://localhost:{port}", database=database
        )
        del environment["CONCORDAT_CLOCK_OFFSET_FILE"]
        environment["STATIC_ROOT"] = str(self.engines.home / "static")
        environment["TRUSTED_PROXIES"] = HOST  # the load comes as from a proxy, behind which TLS ends
        counters = self.engines.home / "counters" / database
        counters.mkdir(parents=True, exist_ok=True)
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(counters)
        return environment | dict.fromkeys(RATES, "1000000")

    def make_database(self, name: str) -> None:
        databases.make_database(self.engines.postgres.superuser_url, name)
        with databases.administering(self.superuser_url(name)) as connection:
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {COUNTER}")

    def serve(
        self,
        name: str,
        database: str,
        application: str,
        environment: Mapping[str, str],
        port: int,
        folder: Path = ROOT,
    ) -> Web:
        """Granian on loopback without TLS, which is not what is measured; returns when it accepts connections."""
        child = Child(
            name=name,
            command=[*programs.granian(port=port, workers=WEB_WORKERS), application],
            log=self.logs / f"{name}.log",
            environment=dict(environment) | {"DATABASE_POOL": "1"},
            folder=folder,
        )
        child.start()
        self.register.add(child)
        self._servers.callback(child.stop)
        wait_until_it_answers(child, port)
        return Web(name, port, child, self.superuser_url(database))


def wait_until_it_answers(child: Child, port: int) -> None:
    """Return when any answer comes; raises NotReady or ChildDied."""
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(port):
        child.require_alive()
        if time.monotonic() > deadline:
            raise NotReady(child.name, READY_SECONDS, child.log, child.tail())
        time.sleep(POLL_SECONDS)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz/ready")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def bed(home: Path) -> Iterator[Bed]:
    """Engines in a folder that nobody else uses, gone afterwards; what a killed run left there is stopped first."""
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    with only_one(home):
        register = Register(home / "children.json")
        register.stop_orphans()
        _empty(home)
        made = Bed(home, register)
        try:
            made.start()
            yield made
        finally:
            made.stop()
            _empty(home)


def _empty(home: Path) -> None:
    places.forget_postgres(home)
    for entry in home.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name not in {"lock", "sockets"}:
            entry.unlink()


def query(url: str, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """The rows of one statement on a connection of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()
