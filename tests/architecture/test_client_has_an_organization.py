"""A client without an organization cannot exist, whoever asks the database for it."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from registry.models import Client, Contact, Organization
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    made = manual.register(
        world.organization(sponsor_id=world.person(Role.PARTNER_MANAGER).pk).pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        justification="a test",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return Client.objects.get(client_id=made.client_id)


def execute(statement: str, *values: object) -> None:
    """The statement with its deferred constraints, as at COMMIT."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def copy_of(client: Client, organization: object) -> Callable[[], None]:
    names = [field.column for field in Client._meta.concrete_fields if field.column != "id"]
    changed = {"client_id": "%s", "organization_id": "%s"}
    values = {"client_id": uuid4().hex, "organization_id": organization}
    statement = (
        f"INSERT INTO registry_client ({', '.join(names)}) "
        f"SELECT {', '.join(changed.get(name, name) for name in names)} FROM registry_client WHERE id = %s"
    )
    order = [values[name] for name in names if name in values]
    return lambda: execute(statement, *order, client.pk)


def test_the_column_is_not_null() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT is_nullable FROM information_schema.columns"
            " WHERE table_name = 'registry_client' AND column_name = 'organization_id'"
        )
        assert cursor.fetchall() == [("NO",)]


def test_a_raw_insert_with_the_organization_is_taken(client: Client) -> None:
    """The other tests of this file mean something only because this works."""
    copy_of(client, client.organization_id)()
    assert Client.objects.filter(organization=client.organization_id).count() == 2


def test_a_raw_insert_without_an_organization_is_refused(client: Client) -> None:
    with pytest.raises(IntegrityError, match="organization_id"):
        copy_of(client, None)()


def test_a_raw_insert_for_an_organization_that_is_not_there_is_refused(client: Client) -> None:
    with pytest.raises(IntegrityError, match="foreign key"):
        copy_of(client, uuid4())()


def test_a_raw_update_cannot_take_the_organization_away(client: Client) -> None:
    with pytest.raises(IntegrityError, match="organization_id"):
        execute("UPDATE registry_client SET organization_id = NULL WHERE id = %s", client.pk)


def test_a_raw_delete_of_the_organization_is_refused(client: Client) -> None:
    with pytest.raises(IntegrityError, match="foreign key"):
        execute("DELETE FROM registry_organization WHERE id = %s", client.organization_id)


def test_the_organization_is_protected(client: Client) -> None:
    with pytest.raises(ProtectedError):
        client.organization.delete()


def test_deleting_the_sponsor_deletes_no_client(client: Client) -> None:
    sponsor = client.organization.sponsor
    assert sponsor is not None
    sponsor.delete()
    assert Client.objects.filter(pk=client.pk).exists()
    assert Organization.objects.get(pk=client.organization_id).sponsor is None


@pytest.mark.parametrize("role", [Role.ORGANIZATION_ADMIN, Role.ORGANIZATION_DEVELOPER])
def test_deleting_a_person_of_the_partner_deletes_no_client(client: Client, role: Role) -> None:
    world.person(role, client.organization).delete()
    assert Client.objects.filter(pk=client.pk).exists()


def test_deleting_a_contact_deletes_no_client(client: Client) -> None:
    Contact.objects.create(
        organization=client.organization, kind="technical", name="Ops", email="o@x.example"
    )
    Contact.objects.filter(organization=client.organization).delete()
    assert Client.objects.filter(pk=client.pk).exists()
