"""The Celery application; tasks live in `registry.tasks`. Each task is measured, and names itself in its log lines."""

import os
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import Celery, Task
from celery.worker.request import Request
from django.conf import settings

from portal import trail
from portal.metrics import instruments
from registry import clock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")


class Message(Request):
    """A message that a worker received: counted when it is dropped because its time was over."""

    def maybe_expire(self) -> bool | None:
        is_expired: bool | None = super().maybe_expire()
        if is_expired:
            instruments.TASKS.labels(self.name, "expired").inc()
        return is_expired


class MeasuredTask(Task):
    """A task with its time, its outcome, and whether it came late."""

    Request = "portal.config.celery:Message"

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        trail.begin(task=self.name, task_id=task_id)
        self.request.began = time.perf_counter()
        if _is_late(self.name, self.request.expires):
            instruments.TASKS_LATE.labels(self.name).inc()

    def on_success(self, *args: Any, **kwargs: Any) -> None:
        instruments.TASKS.labels(self.name, "ok").inc()
        instruments.TASK_SUCCEEDED_AT.labels(self.name).set(clock.system_seconds())

    def on_failure(self, *args: Any, **kwargs: Any) -> None:
        instruments.TASKS.labels(self.name, "failed").inc()

    def after_return(self, *args: Any, **kwargs: Any) -> None:
        instruments.TASK_SECONDS.labels(self.name).observe(time.perf_counter() - self.request.began)
        trail.end()


def _is_late(task: str, expires: str | datetime | None) -> bool:
    """True when half of a periodic task's time was over before it began. Messages by hand have no time."""
    if not expires:
        return False
    end = datetime.fromisoformat(expires) if isinstance(expires, str) else expires
    schedule: Mapping[str, Any] = settings.CELERY_BEAT_SCHEDULE
    periods = [entry["options"]["expires"] for entry in schedule.values() if entry["task"] == task]
    return bool(periods) and end.timestamp() - clock.system_seconds() < min(periods) / 2


app = Celery("concordat", task_cls=MeasuredTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
