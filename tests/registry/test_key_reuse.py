"""A key that another organization presents: its holder and the operator learn of it, the other one does not."""

import pytest
from django.core import mail

from registry import lifecycle, notices, queries
from registry.events import Event
from registry.models import Client, Notice, NoticeKind, Organization
from registry.models.audit import AuditEvent
from registry.roles import Role
from tests import world
from tests.live import Answer
from tests.software import InProcess, Software, machine

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder() -> Organization:
    return world.organization("holder")


@pytest.fixture
def held(holder: Organization) -> Software:
    return machine(InProcess(), holder, signer=world.signer())


def present(software: Software, by: Organization) -> Answer:
    assert software.signer is not None
    body = world.machine_metadata(
        token_endpoint_auth_method="private_key_jwt", jwks={"keys": [software.signer.public]}
    )
    return software.door.post("/register", bearer=world.initial_access_token(by).value, json=body)


def seen(organization: object) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=Event.KEY_REUSE_SEEN, organization=organization))


def test_who_presents_it_learns_that_it_is_taken(
    held: Software, acme: Organization, holder: Organization
) -> None:
    answer = present(held, acme)
    assert answer.status == 400
    assert "is a key of another client" in answer.json()["error_description"]
    assert held.client_id not in answer.text
    assert holder.slug not in answer.text


def test_the_holder_reads_that_it_happened_and_not_who(
    held: Software, acme: Organization, holder: Organization
) -> None:
    present(held, acme)
    (event,) = seen(holder)
    assert (event.actor_kind, event.subject_id) == ("system", held.client_id)
    assert str(acme.pk) not in f"{event.after}{event.actor_label}{event.reason}"


def test_the_operator_reads_who(held: Software, acme: Organization) -> None:
    present(held, acme)
    (event,) = seen(queries.operator_id())
    assert event.after["presented_by"] == str(acme.pk)


def test_both_get_a_mail(held: Software, acme: Organization, holder: Organization) -> None:
    officer = world.person(Role.SECURITY_OFFICER)
    admin = world.person(Role.ORGANIZATION_ADMIN, holder)
    present(held, acme)
    assert notices.send_due(limit=10, now=world.now()) == 2
    told = {address for message in mail.outbox for address in message.to}
    assert {officer.email, admin.email} <= told
    assert all(acme.slug not in message.body for message in mail.outbox)


def test_a_day_has_one_mail_for_each(held: Software, acme: Organization) -> None:
    for _ in range(3):
        present(held, acme)
    assert Notice.objects.filter(kind=NoticeKind.KEY_REUSED).count() == 2


def test_by_a_change_it_is_told_too(held: Software, acme: Organization, holder: Organization) -> None:
    assert held.signer is not None
    other = machine(held.door, acme, signer=world.signer())
    document = dict(other.row.metadata) | {
        "client_id": other.client_id,
        "jwks": {"keys": [held.signer.public]},
    }
    value = other.information["registration_access_token"]
    path = f"/register/{other.client_id}"
    assert held.door.request("PUT", path, bearer=value, json=document).status == 400
    assert len(seen(holder)) == 1


def test_of_a_client_that_ended_it_is_told_too(
    held: Software, acme: Organization, holder: Organization
) -> None:
    lifecycle.deregister_client(held.client_id, actor=world.STAN, reason="over", now=world.now())
    assert present(held, acme).status == 400
    assert len(seen(holder)) == 1


def test_within_an_organization_nobody_is_told(held: Software, holder: Organization) -> None:
    answer = present(held, holder)
    assert held.client_id in answer.json()["error_description"]
    assert seen(holder) == []
    assert Client.objects.filter(organization=holder).count() == 1


@pytest.fixture
def acme() -> Organization:
    return world.organization("acme")
