"""What Celery workers weigh when they have nothing to do."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from portal.local import programs
from portal.local.bench import measure
from portal.local.processes import Child, Register

SETTLING_SECONDS = 1.0
MOST_TRIES = 60
Settled = Callable[[int], list[float]]


def idle_mib(environment: Mapping[str, str], folder: Path, register: Register) -> dict[str, list[float]]:
    """PSS in MiB of each process of each worker, the master first. Each is started, left alone, and stopped."""
    starts = {"worker": programs.worker, "audit worker": programs.audit_worker}
    return {
        name: _weighed(start(environment, log=folder / f"{name.replace(' ', '-')}.log"), register)
        for name, start in starts.items()
    }


def _weighed(child: Child, register: Register) -> list[float]:
    child.start()
    register.add(child)
    try:
        return settled(child)
    finally:
        child.stop()


def settled(
    child: Child, weigh: Settled = measure.memory_mib, seconds: float = SETTLING_SECONDS
) -> list[float]:
    """The weight once it has not changed by more than a MiB in so many seconds. Raises ChildDied."""
    before, found = 0.0, weigh(child.pid or 0)
    for _ in range(MOST_TRIES):
        if before and abs(sum(found) - before) <= 1.0:
            break
        time.sleep(seconds)
        child.require_alive()
        before, found = sum(found), weigh(child.pid or 0)
    return found
