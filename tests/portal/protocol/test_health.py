"""Readiness: the database decides; what else has stopped is named and takes nobody out of service."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from registry import heartbeat
from registry.models import Organization
from registry.models.transparency import AuditQueue
from tests import world

pytestmark = pytest.mark.django_db


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/healthz/ready")
    return answer.status_code, answer.json()


def all_alive(ago: timedelta = timedelta()) -> None:
    for name in settings.HEARTBEATS:
        heartbeat.note(name, now=world.now() - ago)


def test_ready_with_everybody_at_work(client: Client) -> None:
    all_alive()
    world.operator()
    status, body = ready(client)
    assert (status, body["status"]) == (200, "ready")
    assert set(body["checks"]) == {"database", "operator", "beat", "queue celery", "queue audit", "audit log"}


def test_a_missed_beat_degrades_and_is_named(client: Client) -> None:
    all_alive(timedelta(minutes=1))
    world.operator()
    for queue in ("queue celery", "queue audit"):
        heartbeat.note(queue, now=world.now())
    status, body = ready(client)
    assert (status, body["status"]) == (200, "degraded")
    assert {name for name, check in body["checks"].items() if check["status"] != "ok"} == {"beat"}
    assert body["checks"]["beat"]["age_seconds"] >= 60 > body["checks"]["beat"]["allowed_seconds"]


def test_one_that_never_came_is_missed(client: Client) -> None:
    _, body = ready(client)
    assert body["checks"]["queue audit"]["status"] == "missed"
    assert body["checks"]["queue audit"]["age_seconds"] is None


def test_a_row_of_the_audit_log_that_was_changed_degrades(client: Client) -> None:
    all_alive()
    world.organization()
    AuditQueue.objects.filter(pk=AuditQueue.objects.values("pk")[:1]).update(held=True)
    _, body = ready(client)
    assert (body["status"], body["checks"]["audit log"]["status"]) == ("degraded", "failed")


def test_without_an_operator_it_is_degraded_and_says_how_to_found_one(client: Client) -> None:
    all_alive()
    Organization.objects.filter(slug=settings.REGISTRY.operator_slug).update(slug="another")
    status, body = ready(client)
    assert (status, body["status"]) == (200, "degraded")
    operator = body["checks"]["operator"]
    assert operator == {"status": "missing", "fix": "Found the operator: manage.py found_operator --help"}
