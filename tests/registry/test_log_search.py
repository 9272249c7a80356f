"""The search of the audit log: what each identifier finds, in what order, and by which index."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.local import databases
from portal.staff import case_page
from registry import decisions, lifecycle, people, queries, sessions
from registry.actors import Actor, ActorKind, Viewer
from registry.events import Event
from registry.models import Organization, Registration
from registry.queries import LogSearch
from registry.roles import Role
from tests import audit_log, world
from tests.portal.staff.scene import STAFF, registered, waiting


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization("acme", production_review="one_person")


@pytest.fixture
def case(acme: Organization) -> Registration:
    """A registration that waited, was approved, and whose client was suspended."""
    found = waiting(acme)
    decisions.approve(found.pk, actor=world.PAUL, reason="known", now=world.now())
    lifecycle.suspend_client(found.client.client_id, actor=world.STAN, reason="leak", now=world.now())
    return found


def found(text: str = "", viewer: Viewer = STAFF, **search: object) -> list[str]:
    events = queries.events_found(viewer, LogSearch(text=text, **search), limit=50)  # type: ignore[arg-type]
    assert [event.id for event in events] == sorted({event.id for event in events}, reverse=True)
    return [event.action for event in events]


class TestIdentifiers:
    def test_a_client_id_finds_its_cases_too(self, case: Registration) -> None:
        assert found(case.client.client_id) == [
            Event.CLIENT_SUSPENDED,
            Event.REGISTRATION_APPROVED,
            Event.REGISTRATION_AWAITS_REVIEW,
        ]

    def test_a_case_finds_its_client_too(self, case: Registration) -> None:
        assert found(str(case.pk)) == found(case.client.client_id)

    def test_a_case_is_found_by_the_number_that_people_read(
        self, case: Registration, acme: Organization
    ) -> None:
        number = case_page.number(case)
        assert found(number) == found(number.replace(number[2:], number[2:].upper())) == found(str(case.pk))
        assert found(f"O-{acme.slug}") == found(acme.slug)

    def test_an_address_finds_what_a_person_did_and_what_was_done_to_it(self, acme: Organization) -> None:
        stan = world.person(Role.PARTNER_MANAGER)
        lifecycle.contain_organization(acme.pk, actor=people.person(stan), reason="x", now=world.now())
        sessions.record_refused(stan.email, source="192.0.2.1", request_id="", now=world.now())
        both = [Event.PERSON_SIGN_IN_REFUSED, Event.ORGANIZATION_CONTAINED, Event.PERSON_CREATED]
        assert found(stan.email) == found(stan.email.upper()) == both
        assert found(actor=stan.email) == [Event.ORGANIZATION_CONTAINED]

    def test_an_address_finds_its_invitation(self, acme: Organization) -> None:
        people.invite(
            "new@acme.example",
            "New",
            Role.ORGANIZATION_ADMIN,
            acme.pk,
            actor=world.STAN,
            operator_id=world.operator().pk,
            now=world.now(),
        )
        assert found("new@acme.example") == [Event.PERSON_INVITED]

    def test_an_organization_finds_its_events(self, acme: Organization) -> None:
        assert set(found(acme.slug)) == set(found(organization=acme.slug))
        assert Event.ORGANIZATION_APPROVED in found(acme.slug)

    def test_a_request_and_an_event_find_themselves(self, acme: Organization) -> None:
        actor = Actor(ActorKind.PERSON, "p1", "Paul Sample", request_id="req_0123456789")
        lifecycle.contain_organization(acme.pk, actor=actor, reason="x", now=world.now())
        assert found("req_0123456789") == [Event.ORGANIZATION_CONTAINED]
        event = queries.audit_events(STAFF, request_id="req_0123456789").get()
        assert found(str(event.pk)) == [Event.ORGANIZATION_CONTAINED]

    def test_what_names_nothing_is_text(self, case: Registration) -> None:
        assert found("leak") == [Event.CLIENT_SUSPENDED]
        assert found("c_unknown") == found("nobody@nowhere.example") == []

    def test_another_organization_finds_nothing(self, case: Registration) -> None:
        carol = Viewer(Role.ORGANIZATION_ADMIN, world.organization("carol").pk)
        for text in (case.client.client_id, str(case.pk), "leak"):
            assert found(text, carol) == []


class TestOrder:
    def test_no_event_is_on_two_pages_or_on_none(self, acme: Organization) -> None:
        audit_log.record(acme, 20)
        whole = [event.id for event in queries.events_found(STAFF, LogSearch(text=acme.slug), limit=100)]
        paged, before = [], None
        while page := queries.events_found(STAFF, LogSearch(text=acme.slug, before=before), limit=7):
            paged += [event.id for event in page]
            before = paged[-1]
        assert paged == whole

    def test_days_limit_by_the_instant_of_the_act(self, acme: Organization) -> None:
        now = world.now()
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="x", now=now)
        exact = {"text": acme.slug, "action": Event.ORGANIZATION_CONTAINED}
        assert found(since=now, until=now + timedelta(microseconds=1), **exact)
        assert not found(since=now + timedelta(microseconds=1), **exact)
        assert not found(until=now, **exact)


FILLED = """
    INSERT INTO registry_auditevent (
        id, at, action, organization_id, environment, subject_kind, subject_id, actor_kind, actor_id, actor_label,
        reason, request_id, policy_version, digest
    ) SELECT ('0190' || lpad(to_hex(n), 8, '0') || '70008000' || md5(n::text)::varchar(12))::uuid,
        '2024-07-01'::timestamptz + n * interval '1 minute', 'client.state.restricted', %s, '', 'client',
        'c_' || mod(n, 5000),
        'system', 'sweep ' || mod(n, 5000), 'the sweep', '', 'req_' || n, '', sha256(n::text::bytea)
    FROM generate_series(1, 60000) n
"""


def test_in_a_long_log_every_identifier_has_its_index(
    clone_database: Callable[[], AbstractContextManager[str]],
) -> None:
    """What is looked for by identifier, actor, organization or day never reads the whole log."""
    with clone_database() as name:
        old, new = world.organization("old"), world.organization("new")
        app = registered(new)
        person = world.person(Role.PARTNER_MANAGER)
        with connection.cursor() as cursor:
            cursor.execute(FILLED, [old.pk])
        with psycopg.connect(databases.with_database(os.environ["DATABASE_OWNER_URL"], name)) as owner:
            owner.execute("ANALYZE registry_auditevent")
        for search, indexes in (
            (LogSearch(text=app.client_id), {"event_by_subject", "event_by_actor"}),
            (LogSearch(text=person.email), {"event_by_subject", "event_by_actor"}),
            (LogSearch(text="req_0123"), {"event_by_request"}),
            (LogSearch(text=str(person.pk)), {"event_by_subject", "event_by_actor"}),
            (LogSearch(text=new.slug), {"event_by_organization"}),
            (LogSearch(organization=new.slug), {"event_by_organization"}),
            (LogSearch(actor=person.email), {"event_by_actor"}),
            (LogSearch(action="organization.containment.started"), {"event_by_action"}),
            (LogSearch(since=world.now()), {"registry_auditevent_pkey"}),
            (LogSearch(), {"registry_auditevent_pkey"}),
        ):
            plans = plans_of(search)
            assert {index for index in INDEXES if index in plans} >= indexes, search
            assert "Seq Scan on registry_auditevent" not in plans, search


INDEXES = (
    "event_by_action",
    "event_by_actor",
    "event_by_organization",
    "event_by_request",
    "event_by_subject",
    "registry_auditevent_pkey",
)


def plans_of(search: LogSearch) -> str:
    with CaptureQueriesContext(connection) as asked:
        queries.events_found(STAFF, search, limit=50)
    statements = [each["sql"] for each in asked if 'FROM "registry_auditevent"' in each["sql"]]
    with connection.cursor() as cursor:
        plans = [row[0] for each in statements for row in _explained(cursor, each)]
    return "\n".join(plans)


def _explained(cursor: Any, statement: str) -> list[tuple[str]]:
    cursor.execute(f"EXPLAIN {statement}")
    return list(cursor.fetchall())
