"""A deployment of its own, whose engines a test may stop: PostgreSQL, Valkey, web server, workers, beat.

The suite's own engines serve every other test and are never touched. `world` builds in this deployment's database
while a test runs `on` it.
"""

import dataclasses
import datetime
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from portal.config.environment import database
from portal.local import programs
from portal.local.certificates import server_certificate
from portal.local.engines import Engines
from portal.local.places import make_own_folder
from portal.local.processes import Child
from portal.local.throwaway import Throwaway
from tests.live import Live, free_port, reaching
from tests.together import poll

FILES = "django.core.mail.backends.filebased.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclasses.dataclass(slots=True)
class Machine:
    """Everything that runs. `mails` is where the workers' mails arrive; the web server finds no mail server."""

    engines: Engines
    live: Live
    web: Child
    workers: tuple[Child, ...]
    mails: Path
    logs: Path
    environment: Mapping[str, str]

    @contextmanager
    def without_database(self) -> Iterator[None]:
        connection.close()
        self.engines.postgres.stop()
        try:
            yield
        finally:
            self.engines.postgres.start()
            self.wait_until_ready()

    @contextmanager
    def without_broker(self) -> Iterator[None]:
        """The broker dies with everything that it holds."""
        process = self.engines.valkey.child.process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        try:
            yield
        finally:
            self.engines.valkey.start()

    def wait_until_ready(self) -> None:
        poll(lambda: self.live.get("/healthz/ready").status == 200, "the web server does not come back")

    def restart_web(self) -> None:
        self.web.start()
        programs.wait_until_ready(self.web, self.live.port, self.live.ca_file)


@contextmanager
def running(folder: Path) -> Iterator[Machine]:
    """Start everything, in its own folder, and stop it in the end."""
    throwaway = Throwaway()
    throwaway.start()
    try:
        yield from _programs(throwaway.engines, folder)
    finally:
        throwaway.dispose()


def _programs(engines: Engines, folder: Path) -> Iterator[Machine]:
    port, mails = free_port(), folder / "mail"
    environment = _environment(engines, port) | {
        "EMAIL_BACKEND": FILES,
        "EMAIL_FILE_PATH": str(mails),
        "PROMETHEUS_MULTIPROC_DIR": str(make_own_folder(folder / "metrics", mode=0o700)),
    }
    of_web = environment | {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(free_port())}
    files = server_certificate(folder, folder, now=datetime.datetime.now(datetime.UTC))
    web = programs.web_server(of_web, port=port, files=files, log=folder / "web.log")
    workers = (
        programs.worker(environment, log=folder / "worker.log"),
        programs.audit_worker(environment, log=folder / "audit-worker.log"),
        programs.beat(environment, log=folder / "beat.log", schedule=folder / "schedule"),
    )
    children = (web, *workers)
    try:
        for child in children:
            child.start()
        programs.wait_until_ready(web, port, files.authority, others=workers)
        with reaching(environment, files.authority) as live:
            yield Machine(engines, live, web, workers, mails, folder, environment)
    finally:
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.stop()


def _environment(engines: Engines, port: int) -> dict[str, str]:
    """That of the tests, so that credentials made here are good there, with other engines."""
    return dict(os.environ) | {
        "DATABASE_URL": engines.application_url(),
        "DATABASE_OWNER_URL": engines.owner_url(),
        "REDIS_URL": engines.valkey.url,
        "CONCORDAT_ISSUER": f"https://localhost:{port}",
    }


@contextmanager
def on(machine: Machine) -> Iterator[None]:
    """Point Django's default connection, in every thread, at this deployment's database."""
    other = database(machine.engines.application_url(), pool=False, pool_size=0)
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(
        {name: other[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
