"""Beat, which says that it is alive. It has no part in what the tasks do: each finds its work in the tables."""

import logging
import time
from typing import Any

import django
from celery.beat import PersistentScheduler
from django.db import Error, close_old_connections

django.setup(set_prefix=False)

from registry import clock, heartbeat  # noqa: E402  (needs the settings)

logger = logging.getLogger(__name__)

_NOTE_EVERY_SECONDS = 5.0


class Scheduler(PersistentScheduler):
    """Celery's own, with a sign of life every few seconds; that it cannot be written does not stop beat."""

    _next_note = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if time.monotonic() >= self._next_note:
            self._next_note = time.monotonic() + _NOTE_EVERY_SECONDS
            _note()
        return super().tick(*args, **kwargs)


def _note() -> None:
    try:
        heartbeat.note("beat", now=clock.now())
    except Error as failure:
        logger.warning("beat cannot write its sign of life", exc_info=failure)
    finally:
        close_old_connections()
