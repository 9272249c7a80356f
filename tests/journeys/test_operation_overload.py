"""More is asked than can be done: what stops something is still answered, and the rest is told when to come back."""

import statistics
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from portal.config.admission import ROOM, Kind
from tests import machine as machines
from tests import world
from tests.live import Answer
from tests.machine import Machine
from tests.together import poll

CROWD = 2 * ROOM[Kind.REGISTER] + 100  # more than both processes have room for
HANGING = "LOCK TABLE registry_client, registry_resourceserver, registry_initialaccesstoken IN ACCESS EXCLUSIVE MODE"
SOON_SECONDS = 3.0  # on a busy machine; whoever hangs would take as long as the lock
FORM = {"grant_type": "client_credentials"}


@dataclass(frozen=True)
class Scene:
    machine: Machine
    client: tuple[str, str]
    server: tuple[str, str]
    iat: str

    def token(self) -> Answer:
        return self.machine.live.post("/token", basic=self.client, form=FORM)

    def introspect(self) -> Answer:
        return self.machine.live.post("/introspect", basic=self.server, form={"token": "cat_unknown"})

    def revoke(self) -> Answer:
        return self.machine.live.post("/revoke", basic=self.client, form={"token": "cat_unknown"})

    def revoke_one(self) -> Answer:
        """Of a token that there could be: it is looked for."""
        form = {"token": "cat_" + "x" * 43}
        return self.machine.live.post("/revoke", basic=self.client, form=form, timeout=30)

    def introspect_one(self) -> Answer:
        form = {"token": "cat_" + "x" * 43}
        return self.machine.live.post("/introspect", basic=self.server, form=form, timeout=30)

    def open_page(self) -> Answer:
        return self.machine.live.get(f"/authorize/?client_id={self.client[0]}&response_type=code", timeout=30)

    def register(self) -> Answer:
        return self.machine.live.post("/register", bearer=self.iat, json=world.machine_metadata(), timeout=30)


@pytest.fixture(scope="module")
def scene(machine: Machine, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock(), machines.on(machine):
        iat = world.initial_access_token(world.organization()).value
        made = machine.live.post("/register", bearer=iat, json=world.machine_metadata()).json()
        yield Scene(machine, (made["client_id"], made["client_secret"]), world.resource_server(), iat)


def test_revoking_and_introspecting_go_on_while_registrations_hang(scene: Scene) -> None:
    """Every registration waits for a lock; all places that registrations may have are taken, and their room is full."""
    with (
        psycopg.connect(scene.machine.engines.application_url()) as holding,
        ThreadPoolExecutor(CROWD) as threads,
    ):
        holding.execute("LOCK TABLE registry_initialaccesstoken IN ACCESS EXCLUSIVE MODE")
        crowd = [threads.submit(scene.register) for _ in range(CROWD)]
        poll(lambda: sum(one.done() for one in crowd) >= 50, "nobody is sent away")
        urgent = [ask() for _ in range(10) for ask in (scene.revoke, scene.introspect)]
        token, page = scene.token(), scene.machine.live.get("/sign-in/")
        holding.rollback()
        answers = [_answered(one) for one in crowd]
    assert Counter(answer.status for answer in urgent) == {200: 20}
    assert max(answer.seconds for answer in urgent) < SOON_SECONDS
    assert token.status == 200
    assert page.status in {200, 503}
    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) >= 50
    assert {answer.headers["Retry-After"] for answer in refused} == {"1"}
    assert {answer.status for answer in answers} <= {201, 429, 503}


def _answered(one: "Future[Answer]") -> Answer:
    return one.result(timeout=60)


EACH = 60  # of five kinds: more than both processes have room for


def test_the_order_of_survival(scene: Scene) -> None:
    """Everybody comes at once and everything hangs. Who is sent away is counted by kind."""
    asks = [scene.revoke_one, scene.introspect_one, scene.token, scene.register, scene.open_page] * EACH
    with (
        psycopg.connect(scene.machine.engines.application_url()) as holding,
        ThreadPoolExecutor(len(asks)) as threads,
    ):
        holding.execute(HANGING)
        crowd = [threads.submit(ask) for ask in asks]
        poll(lambda: sum(one.done() for one in crowd) >= EACH, "nobody is sent away")
        holding.rollback()
        answers = [_answered(one) for one in crowd]
    revoke, introspect, token, register, portal = (
        sum(answer.status == 503 for answer in answers[number::5]) for number in range(5)
    )
    # Chance decides who of the first two came when there still was room for both.
    assert max(revoke, introspect) <= token <= register <= portal
    assert revoke <= introspect + EACH / 10
    assert {answer.status for answer in answers} <= {
        200,
        201,
        400,
        503,
    }  # the page is one of a refused request


def test_what_stops_is_not_slower_than_what_is_stopped(scene: Scene) -> None:
    """Both cores are busy with tokens, from sixteen connections without a pause."""
    is_over = threading.Event()
    with ThreadPoolExecutor(16) as threads:
        flood = [threads.submit(_ask_until, scene, is_over) for _ in range(16)]
        urgent = [ask() for _ in range(15) for ask in (scene.revoke, scene.introspect)]
        is_over.set()
        tokens = [answer for one in flood for answer in one.result(timeout=30)]
    assert Counter(answer.status for answer in urgent) == {200: 30}
    assert max(answer.seconds for answer in urgent) < SOON_SECONDS
    assert {answer.status for answer in tokens} <= {200, 503}
    seconds = statistics.median(answer.seconds for answer in urgent)
    assert seconds <= 2 * statistics.median(answer.seconds for answer in tokens)


def _ask_until(scene: Scene, is_over: threading.Event) -> list[Answer]:
    answers = []
    while not is_over.is_set():
        answers.append(scene.token())
    return answers


def test_everybody_is_let_in_again_afterwards(scene: Scene) -> None:
    assert {scene.token().status, scene.revoke().status, scene.machine.live.get("/sign-in/").status} == {200}
