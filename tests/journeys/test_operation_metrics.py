"""What Prometheus reads of a deployment at work: one number for all of its processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoDbBlocker

from portal.local import programs
from tests import machine as machines
from tests import world
from tests.live import free_port
from tests.machine import Machine
from tests.together import each, poll

Samples = dict[tuple[str, ...], float]


@pytest.fixture(scope="module")
def port(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    child = programs.metrics(machine.environment, port=port, log=tmp_path_factory.mktemp("metrics") / "log")
    child.start()
    try:
        poll(lambda: _answers(port), "no metrics")
        yield port
    finally:
        child.stop()


def _answers(port: int) -> bool:
    try:
        return bool(read(port))
    except urllib3.exceptions.HTTPError:
        return False


def read(port: int) -> Samples:
    """Name and values of labels, in the order of their names → value."""
    answer = urllib3.request("GET", f"http://127.0.0.1:{port}/metrics", timeout=10, retries=False)
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.data.decode())
        for sample in family.samples
    }


def test_requests_of_both_processes_are_one_sum(
    machine: Machine, port: int, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), machines.on(machine):
        iat = world.initial_access_token(world.organization()).value
        answer = machine.live.post("/register", bearer=iat, json=world.machine_metadata())
    assert answer.status == 201, answer.text
    made, form = answer.json(), {"grant_type": "client_credentials"}
    client = (made["client_id"], made["client_secret"])
    before = read(port)
    each([client] * 40, lambda one: machine.live.post("/token", basic=one, form=form), at_once=8)
    after = read(port)
    assert _grown(before, after, "concordat_request_seconds_count", "token", "200") == 40
    assert _grown(before, after, "concordat_tokens_issued_total", "client_credentials") == 40
    assert len(list(Path(machine.environment["PROMETHEUS_MULTIPROC_DIR"]).glob("counter_*.db"))) > 2


def _grown(before: Samples, after: Samples, *key: str) -> float:
    return after[key] - before.get(key, 0.0)


def test_workers_and_beat_are_seen_at_work(machine: Machine, port: int) -> None:
    poll(lambda: not _missed(read(port)), "somebody is missed", seconds=30)
    found = read(port)
    assert found["concordat_tasks_total", "ok", "registry.tasks.sequence_audit"] > 0
    assert found["concordat_queue_messages", "audit"] < 5
    assert found["concordat_broker_up",] == found["concordat_database_up",] == 1
    assert found["concordat_pool_connections",] >= 2


def _missed(found: Samples) -> list[str]:
    return [key[1] for key, value in found.items() if key[0] == "concordat_heartbeat_missed" and value]


def test_the_web_server_does_not_know_the_address(machine: Machine, port: int) -> None:
    assert machine.live.get("/metrics").status == 404
