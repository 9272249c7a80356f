"""The schedule and the tasks fit: each message ends with its period, each task can be sent twice."""

import inspect
from collections.abc import Mapping
from typing import Any

import pytest
from django.conf import settings

from registry import tasks

SCHEDULE: Mapping[str, Mapping[str, Any]] = settings.CELERY_BEAT_SCHEDULE
every_entry = pytest.mark.parametrize("name", SCHEDULE)


def function(task: str) -> Any:
    return getattr(tasks, task.removeprefix("registry.tasks."))


@every_entry
def test_a_message_ends_with_its_period(name: str) -> None:
    assert 0 < SCHEDULE[name]["options"]["expires"] <= SCHEDULE[name]["schedule"]


@every_entry
def test_its_task_exists_and_takes_what_is_sent(name: str) -> None:
    task = function(SCHEDULE[name]["task"])
    assert task.name == SCHEDULE[name]["task"]
    inspect.signature(task.run).bind(**SCHEDULE[name].get("kwargs", {}))


@every_entry
def test_tasks_take_keywords_and_bear_those_of_a_later_release(name: str) -> None:
    parameters = inspect.signature(function(SCHEDULE[name]["task"]).run).parameters.values()
    assert {each.kind for each in parameters} <= {
        inspect.Parameter.KEYWORD_ONLY,
        inspect.Parameter.VAR_KEYWORD,
    }
    assert any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "task",
    sorted({entry["task"] for entry in SCHEDULE.values()} - {"registry.tasks.note_heartbeat"}),
)
def test_each_runs_twice_on_nothing(task: str) -> None:
    function(task)()
    function(task)()


def test_the_queues_that_are_watched_are_those_that_are_used() -> None:
    used = {"celery"} | {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert {f"queue {queue}" for queue in used} | {"beat"} == set(settings.HEARTBEATS)


def test_a_sweep_does_not_delay_the_sequencing_of_the_audit_log() -> None:
    beside = [
        entry["task"]
        for entry in SCHEDULE.values()
        if "audit"
        in {entry["options"].get("queue"), settings.CELERY_TASK_ROUTES.get(entry["task"], {}).get("queue")}
    ]
    assert sorted(beside) == ["registry.tasks.note_heartbeat", "registry.tasks.sequence_audit"]
