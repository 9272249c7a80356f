"""Metrics: counted where it happens, summed over processes, documented name by name, and cheap."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from django.test import Client
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from portal.config.celery import _is_late, app
from portal.local.bootstrap import ROOT
from portal.metrics import exposition, observation
from registry import clock, heartbeat, lifecycle, notices, transparency
from registry.errors import Finding, InvalidRedirectUri, InvalidToken
from registry.models import Client as ClientRow
from registry.models import NoticeKind
from registry.routes import manual
from registry.states import Environment
from tests import world

DOCUMENTED = re.compile(r"^\| `(concordat_\w+)`", re.MULTILINE)


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Counted:
    """How much a sample grows while the block runs."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels

    def __enter__(self) -> Self:
        self._before = sample(self._name, **self._labels)
        return self

    def __exit__(self, *_: object) -> None:
        self.by = sample(self._name, **self._labels) - self._before


@pytest.mark.django_db
class TestRequests:
    def test_are_counted_by_address_and_status(self, client: Client) -> None:
        with Counted("concordat_request_seconds_count", address="live", status="200") as grown:
            client.get("/healthz/live")
        assert grown.by == 1

    def test_of_no_address_share_one_name(self, client: Client) -> None:
        with Counted("concordat_request_seconds_count", address="unresolved", status="404") as grown:
            client.get("/healthz/a")
            client.get("/nowhere/")
        assert grown.by == 2

    def test_issued_tokens_are_counted(self, client: Client) -> None:
        service = world.service()
        with Counted("concordat_tokens_issued_total", grant_type="client_credentials") as grown:
            _token(client, service)
            client.post("/token", {"grant_type": "client_credentials"}, content_type=FORM)
        assert grown.by == 1

    def test_introspections_are_counted_by_their_answer(self, client: Client) -> None:
        server = world.basic(*world.resource_server())
        with Counted("concordat_introspections_total", active="no") as grown:
            client.post("/introspect", "token=cat_unknown", content_type=FORM, HTTP_AUTHORIZATION=server)
        assert grown.by == 1

    def test_a_refused_client_is_counted(self, client: Client) -> None:
        with Counted("concordat_refusals_total", rule="InvalidClient") as grown:
            client.post(
                "/token",
                "grant_type=client_credentials",
                content_type=FORM,
                HTTP_AUTHORIZATION=world.basic("nobody", "x"),
            )
        assert grown.by == 1

    def test_a_refusal_is_counted_under_every_rule_that_objected(self) -> None:
        findings = [Finding("redirect_uris", "x", "y", rule, "z") for rule in ("U1", "U2", "U1")]
        with (
            Counted("concordat_refusals_total", rule="U1") as one,
            Counted("concordat_refusals_total", rule="U2") as two,
        ):
            observation.refusal(InvalidRedirectUri(findings=findings))
        assert (one.by, two.by) == (1, 1)

    def test_a_refusal_of_no_rule_is_counted_under_its_own_name(self) -> None:
        with Counted("concordat_refusals_total", rule="InvalidToken") as grown:
            observation.refusal(InvalidToken("x"))
        assert grown.by == 1

    def test_a_containment_is_timed(self, client: Client) -> None:
        acme, service = world.organization(), world.service()
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {_token(client, service)}"}
        with Counted("concordat_containment_seconds_count") as grown:
            answer = client.post(
                f"/api/v1/organizations/{acme.slug}/contain",
                {"reason": "leak"},
                content_type="application/json",
                **bearer,
            )
            assert answer.status_code == 200, answer.content
            client.post(
                f"/api/v1/organizations/{acme.slug}/contain", content_type="application/json", **bearer
            )
        assert grown.by == 1


FORM = "application/x-www-form-urlencoded"


def _token(client: Client, service: world.Service) -> str:
    basic = world.basic(service.client_id, service.client_secret)
    answer = client.post(
        "/token", "grant_type=client_credentials", content_type=FORM, HTTP_AUTHORIZATION=basic
    )
    return str(answer.json()["access_token"])


class TestTasks:
    @pytest.fixture(autouse=True)
    def _here(self) -> Iterator[None]:
        app.conf.task_always_eager, before = True, app.conf.task_always_eager
        yield
        app.conf.task_always_eager = before

    @pytest.mark.django_db
    def test_one_that_ends_well(self) -> None:
        from registry import tasks

        name = tasks.send_notices.name
        with Counted("concordat_tasks_total", task=name, outcome="ok") as grown:
            tasks.send_notices.delay()
        assert grown.by == 1
        assert (
            sample("concordat_task_last_success_timestamp_seconds", task=name) > clock.system_seconds() - 60
        )

    @pytest.mark.django_db
    def test_one_that_fails(self) -> None:
        from registry import tasks

        name = tasks.note_heartbeat.name
        with Counted("concordat_tasks_total", task=name, outcome="failed") as grown:
            tasks.note_heartbeat.delay(queue="of nobody")
        assert grown.by == 1

    @pytest.mark.parametrize(("left", "late"), [(timedelta(seconds=9), False), (timedelta(seconds=4), True)])
    def test_is_late_when_half_of_its_time_is_over(self, left: timedelta, late: bool) -> None:
        end = clock.now() + left
        assert _is_late("registry.tasks.send_notices", end.isoformat()) is late

    def test_one_sent_by_hand_is_never_late(self) -> None:
        assert not _is_late("registry.tasks.send_notices", None)


def scraped(folder: Path) -> dict[str, list[Any]]:
    """What Prometheus would read: name of the family → its samples."""
    said: list[str] = []
    body = exposition.application(folder)(
        {"PATH_INFO": "/metrics"}, lambda status, headers: said.append(status)
    )
    assert said == ["200 OK"]
    text = b"".join(body).decode()
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


@pytest.mark.django_db
class TestReadings:
    def test_tell_of_missed_beats(self, tmp_path: Path) -> None:
        heartbeat.note("beat", now=clock.now())
        found = {one.labels["name"]: one.value for one in scraped(tmp_path)["concordat_heartbeat_missed"]}
        assert found == {"beat": 0, "queue celery": 1, "queue audit": 1}

    def test_tell_of_the_audit_log(self, tmp_path: Path) -> None:
        world.organization()
        waiting = scraped(tmp_path)["concordat_audit_waiting"][0].value
        assert waiting >= 1
        transparency.sequence(now=clock.now())
        after = scraped(tmp_path)
        assert after["concordat_audit_waiting"][0].value == 0
        assert after["concordat_audit_leaves"][0].value >= waiting
        assert after["concordat_audit_lag_seconds"][0].value == 0

    def test_tell_of_mails_that_are_owed(self, tmp_path: Path) -> None:
        made = _client()
        an_hour_ago = clock.now() - timedelta(hours=1)
        notices.owe(NoticeKind.CLIENT_EXPIRED, made, once="x", now=an_hour_ago, day="2026-11-24")
        found = scraped(tmp_path)
        assert found["concordat_notices_owed"][0].value == 1
        assert 3600 <= found["concordat_notices_age_seconds"][0].value < 3700

    def test_count_each_event_of_the_log_once(self) -> None:
        readings = exposition.Readings()
        acme = world.organization()
        transparency.sequence(now=clock.now())
        list(readings.collect())
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=clock.now())
        transparency.sequence(now=clock.now())
        for _ in range(2):
            families = {family.name: family for family in readings.collect()}
            events = {one.labels["action"]: one.value for one in families["concordat_events"].samples}
        assert events["organization.containment.started"] == 1

    def test_go_on_without_a_broker(self, tmp_path: Path, settings: Any) -> None:
        settings.CACHES = {"shared": {"LOCATION": "unix:///nowhere/valkey.sock"}}
        found = scraped(tmp_path)
        assert found["concordat_broker_up"][0].value == 0
        assert found["concordat_database_up"][0].value == 1

    def test_nothing_else_is_served(self, tmp_path: Path) -> None:
        said: list[str] = []
        exposition.application(tmp_path)({"PATH_INFO": "/"}, lambda status, headers: said.append(status))
        assert said == ["404 Not Found"]


def _client() -> ClientRow:
    made = manual.register(
        world.organization().pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        justification="a test",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return ClientRow.objects.get(client_id=made.client_id)


COUNTING = """
import sys, django
django.setup()
from portal.metrics import instruments
instruments.TOKENS_ISSUED.labels("client_credentials").inc(int(sys.argv[1]))
instruments.POOL_CONNECTIONS.set(int(sys.argv[1]))
"""


@pytest.mark.django_db
def test_processes_are_summed_and_the_gauges_of_dead_ones_forgotten(tmp_path: Path) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for count in (2, 3):
        subprocess.run([sys.executable, "-c", COUNTING, str(count)], cwd=ROOT, env=environment, check=True)
    found = scraped(tmp_path)
    assert found["concordat_tokens_issued"][0].value == 5
    assert not found.get("concordat_pool_connections")


@pytest.mark.django_db
def test_every_name_is_documented_and_every_documented_name_is_there(tmp_path: Path) -> None:
    counted = {family.name for family in REGISTRY.collect() if family.name.startswith("concordat_")}
    read = set(scraped(tmp_path))
    documented = set(DOCUMENTED.findall((ROOT / "docs/metrics.md").read_text()))
    assert {name.removesuffix("_total") for name in documented} == counted | read


class TestAlerts:
    RULES = [
        rule
        for group in yaml.safe_load((ROOT / "docs/alerts.yaml").read_text())["groups"]
        for rule in group["rules"]
    ]

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
    def test_ask_for_metrics_that_there_are(self, rule: dict[str, Any]) -> None:
        asked = set(re.findall(r"concordat_\w+", rule["expr"]))
        documented = set(DOCUMENTED.findall((ROOT / "docs/metrics.md").read_text()))
        suffixes = ("_count", "_sum", "_bucket")
        assert asked
        assert {re.sub(f"({'|'.join(suffixes)})$", "", name) for name in asked} <= documented

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
    def test_say_what_to_do(self, rule: dict[str, Any]) -> None:
        assert rule["annotations"].keys() >= {"summary", "description"}
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_a_request_costs_less_than_twenty_microseconds(tmp_path: Path) -> None:
    """What is added to one token request, in a process of its own that writes real files."""
    said = subprocess.run(
        [sys.executable, "-c", COST],
        cwd=ROOT,
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert float(said.stdout) < 20.0


COST = """
import time, django
django.setup()
from portal.metrics import instruments, observation

def one():
    instruments.TOKENS_ISSUED.labels("client_credentials").inc()
    observation.request("POST", "token", 200, 0.0019)

def microseconds(count=2000):
    began = time.process_time()
    for _ in range(count):
        one()
    return (time.process_time() - began) / count * 1e6

one()
print(min(microseconds() for _ in range(5)))
"""
