"""Rows of several tables in one statement: the same as if each had been saved."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from registry import client_credentials, rows
from registry.access import Epochs
from registry.models import Client, ClientSecret, Organization, Registration
from tests import world
from tests.software import InProcess, machine

pytestmark = pytest.mark.django_db


def copy(row: Client) -> Client:
    """An unsaved client that differs from a saved one in its identifiers alone."""
    fields = {field.attname: getattr(row, field.attname) for field in Client._meta.concrete_fields}
    made = Client(**{name: value for name, value in fields.items() if name not in {"id", "client_id"}})
    made.organization = row.organization
    return made


@pytest.fixture
def known() -> Client:
    return machine(InProcess(), world.organization()).row


def test_one_statement_makes_what_refers_to_one_another(known: Client) -> None:
    client = copy(known)
    _, secret = client_credentials.new_client_secret(client, world.now())
    _, token = client_credentials.new_registration_access_token(client, Epochs(1, 1), world.now())
    with CaptureQueriesContext(connection) as seen:
        rows.insert(client, secret, token)
    assert len(seen) == 1
    assert Client.objects.get(pk=client.pk).client_id == client.client_id
    assert list(client.secrets.all()) == [secret]
    assert list(client.registration_access_tokens.all()) == [token]


def test_values_are_those_that_saving_writes(known: Client) -> None:
    by_hand, saved = copy(known), copy(known)
    rows.insert(by_hand)
    saved.save(force_insert=True)
    names = {field.attname for field in Client._meta.concrete_fields} - {
        "id",
        "client_id",
        "created",
        "updated",
    }
    assert {name: getattr(Client.objects.get(pk=by_hand.pk), name) for name in names} == {
        name: getattr(Client.objects.get(pk=saved.pk), name) for name in names
    }


def test_a_row_that_was_inserted_is_saved_again_by_update(known: Client) -> None:
    client = copy(known)
    rows.insert(client)
    client.name = "Other"
    client.save()
    assert Client.objects.get(pk=client.pk).name == "Other"


def test_a_null_is_a_null_and_not_json(known: Client) -> None:
    first = Registration.objects.get(client=known)
    assert first.metadata_before is None
    assert Registration.objects.filter(pk=first.pk, metadata_before__isnull=True).exists()


def test_nothing_is_written_when_one_row_is_refused(known: Client) -> None:
    held = ClientSecret.objects.get(client=known)
    twice = ClientSecret(client=known, digest=held.digest, created_at=world.now())
    client = copy(known)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert(client, twice)
    assert not Client.objects.filter(client_id=client.client_id).exists()


def test_an_organization_is_not_taken_for_a_new_row(known: Client) -> None:
    client = copy(known)
    rows.insert(client)
    assert Organization.objects.get(clients=client) == known.organization
