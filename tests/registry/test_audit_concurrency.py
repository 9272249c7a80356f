"""Four writers append while the sequencer runs twice at once: no gap, nothing twice, nothing left behind."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import connection, transaction

from portal.auditor.tables import Tables
from registry import transparency
from registry.models import Organization
from registry.models.transparency import AuditLeaf
from tests import audit_log, world

WRITERS, EACH = 4, 60


def in_threads(*works: Callable[[], None]) -> list[threading.Thread]:
    def closing(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            finally:
                connection.close()

        return run

    threads = [threading.Thread(target=closing(work)) for work in works]
    for thread in threads:
        thread.start()
    return threads


def write(holder: Organization) -> None:
    """Transactions of one, two and three events; every fifth is rolled back."""
    for number in range(EACH):
        with transaction.atomic():
            audit_log.record(holder, number % 3 + 1)
            transaction.set_rollback(number % 5 == 0)


def test_every_committed_event_is_sequenced_once(
    clone_database: Callable[[], AbstractContextManager[str]],
) -> None:
    done, failed = threading.Event(), []

    def sequence() -> None:
        while not done.is_set():
            try:
                transparency.sequence(now=world.now(), limit=50)
            except Exception as error:
                failed.append(error)
                raise

    with clone_database():
        holder = world.organization()
        sequencers = in_threads(sequence, sequence)
        for thread in in_threads(*[lambda: write(holder)] * WRITERS):
            thread.join()
        done.set()
        for thread in sequencers:
            thread.join()
        audit_log.sequence()
        committed = sum(number % 3 + 1 for number in range(EACH) if number % 5)
        report = Tables(connection.connection, audit_log.keys()).verify()
        assert failed == []
        assert report.events == AuditLeaf.objects.count() >= WRITERS * committed
        assert transparency.waiting() == (0, 0)


def test_a_second_run_does_nothing_while_one_is_at_work(
    clone_database: Callable[[], AbstractContextManager[str]],
) -> None:
    found: list[transparency.Sequenced] = []
    with clone_database():
        world.organization()
        with transaction.atomic():
            first = transparency.sequence(now=world.now())
            (thread,) = in_threads(lambda: found.append(transparency.sequence(now=world.now())))
            thread.join()
        assert first.added > 0
        assert found == [transparency.Sequenced()]


@pytest.mark.parametrize("leaves", [1, 2])
def test_events_that_commit_late_come_later(
    clone_database: Callable[[], AbstractContextManager[str]], leaves: int
) -> None:
    """Ids are in the order of writing, leaves in that of sequencing: nothing is passed over."""
    with clone_database():
        holder = world.organization()
        audit_log.sequence()
        with transaction.atomic():
            audit_log.record(holder, leaves)
            (thread,) = in_threads(lambda: audit_log.record(holder))
            thread.join()
            (other,) = in_threads(audit_log.sequence)
            other.join()
        assert transparency.waiting() == (leaves, 0)
        assert audit_log.sequence() == leaves
