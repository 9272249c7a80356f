"""Registration by hand: through the same pipeline, with a justification and an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.errors import InvalidClientMetadata, InvalidInput, StandingForbids
from registry.models import Client, Organization, Registration
from registry.registration import Registered
from registry.routes import manual
from registry.states import Environment
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return world.organization()


def register(
    holder: Organization, environment: Environment = Environment.SANDBOX, **options: Any
) -> Registered:
    options.setdefault("justification", "their tool cannot register by itself")
    return manual.register(
        holder.pk,
        environment,
        options.pop("body", None) or world.machine_metadata(),
        valid_until=options.pop("valid_until", None),
        actor=world.STAN,
        now=world.now(),
        **options,
    )


def test_needs_a_justification(acme: Organization) -> None:
    for nothing in ("", "  \n"):
        with pytest.raises(InvalidInput, match="justification"):
            register(acme, justification=nothing)
    assert not Client.objects.filter(organization=acme).exists()


def test_keeps_justification_and_end(acme: Organization) -> None:
    end = world.now() + timedelta(days=30)
    made = register(acme, valid_until=end)
    row = Client.objects.get(client_id=made.client_id)
    evidence = Registration.objects.get(client=row).evidence
    assert (row.route, row.valid_until) == ("manual", end)
    assert evidence["justification"] == "their tool cannot register by itself"
    assert evidence["by"] == world.STAN.name


@pytest.mark.parametrize("end", [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_its_end_is_one(acme: Organization, end: datetime) -> None:
    with pytest.raises(InvalidInput, match="valid_until lies before 2000 or after 9998"):
        register(acme, valid_until=end)


def test_is_judged_like_every_route(acme: Organization) -> None:
    with pytest.raises(InvalidClientMetadata, match=r"S1\.entitled"):
        register(acme, body=world.machine_metadata(scope="admin"))


def test_waits_in_production(acme: Organization) -> None:
    assert register(acme, Environment.PRODUCTION).state == "pending"


def test_asks_for_the_organization(acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(state="suspended")
    with pytest.raises(StandingForbids):
        register(acme)
