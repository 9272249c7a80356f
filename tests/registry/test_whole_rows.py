"""A row read by a statement of our own is the row that Django would have read."""

import pytest
from django.db import connection, models, transaction

from registry import lifecycle
from registry.models import Client, InitialAccessToken, Organization
from registry.whole_rows import Whole
from tests import world
from tests.software import InProcess, register


def made(table: type[models.Model]) -> models.Model:
    holder = world.organization()
    if table is Organization:
        return holder
    if table is InitialAccessToken:
        return world.initial_access_token(holder, allowed_hosts=["a.example"]).row
    return Client.objects.get(client_id=register(InProcess(), holder).client_id)


@pytest.mark.django_db
@pytest.mark.parametrize("table", [Client, Organization, InitialAccessToken])
def test_every_value_is_as_django_reads_it(table: type[models.Model]) -> None:
    known = table._default_manager.get(pk=made(table).pk)
    whole = Whole(table, "x")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {whole.columns} FROM {table._meta.db_table} x WHERE x.id = %s", [known.pk])
        values = cursor.fetchone()
    assert len(values) == whole.width
    read = whole.row(values)
    names = [field.attname for field in table._meta.concrete_fields]
    assert {name: getattr(read, name) for name in names} == {name: getattr(known, name) for name in names}
    assert not read._state.adding


def test_a_lock_outside_a_transaction_is_refused(live_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError, match="holds nobody"):
        lifecycle.lock_organization(world.organization().pk)
