"""How much the log takes: four writers, the sequencer beside them, an export, both verifications.

Judged by CPU time, since wall time is whatever else the machine does: 3 000 events/s on two cores leave 667 µs for each
event, 1 000 000 verified events a minute leave 60 µs of one core. The figures are printed (`pytest -s`).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from portal.local import databases
from registry import transparency
from tests import audit_log, world
from tests.architecture.source import ROOT

WRITERS = 4
EACH = int(os.environ.get("AUDIT_EVENTS", "40000")) // WRITERS // 2

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


BUSY = (os.getloadavg()[0], os.cpu_count() or 1)  # when the run began: others' work is not judged


def test_the_log_keeps_up(clone_database: Callable[[], AbstractContextManager[str]], tmp_path: Path) -> None:
    with clone_database() as name:
        environment = dict(os.environ) | {
            "DATABASE_URL": databases.with_database(os.environ["DATABASE_URL"], name),
            "AUDIT_PUBLIC_KEYS": os.environ["AUDIT_PUBLIC_KEYS"],
        }
        figures: dict[str, Any] = {
            f"{at_once}_in_a_transaction": appended(environment, at_once) for at_once in (1, 5)
        }
        figures |= exported(tmp_path / "export.jsonl")
        figures["verify_export"] = verified(environment, str(tmp_path / "export.jsonl"))
        figures["verify_tables"] = verified(environment)
    print(json.dumps(figures, indent=2))  # noqa: T201  # the figures are what it is for
    if BUSY[0] > BUSY[1]:
        pytest.skip(f"{BUSY[0]:.0f} others wait for {BUSY[1]} processors: these figures are theirs too")
    assert figures["5_in_a_transaction"]["append_cpu_us"] <= 667
    for verification in ("verify_export", "verify_tables"):
        assert figures[verification]["cpu_us_per_event"] <= 60
        assert figures[verification]["peak_mib"] <= 200


def appended(environment: dict[str, str], at_once: int) -> dict[str, Any]:
    """Four processes append while this one sequences."""
    holder = str(world.organization().pk)
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.registry.audit_writer", holder, str(EACH), str(at_once)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
        )
        for _ in range(WRITERS)
    ]
    own, sequenced = time.process_time(), 0
    for writer in writers:
        while not ended(writer):
            sequenced += audit_log.sequence()
    behind = transparency.waiting()[0]
    sequenced += audit_log.sequence()
    took = [json.loads(writer.communicate()[0]) for writer in writers]
    events, seconds = (
        WRITERS * EACH,
        max(each["ended"] for each in took) - min(each["begun"] for each in took),
    )
    return {
        "events": events,
        "append_per_second": round(events / seconds),
        "append_cpu_us": round(sum(each["own"] + each["server"] for each in took) / events * 1e6),
        "append_server_cpu_us": round(sum(each["server"] for each in took) / events * 1e6),
        "sequence_cpu_us": round((time.process_time() - own) / sequenced * 1e6),
        "behind_at_the_end": behind,
    }


def ended(writer: subprocess.Popen[bytes]) -> bool:
    """Wait for a second at most: the beat of the sequencer."""
    try:
        writer.wait(1)
    except subprocess.TimeoutExpired:
        return False
    return True


def exported(path: Path) -> dict[str, Any]:
    started = time.process_time(), time.perf_counter()
    call_command("export_audit", str(path))
    return {
        "export_mib": round(path.stat().st_size / 2**20),
        "export_cpu_seconds": round(time.process_time() - started[0], 1),
        "export_seconds": round(time.perf_counter() - started[1], 1),
    }


def verified(environment: dict[str, str], *export: str) -> dict[str, Any]:
    """In a process of its own, whose memory is then known."""
    script = (
        "import sys, time; from portal.auditor.command import main; code = main(sys.argv[1:]);"
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'));"
        "print(time.process_time(), peak.split()[1]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *export],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, kibibytes = done.stdout.splitlines()[-1].split()
    return {
        "cpu_us_per_event": round(float(seconds) / (2 * WRITERS * EACH) * 1e6, 1),
        "peak_mib": int(kibibytes) // 1024,
    }
