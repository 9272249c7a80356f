"""Signs of life: one that stopped is missed, and so is one that never came."""

from datetime import timedelta

import pytest

from registry import heartbeat, tasks
from registry.heartbeat import Pulse
from registry.models import Heartbeat
from tests import world

pytestmark = pytest.mark.django_db


def pulse(name: str, later: timedelta = timedelta()) -> Pulse:
    return next(one for one in heartbeat.pulses(world.now() + later) if one.name == name)


def test_all_are_missed_before_the_first() -> None:
    found = heartbeat.pulses(world.now())
    assert [one.name for one in found] == ["beat", "queue celery", "queue audit"]
    assert all(one.is_missed and one.age is None for one in found)


def test_one_that_was_seen_is_not_missed() -> None:
    heartbeat.note("beat", now=world.now())
    assert not pulse("beat").is_missed
    assert pulse("queue celery").is_missed


def test_three_periods_and_a_grace_are_allowed() -> None:
    now = world.now()
    heartbeat.note("beat", now=now)
    assert pulse("beat").allowed == timedelta(seconds=30)
    (beat, *_) = heartbeat.pulses(now + timedelta(seconds=30))
    (late, *_) = heartbeat.pulses(now + timedelta(seconds=31))
    assert (beat.is_missed, late.is_missed) == (False, True)


def test_an_older_note_does_not_turn_the_clock_back() -> None:
    now = world.now()
    heartbeat.note("beat", now=now)
    heartbeat.note("beat", now=now - timedelta(minutes=5))
    assert Heartbeat.objects.get(name="beat").at == now


def test_nobody_unexpected_has_a_heart() -> None:
    with pytest.raises(KeyError):
        heartbeat.note("cron", now=world.now())


def test_the_task_notes_the_queue_that_it_ran_for() -> None:
    tasks.note_heartbeat(queue="audit")
    assert not pulse("queue audit").is_missed
