"""`manage.py quickstart`: from a checkout to a running registry with a demo story on it, on this machine alone."""

import argparse
import datetime
import errno
import json
import os
import re
import shlex
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import django

from portal.local import bootstrap, databases, places, programs, secret_files
from portal.local.certificates import ServerCertificate, server_certificate
from portal.local.deployment import Deployment
from portal.local.engines import INHERITED, Engines
from portal.local.errors import CannotRun, DiskFull, PortBusy
from portal.local.processes import Register, only_one
from portal.local.report import Report
from portal.local.story import SCOPES
from portal.local.supervisor import Supervisor, interruptible, uninterrupted

DEFAULT_PORT = 8443
VAR = bootstrap.ROOT / "var"
YEAR_SECONDS = 365 * 86400
FACTS = "quickstart.json"
ENVIRONMENT = "environment"  # for a shell that wants to run Django commands beside us


def main(arguments: Sequence[str]) -> int:
    """Run until Ctrl-C; 0 when it was ready before that."""
    options = _parse(arguments)
    bootstrap.refuse_production(os.environ)
    try:
        with interruptible():
            return run(VAR, port=options.port, reset=options.reset, report=Report())
    except (CannotRun, OSError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in str(error):
            raise DiskFull(VAR) from error
        raise


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py quickstart", description=__doc__)
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help=f"port on localhost (default {DEFAULT_PORT})"
    )
    parser.add_argument("--reset", action="store_true", help="delete var/ first, with all its data")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def run(var: Path, *, port: int, reset: bool, report: Report) -> int:
    """Serve from `var` on `port` until interrupted; nothing of ours runs when this returns or raises."""
    places.make_own_folder(var, mode=0o755)
    with only_one(var):
        register = Register(var / "children.json")
        for name in register.stop_orphans():
            report.say(f"Stopped the {name} that an earlier run had left behind.")
        if reset:
            wipe(var)
        require_free_port(port)
        session = Session(var, port, report, register)
        try:
            session.bring_up()
            session.watch()
        except KeyboardInterrupt:
            report.say("Stopping ...")
            return 0 if session.is_ready else 130
        finally:
            with uninterrupted():
                session.bring_down()


def wipe(var: Path) -> None:
    """Delete the data, keys included. Keeps the lock, which is held."""
    places.forget_postgres(var)
    for entry in var.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


def require_free_port(port: int) -> None:
    """Raises PortBusy when somebody listens on it, or when we may not (below 1024)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortBusy(port) from error


class Session:
    """One run: what was started, and how to stop it."""

    def __init__(self, var: Path, port: int, report: Report, register: Register) -> None:
        self._var = var
        self._port = port
        self._report = report
        self._register = register
        self._facts_file = var / FACTS
        self._engines = Engines(var)
        self._supervisor = Supervisor(register)
        self._base_url = f"https://localhost:{port}"
        self.is_ready = False

    def bring_up(self) -> None:
        """Return when the portal answers and the demo story has been played."""
        with self._report.step("PostgreSQL and Valkey"):
            self._engines.start(self._register.add)
        self._explain_place()
        environment = self._environment()
        with self._report.step("Database migrations"):
            self._prepare_database()
            programs.migrate(environment)
        with self._report.step("Web server, workers, beat"):
            files = self._start_programs(environment)
        facts = self._facts(files, environment)
        self.is_ready = True
        self._report.addresses(self._base_url, facts)
        self._report.closing(files.authority, self._facts_file)

    def watch(self) -> NoReturn:
        self._supervisor.watch(self._engines.postgres.child, self._engines.valkey.child)

    def bring_down(self) -> None:
        """Stop all that was started: web server, workers, beat, broker, database."""
        self._supervisor.stop()
        self._engines.stop()
        self._register.clear()
        (self._var / ENVIRONMENT).unlink(missing_ok=True)

    def _explain_place(self) -> None:
        place = self._engines.place
        if place.moved_from:
            self._report.say(
                f"PostgreSQL runs as `nobody`, who may not enter {place.moved_from}: "
                f"its data is in {place.data}."
            )

    def _environment(self) -> dict[str, str]:
        environment = self._engines.environment(deployment="local", issuer=self._base_url)
        environment |= {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(places.make_own_folder(self._var / "mail", mode=0o700)),
            "PROMETHEUS_MULTIPROC_DIR": str(self._empty_folder("metrics")),
            "CONCORDAT_IAT_SECONDS_LIMIT": str(YEAR_SECONDS),  # the demo's token outlives the demo
            "CONCORDAT_SCOPES": " ".join(SCOPES),
        }
        ours = environment.keys() - set(INHERITED)
        lines = (f"export {name}={shlex.quote(environment[name])}\n" for name in sorted(ours))
        secret_files.write_private(self._var / ENVIRONMENT, "".join(lines))
        return environment

    def _empty_folder(self, name: str) -> Path:
        shutil.rmtree(self._var / name, ignore_errors=True)
        return places.make_own_folder(self._var / name, mode=0o700)

    def _prepare_database(self) -> None:
        # Without its facts the story was broken off: it cannot be played twice on one database.
        if not self._facts_file.exists():
            databases.drop_database(self._engines.postgres.superuser_url, databases.DATABASE)
        databases.make_database(self._engines.postgres.superuser_url, databases.DATABASE)

    def _start_programs(self, environment: dict[str, str]) -> ServerCertificate:
        log = self._engines.home / "log"
        files = server_certificate(self._var, self._var / "keys", now=datetime.datetime.now(datetime.UTC))
        web = programs.web_server(environment, port=self._port, files=files, log=log / "web.log")
        worker = programs.worker(environment, log=log / "worker.log")
        audit_worker = programs.audit_worker(environment, log=log / "audit-worker.log")
        beat = programs.beat(environment, log=log / "beat.log", schedule=self._var / "beat-schedule")
        for child in (web, worker, audit_worker, beat):
            self._supervisor.start(child)
        programs.wait_until_ready(web, self._port, files.authority, others=(worker, audit_worker, beat))
        return files

    def _facts(self, files: ServerCertificate, environment: dict[str, str]) -> dict[str, Any]:
        if self._facts_file.exists():
            facts = at_address(json.loads(self._facts_file.read_text()), self._base_url)
        else:
            facts = self._play(files, environment)
        secret_files.write_private(self._facts_file, json.dumps(facts, indent=2))
        return facts

    def _play(self, files: ServerCertificate, environment: dict[str, str]) -> dict[str, Any]:
        # The story speaks HTTP, but takes names of scopes and states from the registry.
        os.environ.update(environment)
        django.setup()
        from portal.local import demo

        with self._report.step("Demo story over HTTP"):
            deployment = Deployment(self._base_url, files.authority, self._var, environment, self._report.say)
            return dict(demo.play(deployment))


def at_address(facts: dict[str, Any], base_url: str) -> dict[str, Any]:
    """The same facts for a start on another port."""
    old = re.compile(re.escape(facts["base_url"]) + r"(?!\d)")
    moved: dict[str, Any] = json.loads(old.sub(base_url, json.dumps(facts)))
    return moved
