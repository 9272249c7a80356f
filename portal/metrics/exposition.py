"""`/metrics`: the sum over all processes of this host, and what tables and broker say at the moment.

Served by a process of its own on an internal port (`manage.py serve_metrics`), never by the web server.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error
from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from redis import Redis
from redis.exceptions import RedisError

from registry import clock, measures
from registry.measures import Measures

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

QUEUES = ("celery", "audit")
_BROKER_SECONDS = 2.0


def application(folder: Path) -> Application:
    """A WSGI application that answers every GET of /metrics anew; `folder` is PROMETHEUS_MULTIPROC_DIR."""
    readings = Readings()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"The metrics are at /metrics.\n"]
        forget_the_dead(folder)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]  # as the library has it
        registry.register(readings)
        start_response("200 OK", [("Content-Type", exposition.CONTENT_TYPE_LATEST)])
        return [exposition.generate_latest(registry)]

    return answer


def forget_the_dead(folder: Path) -> None:
    """Remove the gauges of processes that are gone; what they counted stays in the sum."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if not pid.isdecimal() or not _is_alive(int(pid)):
            file.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Readings:
    """Collects what no process counts. Events are counted from where the log stood at the first reading."""

    def __init__(self) -> None:
        self._next_leaf: int | None = None
        self._events: dict[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        yield from self._of_the_database()
        yield from _of_the_broker()

    def _of_the_database(self) -> Iterator[Metric]:
        try:
            found = measures.measures(clock.now())
            self._count_events(found.audit_leaves)
        except Error:
            yield _gauge("concordat_database_up", "1 while PostgreSQL answers.", 0)
            return
        yield _gauge("concordat_database_up", "1 while PostgreSQL answers.", 1)
        yield from _gauges(found)
        counted = CounterMetricFamily("concordat_events", "Events of the audit log.", labels=["action"])
        for action, count in sorted(self._events.items()):
            counted.add_metric([action], count)
        yield counted

    def _count_events(self, leaves: int) -> None:
        """By leaf numbers, so that no event is missed or counted twice, in whatever order they committed."""
        first, self._next_leaf = self._next_leaf, leaves
        if first is not None and first < leaves:
            for action, count in measures.events(first=first, end=leaves).items():
                self._events[action] = self._events.get(action, 0) + count


def _gauges(found: Measures) -> Iterator[Metric]:
    ages = GaugeMetricFamily(
        "concordat_heartbeat_age_seconds",
        "Since beat or a queue's worker was last seen at work.",
        labels=["name"],
    )
    missed = GaugeMetricFamily(
        "concordat_heartbeat_missed", "1 while it should have been seen.", labels=["name"]
    )
    for pulse in found.pulses:
        age = float("inf") if pulse.age is None else pulse.age.total_seconds()
        ages.add_metric([pulse.name], age)
        missed.add_metric([pulse.name], int(pulse.is_missed))
    yield from (ages, missed)
    yield _gauge("concordat_audit_leaves", "Events that have a leaf in the audit tree.", found.audit_leaves)
    yield _gauge("concordat_audit_waiting", "Events that have no leaf yet.", found.audit_waiting)
    yield _gauge("concordat_audit_held", "Events whose row is not what was written.", found.audit_held)
    yield _gauge(
        "concordat_audit_lag_seconds",
        "Age of the oldest event without a leaf.",
        found.audit_lag.total_seconds(),
    )
    yield _gauge("concordat_issuing_stopped", "1 while the stop switch is thrown.", int(found.is_stopped))
    yield _gauge("concordat_notices_owed", "Mails that are not sent yet.", found.notices.count)
    yield _gauge(
        "concordat_notices_age_seconds", "Age of the oldest mail not sent.", found.notices.age.total_seconds()
    )


def _of_the_broker() -> Iterator[Metric]:
    depth = GaugeMetricFamily("concordat_queue_messages", "Messages that wait in a queue.", labels=["queue"])
    try:
        with Redis.from_url(settings.CACHES["shared"]["LOCATION"], socket_timeout=_BROKER_SECONDS) as broker:
            for queue in QUEUES:
                depth.add_metric([queue], broker.llen(queue))
    except RedisError:
        yield _gauge("concordat_broker_up", "1 while the broker answers.", 0)
        return
    yield _gauge("concordat_broker_up", "1 while the broker answers.", 1)
    yield depth


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
