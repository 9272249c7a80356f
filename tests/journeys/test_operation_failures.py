"""The operator's bad day: PostgreSQL, the broker and the mail server are really taken away.

Each operation then answers what `portal.failures.FATES` says; in the end everything works again by itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection
from pytest_django import DjangoDbBlocker

from portal.failures import FATES, Fate
from registry import expiry, lifecycle, tasks
from registry.models import Client, Notice, Organization
from registry.models.transparency import AuditQueue
from registry.organization_facts import ContactFacts
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment, State
from tests import machine as machines
from tests import world
from tests.live import Answer
from tests.machine import Machine
from tests.portal.signed_in import enrolled, signed_in
from tests.together import each, poll

OPERATIONS = tuple(FATES)
every_operation = pytest.mark.parametrize("operation", OPERATIONS)


@dataclass(frozen=True)
class Scene:
    """What exists before anything is lost, and how each operation is asked for."""

    machine: Machine
    acme: Organization
    client: tuple[str, str]
    server: tuple[str, str]
    iat: str
    token: str
    service: str
    session: str
    form_token: str

    def ask(self, operation: str) -> Answer:
        return ASK[operation](self)

    def get(self, path: str, **options: Any) -> Answer:
        return self.machine.live.get(path, timeout=15, **options)

    def post(self, path: str, **options: Any) -> Answer:
        return self.machine.live.post(path, timeout=15, **options)


def _browser(scene: Scene, session: str = "") -> dict[str, str]:
    cookies = f"{settings.CSRF_COOKIE_NAME}={scene.form_token}"
    if session:
        cookies += f"; {settings.SESSION_COOKIE_NAME}={session}"
    return {"Cookie": cookies, "Referer": f"{scene.machine.live.base_url}/"}


def _invite(scene: Scene) -> Answer:
    form = {"email": "new@acme.example", "name": "New", "role": Role.ORGANIZATION_READER}
    return scene.post(
        f"/staff/organizations/{scene.acme.slug}/people/",
        headers=_browser(scene, scene.session),
        form=form | {"csrfmiddlewaretoken": scene.form_token},
    )


def _sign_in(scene: Scene) -> Answer:
    form = {"login": "nobody@people.example", "password": "x", "csrfmiddlewaretoken": scene.form_token}
    return scene.post("/sign-in/", headers=_browser(scene), form=form)


def _contain(scene: Scene) -> Answer:
    return scene.post(
        f"/api/v1/organizations/{scene.acme.slug}/contain",
        bearer=scene.service,
        json={"reason": "drill", "environment": "production"},
        headers={"Content-Type": "application/json"},
    )


ASK: dict[str, Callable[[Scene], Answer]] = {
    "live": lambda scene: scene.get("/healthz/live"),
    "ready": lambda scene: scene.get("/healthz/ready"),
    "metadata": lambda scene: scene.get("/.well-known/oauth-authorization-server"),
    "client_configuration": lambda scene: scene.get(f"/register/{scene.client[0]}"),
    "revoke": lambda scene: scene.post("/revoke", basic=scene.client, form={"token": "cat_unknown"}),
    "introspect": lambda scene: scene.post("/introspect", basic=scene.server, form={"token": scene.token}),
    "token": lambda scene: scene.post(
        "/token", basic=scene.client, form={"grant_type": "client_credentials"}
    ),
    "register": lambda scene: scene.post("/register", bearer=scene.iat, json=world.machine_metadata()),
    "authorize": lambda scene: scene.get(f"/authorize/?client_id={scene.client[0]}&response_type=code"),
    "logo": lambda scene: scene.get(f"/logos/{'0' * 64}.png"),
    "account_login": _sign_in,
    "api": lambda scene: scene.get("/api/v1/organizations", bearer=scene.service),
    "organization_contain": _contain,
    "portal": lambda scene: scene.get("/staff/", headers=_browser(scene, scene.session)),
    "organization_people": _invite,
}
# What each says as long as nothing is lost. The mail server of this deployment always is.
AS_EVER = {
    "live": 200,
    "ready": 200,
    "metadata": 200,
    "client_configuration": 401,
    "revoke": 200,
    "introspect": 200,
    "token": 200,
    "register": 201,
    "authorize": 400,
    "logo": 404,
    "account_login": 200,
    "api": 200,
    "organization_contain": 200,
    "portal": 200,
    "organization_people": 409,
}


@pytest.fixture(scope="module")
def scene(machine: Machine, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    with django_db_blocker.unblock(), machines.on(machine):
        yield _built(machine)


def _built(machine: Machine) -> Scene:
    acme, manager = world.organization(), world.person(Role.PARTNER_MANAGER)
    enrolled(manager)
    browser, service = signed_in(manager), world.service()
    iat = world.initial_access_token(acme).value
    made = machine.live.post("/register", bearer=iat, json=world.machine_metadata()).json()
    client = (made["client_id"], made["client_secret"])
    return Scene(
        machine=machine,
        acme=acme,
        client=client,
        server=world.resource_server(),
        iat=iat,
        token=_token(machine, client),
        service=_token(machine, (service.client_id, service.client_secret)),
        session=browser.session.session_key or "",
        form_token="f" * 32,
    )


def _token(machine: Machine, client: tuple[str, str]) -> str:
    form = {"grant_type": "client_credentials"}
    return str(machine.live.post("/token", basic=client, form=form).json()["access_token"])


def test_every_door_has_its_place_in_the_table() -> None:
    from portal.protocol.urls import urlpatterns

    assert {pattern.name for pattern in urlpatterns} <= set(FATES)
    assert set(ASK) == set(AS_EVER) == set(FATES)


class TestWithoutMail:
    @every_operation
    def test_answers_what_the_table_says(self, scene: Scene, operation: str) -> None:
        answer = scene.ask(operation)
        if operation == "organization_contain":
            _restore(scene)
        assert answer.status == AS_EVER[operation], answer.text
        assert (FATES[operation].mail is Fate.REFUSED) == ("could not be sent" in answer.text)


@pytest.fixture(scope="class")
def no_broker(scene: Scene) -> Iterator[None]:
    with scene.machine.without_broker():
        yield


@pytest.mark.usefixtures("no_broker")
class TestWithoutBroker:
    @every_operation
    def test_answers_what_the_table_says(self, scene: Scene, operation: str) -> None:
        assert FATES[operation].broker is Fate.AS_EVER
        answer = scene.ask(operation)
        if operation == "organization_contain":
            _restore(scene)
        assert answer.status == AS_EVER[operation], answer.text

    def test_containment_acts_at_once(self, scene: Scene) -> None:
        acme = world.organization()
        client = _client(scene, acme)
        value = _token(scene.machine, client)
        assert _is_active(scene, value)
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        assert not _is_active(scene, value)
        form = {"grant_type": "client_credentials"}
        assert scene.post("/token", basic=client, form=form).status == 401


@dataclass(frozen=True)
class Outage:
    """The answers of one outage of PostgreSQL: all operations at once while it is gone, then some of both processes."""

    during: Mapping[str, Answer]
    after: Sequence[Answer]


@pytest.fixture(scope="class")
def outage(scene: Scene) -> Outage:
    with scene.machine.without_database(), ThreadPoolExecutor(len(OPERATIONS)) as threads:
        during = dict(zip(OPERATIONS, threads.map(scene.ask, OPERATIONS), strict=True))
    return Outage(during, each(["introspect"] * 40, scene.ask, at_once=8))


class TestWithoutDatabase:
    @every_operation
    def test_answers_what_the_table_says(self, outage: Outage, operation: str) -> None:
        answer = outage.during[operation]
        if FATES[operation].database is Fate.AS_EVER:
            assert answer.status == AS_EVER[operation], answer.text
        else:
            assert (answer.status, answer.headers.get("Retry-After")) == (503, "5"), answer.text

    def test_says_it_in_the_form_of_each_door(self, outage: Outage) -> None:
        assert outage.during["token"].json()["error"] == "temporarily_unavailable"
        assert outage.during["api"].json()["code"] == "temporarily_unavailable"
        assert outage.during["portal"].headers["Content-Type"].startswith("text/html")
        assert outage.during["ready"].json()["checks"]["database"]["status"] == "failed"

    def test_nothing_fails_once_it_is_back(self, outage: Outage) -> None:
        assert {(answer.status, answer.text) for answer in outage.after} == {(200, outage.after[0].text)}
        assert outage.after[0].json()["active"]


class TestAfterwards:
    def test_what_the_broker_lost_is_done_within_a_minute(self, scene: Scene) -> None:
        """A client expires, its notice is owed and the log grows while there is no queue to say so."""
        acme = world.organization(contacts=[ContactFacts("technical", "Operations", "ops@acme.example")])
        with scene.machine.without_broker():
            made = _expired_client(acme)
            assert Notice.objects.get(client=made).settled_at is None
        poll(lambda: Notice.objects.get(client=made).settled_at is not None, "no mail", seconds=60)
        poll(lambda: not AuditQueue.objects.exists(), "the log is not sequenced", seconds=60)
        assert _mails_about(made.client_id, scene.machine.mails) == 1

    def test_what_the_broker_delivers_again_is_done_once(self, scene: Scene) -> None:
        """Several messages for one notice, at once and after it was sent."""
        acme = world.organization(contacts=[ContactFacts("technical", "Operations", "ops@acme.example")])
        made = _expired_client(acme)
        notice = Notice.objects.get(client=made)
        for _round in range(2):
            for _copy in range(5):
                _deliver(scene.machine, str(notice.pk))
            poll(lambda: Notice.objects.get(pk=notice.pk).settled_at is not None, "no mail", seconds=60)
        poll(lambda: _waiting_messages(scene.machine) == 0, "messages wait", seconds=60)
        assert _mails_about(made.client_id, scene.machine.mails) == 1


def _deliver(machine: Machine, notice_id: str) -> None:
    with Connection(machine.engines.valkey.url) as broker:
        tasks.send_notices.apply_async(kwargs={"ids": [notice_id]}, connection=broker)


def _waiting_messages(machine: Machine) -> int:
    with Connection(machine.engines.valkey.url) as broker, broker.channel() as channel:
        return int(channel.client.llen("celery")) + int(channel.client.hlen("unacked"))


def _expired_client(acme: Organization) -> Client:
    made = manual.register(
        acme.pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        justification="a trial",
        valid_until=world.now() + timedelta(seconds=0.3),
        actor=world.STAN,
        now=world.now(),
    )
    poll(lambda: expiry.expire_clients(ids=[made.client_id], limit=1, now=world.now()) == 1, "no end")
    client = Client.objects.get(client_id=made.client_id)
    assert client.state == State.SUSPENDED
    return client


def _mails_about(client_id: str, folder: Path) -> int:
    subject = re.compile(rf"^Subject: .*{client_id}", re.MULTILINE)
    return sum(len(subject.findall(file.read_text())) for file in folder.iterdir())


def _client(scene: Scene, holder: Organization) -> tuple[str, str]:
    iat = world.initial_access_token(holder).value
    made = scene.post("/register", bearer=iat, json=world.machine_metadata()).json()
    return made["client_id"], made["client_secret"]


def _is_active(scene: Scene, value: str) -> bool:
    return bool(scene.post("/introspect", basic=scene.server, form={"token": value}).json()["active"])


def _restore(scene: Scene) -> None:
    lifecycle.restore_environment(
        scene.acme.pk, Environment.PRODUCTION, actor=world.PAUL, reason="drill over", now=world.now()
    )
