"""A deploy: the web server is told to end while it has two hundred requests in hand. Each gets its answer."""

import http.client
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests import machine as machines
from tests import world
from tests.live import Live
from tests.machine import Machine
from tests.together import poll

IN_HAND = 200
FORM = urlencode({"token": "cat_unknown"})


@pytest.fixture
def connected(machine: Machine, django_db_blocker: DjangoDbBlocker) -> Iterator[Machine]:
    with django_db_blocker.unblock(), machines.on(machine):
        yield machine
    machine.restart_web()


def test_no_request_is_aborted(connected: Machine) -> None:
    headers = _credentials()
    sent = threading.Semaphore(0)
    with (
        psycopg.connect(connected.engines.application_url()) as holding,
        ThreadPoolExecutor(IN_HAND) as threads,
    ):
        lines = list(threads.map(_line, [connected.live] * IN_HAND))  # before anybody's patience begins
        holding.execute("LOCK TABLE registry_accesstoken IN ACCESS EXCLUSIVE MODE")
        asked = [threads.submit(_ask, line, headers, sent) for line in lines]
        for _ in range(IN_HAND):
            assert sent.acquire(timeout=60)
        poll(lambda: _waiting(connected) >= settings.WORK_SLOTS, "nobody waits for the table")
        connected.web.ask_to_stop()
        poll(lambda: not _accepts(connected.live), "it goes on accepting")
        assert not any(one.done() for one in asked)
        holding.rollback()
        statuses = [_status(one) for one in asked]
    assert statuses == [200] * IN_HAND
    connected.web.stop()


def _credentials() -> dict[str, str]:
    return {
        "Authorization": world.basic(*world.resource_server()),
        "Content-Type": "application/x-www-form-urlencoded",
        "Connection": "close",
    }


def _line(live: Live) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(live.ca_file))
    line = http.client.HTTPSConnection("localhost", live.port, timeout=60, context=context)
    line.connect()
    return line


def _ask(line: http.client.HTTPSConnection, headers: dict[str, str], sent: threading.Semaphore) -> int:
    """Asks again when one of the two processes has more than its share, and sends the last away."""
    line.request("POST", "/introspect", FORM, headers)
    sent.release()
    while (answer := line.getresponse()).status == 503:
        answer.read()
        line.close()
        line.request("POST", "/introspect", FORM, headers)
    answer.read()
    return answer.status


def _status(one: "Future[int]") -> int | str:
    error = one.exception(timeout=60)
    return one.result() if error is None else repr(error)


def _waiting(machine: Machine) -> int:
    with psycopg.connect(machine.engines.application_url()) as looking:
        row = looking.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        ).fetchone()
    return int(row[0]) if row else 0


def _accepts(live: Live) -> bool:
    context = ssl.create_default_context(cafile=str(live.ca_file))
    connection = http.client.HTTPSConnection("localhost", live.port, timeout=1, context=context)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True
