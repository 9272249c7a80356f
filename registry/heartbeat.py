"""Signs of life of beat and of each queue's worker: a row each, which outlives whoever wrote it.

Who is expected stands in the settings (`HEARTBEATS`: name → seconds between two beats), so that one that never came
is missed like one that stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from registry.models import Heartbeat

_GRACE = timedelta(seconds=15)

_NOTE = """
INSERT INTO registry_heartbeat (name, at, period_seconds) VALUES (%(name)s, %(now)s, %(period)s)
ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at, period_seconds = EXCLUDED.period_seconds
WHERE registry_heartbeat.at < EXCLUDED.at
"""


@dataclass(frozen=True, slots=True)
class Pulse:
    """One expected sign of life. `age` is None while none ever came."""

    name: str
    period: timedelta
    age: timedelta | None

    @property
    def allowed(self) -> timedelta:
        """Two beats may be missed before somebody should look."""
        return 3 * self.period + _GRACE

    @property
    def is_missed(self) -> bool:
        return self.age is None or self.age > self.allowed


def note(name: str, *, now: datetime) -> None:
    """Say that `name`, one of the expected, is alive. One statement; a late one does not turn the clock back."""
    period = _expected()[name]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, {"name": name, "now": now, "period": period})


def pulses(now: datetime) -> list[Pulse]:
    """Every expected sign of life, in the order of the settings. One statement."""
    seen = dict(Heartbeat.objects.values_list("name", "at"))
    return [
        Pulse(name, timedelta(seconds=period), now - seen[name] if name in seen else None)
        for name, period in _expected().items()
    ]


def _expected() -> Mapping[str, int]:
    expected: Mapping[str, int] = settings.HEARTBEATS
    return expected
