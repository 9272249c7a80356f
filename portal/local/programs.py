"""The programs of our own that make a deployment: web server, worker, beat, and Django commands that come to an end."""

import http.client
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.local.bootstrap import ROOT
from portal.local.certificates import ServerCertificate
from portal.local.errors import NotReady, StepFailed
from portal.local.processes import POLL_SECONDS, Child

READY_SECONDS = 60.0
READY_PATH = "/healthz/ready"
THREADS = 128  # portal.config.admission lets six of them work; more costs nothing, they are made when needed
FINISH_SECONDS = 25  # for what it has in hand when it is told to end
WORKER_OPTIONS = ("--concurrency", "1", "--without-gossip", "--without-mingle")  # nobody listens


def web_server(
    environment: Mapping[str, str], *, port: int, files: ServerCertificate, log: Path, workers: int = 2
) -> Child:
    """Granian with TLS on 127.0.0.1; each of its processes has a connection pool of its own."""
    return Child(
        name="web server",
        command=[
            *granian(port=port, workers=workers),
            *("--ssl-certificate", str(files.certificate), "--ssl-keyfile", str(files.key)),
            "portal.config.wsgi:application",
        ],
        log=log,
        environment=dict(environment) | {"DATABASE_POOL": "1"},
        folder=ROOT,
        grace_seconds=FINISH_SECONDS + 5.0,
    )


def granian(*, port: int, workers: int) -> list[str]:
    """How every web server of ours is started, but for its certificate and the application."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--http", "1"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(THREADS)),
        *("--workers-kill-timeout", str(FINISH_SECONDS)),
    ]


def worker(environment: Mapping[str, str], *, log: Path) -> Child:
    return _celery("worker", ["worker", *WORKER_OPTIONS, "--loglevel", "INFO"], environment, log)


def audit_worker(environment: Mapping[str, str], *, log: Path) -> Child:
    """The one that sequences the audit log each second: one process, and no line in the log for each second."""
    options = ["worker", *WORKER_OPTIONS, "--pool", "solo", "--queues", "audit", "--hostname", "audit@%h"]
    return _celery("audit worker", [*options, "--loglevel", "WARNING"], environment, log)


def beat(environment: Mapping[str, str], *, log: Path, schedule: Path) -> Child:
    """The one clock of the deployment; `schedule` remembers when each job ran last. A line a second helps nobody."""
    return _celery("beat", ["beat", "--schedule", str(schedule), "--loglevel", "WARNING"], environment, log)


def metrics(environment: Mapping[str, str], *, port: int, log: Path) -> Child:
    """What Prometheus reads: the sum over all processes that share PROMETHEUS_MULTIPROC_DIR."""
    command = [sys.executable, str(ROOT / "manage.py"), "serve_metrics", "--port", str(port)]
    return Child(name="metrics", command=command, log=log, environment=environment, folder=ROOT)


def _celery(name: str, options: list[str], environment: Mapping[str, str], log: Path) -> Child:
    command = [sys.executable, "-m", "celery", "-A", "portal.config.celery", *options]
    return Child(name=name, command=command, log=log, environment=environment, folder=ROOT)


def wait_until_ready(child: Child, port: int, authority: Path, *, others: Sequence[Child] = ()) -> None:
    """Return when READY_PATH answers 200; raises NotReady, or ChildDied when it or one of `others` did."""
    context = ssl.create_default_context(cafile=str(authority))
    deadline = time.monotonic() + READY_SECONDS
    while not _is_ready(port, context):
        for each in (child, *others):
            each.require_alive()
        if time.monotonic() > deadline:
            raise NotReady(child.name, READY_SECONDS, child.log, child.tail())
        time.sleep(POLL_SECONDS)


def _is_ready(port: int, context: ssl.SSLContext) -> bool:
    connection = http.client.HTTPSConnection("localhost", port, timeout=5, context=context)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def run_command(environment: Mapping[str, str], *arguments: str) -> str:
    """Run one Django command to its end and return what it said; raises StepFailed."""
    answer = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise StepFailed(f"manage.py {arguments[0]}", answer.returncode, answer.stdout[-3000:])
    return answer.stdout


def migrate(environment: Mapping[str, str]) -> None:
    """Migrate as the owner, in a process of its own, as every deployment does."""
    run_command(environment, "migrate_as_owner", "--skip-checks")
