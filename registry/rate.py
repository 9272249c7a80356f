"""How often somebody may ask: allowances that refill steadily, kept in PostgreSQL (docs/adr/0010).

One statement spends from any number of buckets, the narrowest first; what a narrow one refuses, a wide one is not
asked for, so that nobody empties what others share. The rows are changed outside any other transaction: a bucket that
is shared is locked for one statement and no longer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection

from registry.errors import RateExceeded, Ration


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one subject may spend: `quota` acts at once, and as many again in every `window_seconds`.

    name     of the allowance, told to whoever spends
    subject  whose bucket it is, unique over all kinds
    """

    name: str
    subject: str
    quota: int
    window_seconds: int = 60

    @property
    def window(self) -> timedelta:
        return timedelta(seconds=self.window_seconds)

    @property
    def step(self) -> timedelta:
        """The time in which one act comes back, in whole microseconds, so that `quota` of them fit."""
        return self.window // self.quota


def spend(buckets: Sequence[Bucket], now: datetime) -> tuple[Ration, ...]:
    """Take one act from each bucket and tell what is left in each. One statement.

    Raises RateExceeded, with what is left and when to come back, once a bucket has none; then wider buckets than that
    one are as they were. A bucket that is full further ahead than two windows was filled by a clock that has been put
    back since, and begins anew.
    """
    found = _ask(buckets, now)
    rations = tuple(_ration(bucket, spent or held or now, now) for bucket, spent, held in found)
    refused = next((index for index, (_, spent, _) in enumerate(found) if spent is None), None)
    if refused is not None:
        bucket, _, held = found[refused]
        raise RateExceeded(rations, retry_after=_wait(bucket, held or now, now))
    return rations


def _ask(buckets: Sequence[Bucket], now: datetime) -> list[tuple[Bucket, datetime | None, datetime | None]]:
    """Each bucket with its end after spending, None when it refused, and its end before."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(len(buckets)), dict(_parameters(buckets, now)))
        row: tuple[Any, ...] = cursor.fetchone()
    return [(bucket, row[2 * index], row[2 * index + 1]) for index, bucket in enumerate(buckets)]


def _statement(count: int) -> str:
    """One INSERT for each bucket, which needs the row that the one before it gave back."""
    spending = ", ".join(_SPENDING.format(n=n, given=f" FROM b{n - 1}" if n else "") for n in range(count))
    telling = ", ".join(_TELLING.format(n=n) for n in range(count))
    return f"WITH {spending} SELECT {telling}"  # its parts are constants of this program


_SPENDING = """
b{n} AS (
    INSERT INTO registry_ratebucket AS r (subject, full_at)
    SELECT %(subject{n})s::text, %(now)s::timestamptz + %(step{n})s::interval{given}
    ON CONFLICT (subject) DO UPDATE SET full_at = %(step{n})s::interval +
        CASE WHEN r.full_at BETWEEN %(now)s::timestamptz AND %(now)s::timestamptz + 2 * %(window{n})s::interval
             THEN r.full_at ELSE %(now)s::timestamptz END
    WHERE NOT (r.full_at > %(now)s::timestamptz + %(window{n})s::interval - %(step{n})s::interval
               AND r.full_at <= %(now)s::timestamptz + 2 * %(window{n})s::interval)
    RETURNING r.full_at
)"""
_TELLING = """
(SELECT full_at FROM b{n}), (SELECT full_at FROM registry_ratebucket WHERE subject = %(subject{n})s::text)"""


def _parameters(buckets: Sequence[Bucket], now: datetime) -> Iterator[tuple[str, Any]]:
    yield "now", now
    for index, bucket in enumerate(buckets):
        yield f"subject{index}", bucket.subject
        yield f"step{index}", bucket.step
        yield f"window{index}", bucket.window


def _ration(bucket: Bucket, full_at: datetime, now: datetime) -> Ration:
    gone = max(full_at - now, timedelta())
    left = max(0, (bucket.window - gone) // bucket.step)
    return Ration(bucket.name, bucket.quota, bucket.window_seconds, left, ceil(gone.total_seconds()))


def _wait(bucket: Bucket, full_at: datetime, now: datetime) -> int:
    """Whole seconds until one act is there again, 1 at least."""
    return max(1, ceil((full_at + bucket.step - bucket.window - now).total_seconds()))


def purge(*, now: datetime, limit: int) -> int:
    """Forget buckets that are full again, which is where a new one begins."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM registry_ratebucket WHERE subject IN (SELECT subject FROM registry_ratebucket"
            " WHERE full_at < %s ORDER BY full_at LIMIT %s FOR UPDATE SKIP LOCKED)",
            [now - timedelta(minutes=5), limit],
        )
        return int(cursor.rowcount)
