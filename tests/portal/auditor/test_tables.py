"""The live tables, read by a role that may only SELECT. What is found in spoilt ones: tests/attacks/test_audit_*."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.db import connection

from portal.auditor import command
from portal.auditor.tables import Tables, verify_database
from portal.auditor.verdict import Refuted
from portal.local import databases
from registry import audit_identity, transparency
from registry.models import Organization
from registry.models.audit import AuditEvent
from tests import audit_log, world


@pytest.fixture
def url(clone_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    with clone_database() as name:
        yield databases.with_database(os.environ["DATABASE_URL"], name)


def test_a_log_that_has_not_begun_is_true(url: str) -> None:
    report = verify_database(url, audit_log.keys())
    assert (report.events, report.heads, report.head) == (0, 0, None)


def test_a_log_is_true_while_events_wait(url: str) -> None:
    holder = world.organization()
    added = audit_log.sequence(limit=2)
    audit_log.record(holder)
    report = verify_database(url, audit_log.keys())
    assert report.events == added
    assert report.heads == -(-added // 2)


def test_the_command_reads_the_database(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.organization()
    audit_log.sequence()
    monkeypatch.setenv("DATABASE_URL", url)
    assert command.main(["--public-key", str(audit_identity.signing_key().verifier)]) == command.TRUE
    assert capsys.readouterr().out.startswith("The log in the database is as it was signed.")


@pytest.fixture
def held(db: None) -> Organization:
    """An event whose row is not what was hashed: the sequencer holds it."""
    holder = world.organization()
    event = AuditEvent.objects.order_by("id").first()
    event.id, event.reason = AuditEvent._meta.pk.get_default(), "something else"
    event.save(force_insert=True)
    return holder


def test_an_event_that_is_held_is_told(held: Organization) -> None:
    audit_log.sequence()
    with pytest.raises(Refuted, match="is not as it was written"):
        Tables(connection.connection, audit_log.keys()).verify()


def test_so_is_one_that_the_sequencer_has_not_seen_yet(held: Organization) -> None:
    assert transparency.waiting()[1] == 0
    with pytest.raises(Refuted, match="is not as it was written"):
        Tables(connection.connection, audit_log.keys()).verify()
