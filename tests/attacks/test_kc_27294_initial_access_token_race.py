"""Keycloak #27294: a counted initial access token that registers more often than it counts, under load."""

from collections import Counter

import pytest

from registry.models import Client
from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Answer, Live
from tests.together import together

pytestmark = pytest.mark.usefixtures("live_db")


def check(intruder: Intruder, answers: list[Answer]) -> None:
    intruder.answers += answers
    intruder.check()


def test_fifty_at_once_against_two_uses_give_two_clients(live_server: Live) -> None:
    intruder = Intruder(live_server, max_uses=2)
    answers = together(50, lambda _: intruder.post(world.machine_metadata()))
    assert Counter(answer.status for answer in answers) == {201: 2, 401: 48}
    assert {a.json()["error"] for a in answers if a.status == 401} == {"invalid_token"}
    assert Client.objects.filter(organization=intruder.holder).count() == 2
    check(intruder, answers)


def test_thirty_at_once_against_the_last_place_give_one_client(live_server: Live) -> None:
    """The same for the quota of the organization."""
    intruder = Intruder(live_server, world.organization(clients=5))
    intruder.answers += [intruder.post(world.machine_metadata()) for _ in range(4)]
    answers = together(30, lambda _: intruder.post(world.machine_metadata()))
    assert Counter(answer.status for answer in answers) == {201: 1, 429: 29}
    assert Client.objects.filter(organization=intruder.holder).count() == 5
    check(intruder, answers)


def test_twenty_tokens_at_once_do_not_exceed_it_either(live_server: Live) -> None:
    holder = world.organization(clients=3)
    tokens = [Intruder(live_server, holder) for _ in range(20)]
    answers = together(20, lambda number: tokens[number].post(world.machine_metadata()))
    assert Counter(answer.status for answer in answers) == {201: 3, 429: 17}


def test_equal_calls_at_once_with_one_idempotency_key_give_one_client(live_server: Live) -> None:
    intruder = Intruder(live_server)
    headers = {"Idempotency-Key": "f" * 43}
    answers = together(10, lambda _: intruder.post(world.machine_metadata(), headers=headers))
    assert Counter(answer.status for answer in answers) == {201: 10}
    assert len({answer.json()["client_id"] for answer in answers}) == 1
    assert len({answer.json()["client_secret"] for answer in answers}) == 10
    assert intruder.left_behind() == {"clients": 1, "registrations": 1, "tokens": 1, "uses": 1}
    client_id = answers[0].json()["client_id"]
    form = {"grant_type": "client_credentials"}
    alive = [
        live_server.post("/token", basic=(client_id, answer.json()["client_secret"]), form=form).status
        for answer in answers
    ]
    assert Counter(alive) == {401: 9, 200: 1}


def test_one_key_at_once_for_two_clients_gives_one(live_server: Live) -> None:
    """The same key from two organizations, which no lock orders: the table does."""
    signer = world.signer()
    pair = [Intruder(live_server), Intruder(live_server)]
    body = world.machine_metadata(
        token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]}
    )
    answers = together(8, lambda number: pair[number % 2].post(body))
    assert Counter(answer.status for answer in answers) == {201: 1, 400: 7}
    assert {a.json()["error"] for a in answers if a.status == 400} == {"invalid_client_metadata"}
