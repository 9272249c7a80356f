"""A partner's story: the answer to a registration is lost on the way, and asked for again."""

import pytest

from registry.models import Client
from tests import world
from tests.live import Live
from tests.software import Software

pytestmark = pytest.mark.usefixtures("live_db")


def test_the_same_question_gets_the_same_client_until_it_is_used(live_server: Live) -> None:
    acme = world.organization()
    token = world.initial_access_token(acme, max_uses=1).value
    headers = {"Idempotency-Key": "0f8c1d52-7a3b-4f6e-9c1d-2b5a8e7f6d4c"}

    def ask() -> Software:
        answer = live_server.post("/register", bearer=token, json=world.machine_metadata(), headers=headers)
        assert answer.status == 201, answer.text
        return Software(live_server, answer.json())

    lost, found = ask(), ask()
    assert lost.client_id == found.client_id
    assert lost.token().json()["error"] == "invalid_client"
    assert found.token().status == 200

    again = live_server.post("/register", bearer=token, json=world.machine_metadata(), headers=headers)
    assert (again.status, again.json()["error"]) == (409, "conflict")
    assert found.token().status == 200
    assert Client.objects.filter(organization=acme).count() == 1
