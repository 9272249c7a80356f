"""One writer as a process of its own: `python -m tests.registry.audit_writer ORGANIZATION COUNT AT_ONCE`.

Prints what it and its session of PostgreSQL took, in CPU-seconds, and when it worked, as JSON.
"""

import json
import os
import sys
import time
from pathlib import Path
from uuid import UUID

import django


def main(organization: str, count: int, at_once: int) -> None:
    """Write `count` events, `at_once` in a transaction."""
    django.setup()
    from django.db import connection, transaction

    from registry import audit, clock
    from registry.actors import system
    from registry.events import Event

    connection.ensure_connection()
    session = connection.connection.info.backend_pid
    own, server, begun = time.process_time(), cpu_seconds(session), time.monotonic()
    for first in range(0, count, at_once):
        with transaction.atomic():
            for number in range(first, first + at_once):
                audit.record(
                    Event.CLIENT_SUSPENDED,
                    organization=UUID(organization),
                    subject=("client", f"c_{number}"),
                    actor=system("a_bench"),
                    reason="a reason as long as people write them",
                    before={"state": "active"},
                    after={"state": "suspended", "epoch": number},
                    environment="sandbox",
                    now=clock.now(),
                )
    figures = {"own": time.process_time() - own, "server": cpu_seconds(session) - server}
    figures |= {"begun": begun, "ended": time.monotonic()}
    sys.stdout.write(json.dumps(figures))


def cpu_seconds(process: int) -> float:
    """User and system time of a process on this machine, as Linux tells it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
