"""What the decision is fed with: the SQL fragment and the model row say the same. The tables: see architecture."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection

from registry import access
from registry.access import Epochs, OrganizationStanding, Standing
from registry.models import Client, Organization
from registry.states import Action, Cell, Environment, State
from tests import world
from tests.software import InProcess, machine

pytestmark = pytest.mark.django_db


def read(client_id: str) -> Standing:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {access.STANDING_COLUMNS} FROM {access.STANDING_JOIN} WHERE c.client_id = %s",
            [client_id],
        )
        row = cursor.fetchone()
    assert len(row) == access.STANDING_WIDTH
    return access.standing_from_row(row)


@pytest.mark.parametrize("environment", list(Environment))
def test_the_fragment_reads_what_the_row_holds(environment: Environment) -> None:
    acme = world.organization()
    client_id = machine(InProcess(), acme, environment=environment).client_id
    columns = ("sandbox_epoch", "production_epoch", "sandbox_contained", "production_contained")
    for values in product((3, 4), (5, 6), (True, False), (True, False)):
        Organization.objects.filter(pk=acme.pk).update(**dict(zip(columns, values, strict=True)))
        acme.refresh_from_db()
        assert read(client_id).organization == access.organization_standing(acme, environment)


def test_the_fragment_reads_the_client() -> None:
    software = machine(InProcess(), world.organization())
    end = world.now() + timedelta(days=1)
    Client.objects.filter(client_id=software.client_id).update(state="restricted", epoch=9, valid_until=end)
    found = read(software.client_id)
    assert (found.client_id, found.client_state, found.client_epoch) == (software.client_id, "restricted", 9)
    assert found.valid_until == end
    assert found.epochs == Epochs(found.organization.epoch, 9)


@pytest.mark.parametrize("where", ["organization", "client"])
@pytest.mark.parametrize("action", list(Action))
def test_an_unreadable_state_is_a_no(where: str, action: Action) -> None:
    acme = world.organization()
    good: dict[str, Any] = {"organization": State.ACTIVE, "client": State.ACTIVE} | {where: "unheard of"}
    organization = OrganizationStanding(acme.pk, good["organization"], "sandbox", contained=False, epoch=1)
    standing = Standing(organization, "c_1", good["client"], 1, None)
    assert access.may(standing, action, world.now()).cell is Cell.NO
