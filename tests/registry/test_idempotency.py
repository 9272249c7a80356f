from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag

from registry import idempotency, onboarding
from registry.errors import Conflict, KeyReused, MalformedRequest, StillRunning
from registry.idempotency import Asked, Told
from registry.models import Organization, RememberedAnswer
from tests import world
from tests.together import begin, together

NOW = world.now()
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
ASKED = Asked("service:c_one", KEY, b"POST /x\n\n{}")
ANSWER = Told(201, {"Content-Type": "application/json"}, b'{"value": "pri_secret"}')


class Act:
    """Something that is done, and counts how often."""

    def __init__(self, outcome=ANSWER):
        self.times, self.outcome = 0, outcome

    def __call__(self):
        self.times += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def once(act, asked=ASKED, refused=lambda refusal: None, now=NOW):
    return idempotency.once(asked, act, refused, now=now)


@pytest.mark.django_db
class TestOnce:
    def test_the_second_time_nothing_is_done_and_the_answer_is_the_same(self):
        act = Act()
        assert once(act) == ANSWER
        assert once(act) == replace(ANSWER, is_repeated=True)
        assert act.times == 1

    @pytest.mark.parametrize("request_", [b"POST /x\n\n{ }", b"POST /y\n\n{}", b"PATCH /x\n\n{}", b""])
    def test_another_request_under_the_key_is_refused(self, request_):
        act = Act()
        once(act)
        with pytest.raises(KeyReused):
            once(act, replace(ASKED, request=request_))
        assert act.times == 1

    @pytest.mark.parametrize("change", [{"caller": "service:c_two"}, {"key": KEY[::-1]}])
    def test_another_caller_or_key_is_another_request(self, change):
        act = Act()
        once(act)
        assert not once(act, replace(ASKED, **change)).is_repeated
        assert act.times == 2

    def test_names_do_not_run_into_one_another(self):
        act = Act()
        once(act, Asked("service:c_a", "b" * 30, b"x"))
        assert not once(act, Asked("service:c_ab", "b" * 29, b"x")).is_repeated

    @pytest.mark.parametrize("key", ["", "short", "x" * 21, "x" * 256])
    def test_a_key_has_128_bits(self, key):
        act = Act()
        with pytest.raises(MalformedRequest):
            once(act, replace(ASKED, key=key))
        assert act.times == 0

    def test_a_day_later_it_is_a_new_request(self):
        act = Act()
        once(act)
        assert once(act, now=NOW + timedelta(hours=23, minutes=59)).is_repeated
        assert not once(act, now=NOW + timedelta(hours=24)).is_repeated
        assert once(act, now=NOW + timedelta(hours=25)).is_repeated
        assert act.times == 2

    def test_a_refusal_may_be_remembered_but_not_what_it_left(self):
        told = Told(409, {}, b"{}")

        def act():
            world.organization("birch")
            raise Conflict("held")

        assert once(act, refused=lambda refusal: told) == told
        assert not Organization.objects.filter(slug__startswith="birch").exists()
        assert once(Act(), refused=lambda refusal: told) == replace(told, is_repeated=True)

    def test_a_refusal_that_is_not_remembered_may_be_tried_again(self):
        with pytest.raises(Conflict):
            once(Act(Conflict("wait")))
        assert not once(Act()).is_repeated

    def test_a_failure_is_not_remembered(self):
        with pytest.raises(ZeroDivisionError):
            once(Act(ZeroDivisionError()))
        assert not once(Act()).is_repeated


@pytest.mark.django_db
class TestAtRest:
    def row(self):
        once(Act())
        return RememberedAnswer.objects.get()

    def test_neither_key_nor_caller_nor_request_nor_answer_can_be_read(self):
        row = self.row()
        text = f"{row.place} {row.request}".encode() + bytes(row.sealed)
        for secret in (KEY.encode(), b"c_one", b"pri_secret", b"POST"):
            assert secret not in text

    def test_the_same_answer_rests_in_other_octets_each_time(self):
        first = bytes(self.row().sealed)
        RememberedAnswer.objects.all().delete()
        assert bytes(self.row().sealed) != first

    def test_it_does_not_open_for_another_key_of_the_deployment(self, settings):
        row = self.row()
        settings.REGISTRY = replace(settings.REGISTRY, credential_key="A" * 43 + "=")
        with pytest.raises(InvalidTag):
            idempotency._opened(ASKED, row.place, bytes(row.sealed))

    def test_it_does_not_open_in_another_place(self):
        other = replace(ASKED, caller="service:c_two")
        sealed = bytes(self.row().sealed)
        once(Act(), other)
        with pytest.raises(InvalidTag):
            idempotency._opened(other, idempotency._derived(other, "place").hex(), sealed)

    @pytest.mark.parametrize("bit", [0, 100, -1])
    def test_a_changed_bit_is_seen(self, bit):
        row = self.row()
        octets = bytearray(row.sealed)
        octets[bit] ^= 1
        with pytest.raises(InvalidTag):
            idempotency._opened(ASKED, row.place, bytes(octets))


@pytest.mark.django_db
class TestPurge:
    def test_forgets_what_is_too_old_to_be_told(self):
        once(Act(), now=NOW - timedelta(hours=25))
        once(Act(), replace(ASKED, key=KEY[::-1]))
        assert idempotency.purge(now=NOW, limit=100) == 1
        assert RememberedAnswer.objects.get().created_at == NOW

    def test_at_most_so_many(self):
        for n in range(4):
            once(Act(), replace(ASKED, key=f"{KEY}{n}"), now=NOW - timedelta(hours=25))
        assert idempotency.purge(now=NOW, limit=3) == 3

    def test_the_task_forgets(self):
        from registry import tasks

        once(Act(), now=NOW - timedelta(hours=25))
        tasks.purge_remembered_answers()
        assert not RememberedAnswer.objects.exists()


def fresh():
    """A key that nobody used in a database that keeps its rows."""
    import secrets

    return replace(ASKED, key=secrets.token_urlsafe(32))


def created(slug):
    """An act whose effect can be counted."""
    onboarding.create_organization(
        onboarding.OrganizationFacts(slug, "L", "D", "national", slug, "NO"), actor=world.STAN, now=NOW
    )
    return ANSWER


def test_at_once_one_is_done_and_the_others_are_told_so_or_told_to_wait(live_db):
    world.operator()
    for n in range(10):
        asked, slug = fresh(), f"once-{n}-{fresh().key[:8].lower().replace('_', 'x').strip('-')}"
        done = []

        def one(_, asked=asked, slug=slug, done=done):
            try:
                told = once(lambda: done.append(1) or created(f"{slug}x"), asked)
            except StillRunning as refusal:
                assert refusal.retry_after == 1
                return "wait"
            return "again" if told.is_repeated else "done"

        outcomes = together(8, one)
        assert outcomes.count("done") == len(done) == 1
        assert set(outcomes) <= {"done", "again", "wait"}
        assert once(Act(), asked).is_repeated


def test_while_the_first_is_running_the_second_does_not_wait(live_db):
    import threading

    asked, running, end = fresh(), threading.Event(), threading.Event()

    def act():
        running.set()
        end.wait(10)
        return ANSWER

    first = begin(lambda: once(act, asked))
    running.wait(10)
    with pytest.raises(StillRunning):
        once(Act(), asked)
    end.set()
    assert not first.result(10).is_repeated
    assert once(Act(), asked).is_repeated


def test_when_the_first_fails_another_may_begin(live_db):
    asked = fresh()
    with pytest.raises(ZeroDivisionError):
        once(Act(ZeroDivisionError()), asked)
    assert not once(Act(), asked).is_repeated
