"""The only caller of the system clock. Everywhere else an instant is an argument named `now`."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar

from django.conf import settings

Item = TypeVar("Item")
SWEEP_SECONDS = 8.0  # of a round that waits for servers of others; its worker has more to do


def now() -> datetime:
    """This instant in UTC, plus the offset that a local deployment may set."""
    return datetime.now(UTC) + _offset()


def _offset() -> timedelta:
    path = _offset_file()
    if path is None:
        return timedelta()
    try:
        return timedelta(seconds=int(path.read_text().strip() or 0))
    except FileNotFoundError:
        return timedelta()


@cache
def _offset_file() -> Path | None:
    name = settings.REGISTRY.clock_offset_file
    return Path(name) if name else None


def system_seconds() -> float:
    """Seconds since 1970 UTC without the offset, for comparing with what a library stamped by itself."""
    return datetime.now(UTC).timestamp()


def within(seconds: float, items: Iterable[Item]) -> Iterator[Item]:
    """The items in order until so much time has gone by: a round that others make slow ends, the next one goes on."""
    end = time.monotonic() + seconds
    for item in items:
        if time.monotonic() >= end:
            return
        yield item
