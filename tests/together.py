"""Several at once: threads with database connections of their own, and the sight of who waits for whom."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import psycopg
from django.db import connection, connections

from portal.local import databases

Item = TypeVar("Item")
Result = TypeVar("Result")
PATIENCE_SECONDS = 20.0


def together(count: int, act: Callable[[int], Result]) -> list[Result]:
    """Do the same `count` times at once, each in its own thread; act(n) gets its number. Results in that order."""
    gate = threading.Barrier(count)

    def start(number: int) -> Result:
        gate.wait()
        return _alone(act, number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start, range(count)))


def each(items: Sequence[Item], act: Callable[[Item], Result], *, at_once: int = 4) -> list[Result]:
    """Do one thing to each item, a few at a time. Results in the order of the items."""
    with ThreadPoolExecutor(at_once) as threads:
        return list(threads.map(lambda item: _alone(act, item), items))


def begin(act: Callable[[], Result]) -> "Future[Result]":
    """Begin something in another thread; `result()` of what comes back waits for it and raises its errors."""
    thread = ThreadPoolExecutor(1)
    future = thread.submit(_alone, lambda _: act(), None)
    thread.shutdown(wait=False)
    return future


def _alone(act: Callable[..., Result], argument: object) -> Result:
    try:
        return act(argument)
    finally:
        connections.close_all()


def wait_until_somebody_waits() -> None:
    """Return once a session of this test's database waits for a lock."""
    url = databases.with_database(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"]))
    with psycopg.connect(url, autocommit=True) as looking:
        poll(lambda: looking.execute(_WAITING).fetchone() is not None, "nobody waits for a lock")


_WAITING = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def poll(seen: Callable[[], bool], complaint: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Return once it is so; fails with the complaint when it is not within so many seconds."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not seen():
        assert time.monotonic() < deadline, complaint
        pause.wait(0.01)
