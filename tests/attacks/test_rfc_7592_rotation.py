"""RFC 7592 §5: rotating registration access tokens never leaves two heads, and never locks a holder out.

Real threads against two real processes; what one process says of a rotation is in test_configuration_credentials.
"""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from registry import client_credentials, lifecycle
from registry.client_credentials import GRACE
from registry.errors import InvalidToken
from registry.models import Client, Organization, RegistrationAccessToken
from registry.states import Action
from tests import world
from tests.attacks.holding import live_tokens
from tests.attacks.test_concurrency import both, many, rounds, statuses
from tests.live import Answer, Live
from tests.portal.protocol.holder import Manager
from tests.software import InProcess, machine
from tests.together import together

MICROSECOND = timedelta(microseconds=1)


def sent(manager: Manager) -> dict[str, object]:
    return dict(manager.software.row.metadata) | {"client_id": manager.software.client_id}


def told(answer: Answer) -> str:
    return str(answer.json()["registration_access_token"])


class TestInOneProcess:
    @pytest.fixture
    def held(self, db: None) -> Manager:
        return Manager(machine(InProcess(), world.organization()))

    def test_the_first_use_of_one_that_was_replaced_meanwhile_ends_nothing(self, held: Manager) -> None:
        """It was good when it was read; then its predecessor was rotated once more."""
        first = held.token
        second = told(held.put(sent(held), first))
        read = client_credentials.find_holder(
            second, held.software.client_id, Action.READ_REGISTRATION, world.now()
        )
        third = told(held.put(sent(held), first))
        client_credentials.note_holder(read, world.now())
        assert [held.read(token).status for token in (second, third, first)] == [401, 200, 401]

    def test_the_grace_counts_from_the_first_rotation(self, held: Manager) -> None:
        """Whoever goes on with the old one cannot keep it alive by rotating it again and again."""
        began = world.now()
        for late in (timedelta(0), GRACE / 2, GRACE - MICROSECOND):
            self.rotate(held, began + late)
        with pytest.raises(InvalidToken):
            self.rotate(held, began + GRACE)

    def rotate(self, held: Manager, instant: object) -> None:
        with transaction.atomic():
            client = lifecycle.lock_client(held.software.client_id)
            holder = client_credentials.find_holder(
                held.token, client.client_id, Action.WRITE_REGISTRATION, instant
            )
            client_credentials.rotate_registration_access_token(client, holder, actor=world.STAN, now=instant)


@pytest.fixture
def acme(live_db: None) -> Organization:
    return world.organization()


@rounds(3, 200)
def test_two_replacements_at_once(live_server: Live, acme: Organization, count: int) -> None:
    """Both are answered, one head is left beside the one in its grace, and somebody holds it."""
    for _ in range(count):
        manager = Manager(machine(live_server, acme))
        answers = many(4, partial(manager.put, sent(manager)))
        assert statuses(answers) == {200: 4}
        assert live_tokens(manager.software.client_id) == 2
        assert statuses(manager.read(told(answer)) for answer in answers) == {200: 1, 401: 3}
        assert live_tokens(manager.software.client_id) == 1


@rounds(10, 500)
def test_the_first_use_beside_another_rotation(live_server: Live, acme: Organization, count: int) -> None:
    """Whoever is first: one of the tokens that were told is good afterwards, and one head is left."""
    manager = Manager(machine(live_server, acme))
    for _ in range(count):
        second = told(manager.put(sent(manager)))
        read, put = both(partial(manager.read, second), partial(manager.put, sent(manager)))
        assert {read.status, put.status} <= {200, 401}
        values = [second] + ([told(put)] if put.status == 200 else [])
        good = [value for value in values if manager.read(value).status == 200]
        assert len(good) == 1
        assert live_tokens(manager.software.client_id) == 1
        (manager.token,) = good


@rounds(5, 200)
def test_a_reissue_beside_a_rotation(live_server: Live, acme: Organization, count: int) -> None:
    """What was lost is ended: the reissued one alone is good, whoever rotated beside it."""
    manager = Manager(machine(live_server, acme))
    client_id = manager.software.client_id

    def reissue() -> str:
        return client_credentials.reissue_registration_access_token(
            client_id, actor=world.STAN, reason="lost", now=world.now()
        )

    for _ in range(count):
        acts = (partial(manager.put, sent(manager)), reissue)
        put, value = together(2, lambda number, acts=acts: acts[number]())
        assert isinstance(put, Answer)
        assert put.status in {200, 401}
        old = [manager.token] + ([told(put)] if put.status == 200 else [])
        assert [manager.read(token).status for token in old if token != value] == [401] * len(old)
        assert manager.read(value).status == 200
        manager.token = value


@rounds(5, 200)
def test_a_replacement_beside_a_deregistration(live_server: Live, acme: Organization, count: int) -> None:
    """Deregistered is deregistered: no token, secret or metadata of a later instant."""
    for _ in range(count):
        manager = Manager(machine(live_server, acme))
        put, deleted = both(partial(manager.change, client_name="Later"), manager.delete)
        assert (put.status, deleted.status) in {(200, 204), (401, 204)}
        row = Client.objects.get(client_id=manager.software.client_id)
        assert row.state == "offboarded"
        assert (row.name == "Later") is (put.status == 200)
        assert live_tokens(row.client_id) == 0
        assert manager.software.token().status == 401
        ended = RegistrationAccessToken.objects.filter(client=row)
        assert ended.count() == (2 if put.status == 200 else 1)
