"""From the sandbox to production: the same metadata, other credentials, the decision of production."""

from typing import Any

import pytest

from registry.errors import Conflict, InvalidClientMetadata, InvalidInput
from registry.models import Client, Organization, Outcome, Registration
from registry.routes import promotion
from registry.states import Environment
from tests import world
from tests.software import InProcess, Software, is_active, machine

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return world.organization("acme", production_review="automatic")


@pytest.fixture
def batch(acme: Organization) -> Software:
    return machine(InProcess(), acme)


@pytest.fixture
def keyed(acme: Organization) -> Software:
    return machine(InProcess(), acme, signer=world.signer())


def promote(software: Software, **options: Any) -> Any:
    options = {"reason": "tested", "actor": world.STAN, "now": world.now()} | options
    return promotion.promote(software.client_id, **options)


def test_metadata_are_the_same_and_credentials_are_not(batch: Software) -> None:
    made = promote(batch)
    assert made.metadata == batch.row.metadata
    assert made.client_id != batch.client_id
    assert made.client_secret not in {None, batch.secret}
    row = Client.objects.get(client_id=made.client_id)
    assert (row.environment, row.state, row.route) == ("production", "active", batch.row.route)


def test_production_decides(acme: Organization) -> None:
    careful = world.organization("acme", production_review="one_person")
    made = promote(machine(InProcess(), careful))
    case = Registration.objects.get(client__client_id=made.client_id)
    assert (made.state, case.outcome) == ("pending", Outcome.PENDING)


def test_the_case_says_where_it_comes_from(batch: Software) -> None:
    made = promote(batch)
    case = Registration.objects.get(client__client_id=made.client_id)
    assert case.evidence == {
        "promoted_from": batch.client_id,
        "justification": "tested",
        "by": world.STAN.name,
    }


def test_keys_are_new(keyed: Software) -> None:
    assert keyed.signer is not None
    with pytest.raises(InvalidInput) as refused:
        promote(keyed)
    assert refused.value.findings[0].member == "jwks"
    with pytest.raises(InvalidClientMetadata) as taken:
        promote(keyed, jwks={"keys": [keyed.signer.public]})
    assert taken.value.findings[0].rule == "K2.owner"
    other = world.signer()
    assert promote(keyed, jwks={"keys": [other.public]}).metadata["jwks"] == {"keys": [other.public]}


def test_a_credential_of_the_sandbox_is_inactive_in_production(batch: Software) -> None:
    promote(batch)
    value = batch.token().json()["access_token"]
    here, there = (world.resource_server(environment=each) for each in Environment)
    assert (is_active(batch.door, here, value), is_active(batch.door, there, value)) == (True, False)


def test_once_while_it_lives(batch: Software) -> None:
    made = promote(batch)
    with pytest.raises(Conflict, match=made.client_id):
        promote(batch)


def test_from_the_sandbox_alone(batch: Software) -> None:
    made = promote(batch)
    with pytest.raises(Conflict, match="active in production"):
        promotion.promote(made.client_id, reason="again", actor=world.STAN, now=world.now())


@pytest.mark.parametrize("reason", ["", " "])
def test_with_a_reason(batch: Software, reason: str) -> None:
    with pytest.raises(InvalidInput, match="No reason"):
        promote(batch, reason=reason)
