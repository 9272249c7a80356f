"""The one writer of events: in the change's transaction, once where once is enough, never changed again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from registry import audit, lifecycle, queries
from registry.actors import Actor, ActorKind, Viewer
from registry.audit import NotInTransaction
from registry.errors import TransitionRefused
from registry.events import Event
from registry.models import Organization
from registry.roles import Role
from tests import world

ACTOR = Actor(ActorKind.SOURCE, "192.0.2.1", "192.0.2.1", request_id="req_1")


def record(holder: Organization, **changes: Any) -> None:
    fields: dict[str, Any] = {
        "organization": holder.pk,
        "subject": ("client", "c_1"),
        "actor": ACTOR,
        "now": world.now(),
    }
    audit.record(Event.CLIENT_SUSPENDED, **fields | changes)


def record_once(holder: Organization, once: str, **changes: Any) -> None:
    fields: dict[str, Any] = {
        "organization": holder.pk,
        "subject": ("source", once),
        "actor": ACTOR,
        "now": world.now(),
    }
    audit.record_once(Event.REGISTRATION_REFUSED, once=once, **fields | changes)


def events(holder: Organization, event: Event = Event.CLIENT_SUSPENDED) -> Any:
    return queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder, action=event)


@pytest.mark.django_db
class TestRecord:
    def test_keeps_everything_it_was_told(self) -> None:
        acme, now = world.organization(), world.now()
        facts = {"before": {"state": "active"}, "after": {"state": "suspended"}, "reason": "leak"}
        record(acme, now=now, environment="sandbox", policy_version="p-1", **facts)
        event = events(acme).get()
        assert (event.at, event.reason) == (now, "leak")
        assert (event.before, event.after) == (facts["before"], facts["after"])
        assert (event.subject_kind, event.subject_id) == ("client", "c_1")
        assert (event.actor_kind, event.actor_id, event.request_id) == ("source", "192.0.2.1", "req_1")
        assert (event.environment, event.policy_version, event.once) == ("sandbox", "p-1", None)

    def test_cuts_what_is_too_long(self) -> None:
        acme = world.organization()
        actor = Actor(ActorKind.SOURCE, "a" * 300, "b" * 300)
        record(acme, subject=("client", "c" * 300), actor=actor, reason="r" * 1500)
        event = events(acme).get()
        lengths = [len(text) for text in (event.subject_id, event.actor_id, event.actor_label, event.reason)]
        assert lengths == [255, 255, 255, 1000]

    def test_is_time_ordered_by_its_id(self) -> None:
        acme = world.organization()
        for _ in range(5):
            record(acme)
        ids = [event.pk for event in events(acme)]
        assert [identifier.version for identifier in ids] == [7] * 5


@pytest.mark.usefixtures("live_db")
class TestTransactions:
    def test_there_is_no_event_outside_one(self) -> None:
        acme = world.organization()
        with pytest.raises(NotInTransaction):
            record(acme)

    def test_an_event_goes_with_a_change_that_is_undone(self) -> None:
        acme = world.organization()

        with transaction.atomic():
            lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="x", now=world.now())
            transaction.set_rollback(True)
        acme.refresh_from_db()
        assert acme.state == "active"
        assert not events(acme, Event.ORGANIZATION_CONTAINED).exists()

    def test_a_refused_change_is_no_event(self) -> None:
        acme = world.organization()
        with pytest.raises(TransitionRefused):
            lifecycle.approve_organization(
                acme.pk, four_eyes=False, actor=world.PAUL, reason="x", now=world.now()
            )
        assert events(acme, Event.ORGANIZATION_APPROVED).count() == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE registry_auditevent SET reason = 'nothing happened'",
            "DELETE FROM registry_auditevent",
            "TRUNCATE registry_auditevent CASCADE",
            "ALTER TABLE registry_auditevent DISABLE TRIGGER ALL",
            "DROP TRIGGER registry_audit_keeps_rows ON registry_auditevent",
        ],
    )
    def test_the_table_only_grows(self, statement: str) -> None:
        acme = world.organization()
        before = events(acme, Event.ORGANIZATION_CREATED).values().get()
        with pytest.raises((ProgrammingError, InternalError)), connection.cursor() as cursor:
            cursor.execute(statement)
        assert events(acme, Event.ORGANIZATION_CREATED).values().get() == before


@pytest.mark.django_db
class TestRecordOnce:
    def test_drops_what_the_minute_has_seen(self) -> None:
        acme, begin = world.organization(), world.now().replace(second=0, microsecond=0)
        for second in (0, 30, 59):
            record_once(acme, "192.0.2.1", now=begin + timedelta(seconds=second))
        record_once(acme, "192.0.2.1", now=begin + timedelta(seconds=60))
        record_once(acme, "192.0.2.2", now=begin)
        assert events(acme, Event.REGISTRATION_REFUSED).count() == 3

    def test_knows_actions_apart(self) -> None:
        acme = world.organization()
        record_once(acme, "c_1")
        audit.record_once(
            Event.CLIENT_AUTHENTICATION_REFUSED,
            once="c_1",
            organization=acme.pk,
            subject=("client", "c_1"),
            actor=ACTOR,
            now=world.now(),
        )
        assert events(acme, Event.CLIENT_AUTHENTICATION_REFUSED).count() == 1
