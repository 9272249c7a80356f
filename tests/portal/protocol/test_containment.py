"""Containment against real processes: it acts at its commit, also on requests that were already on their way."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from django.db import transaction

from registry import lifecycle, queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Client, InitialAccessToken, Organization, Registration
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.live import Answer, Live
from tests.software import (
    Software,
    allow,
    code_by_hand,
    is_active,
    look,
    machine,
    register,
    signed_in,
    somebody,
    told,
)
from tests.together import begin, together, wait_until_somebody_waits

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture
def acme() -> Organization:
    return world.organization()


@pytest.fixture
def server() -> tuple[str, str]:
    return world.resource_server()


def contain(holder: Organization) -> None:
    lifecycle.contain_organization(holder.pk, actor=world.STAN, reason="key leaked", now=world.now())


def restore(holder: Organization) -> None:
    lifecycle.restore_organization(holder.pk, actor=world.PAUL, reason="new key", now=world.now())


def contained_meanwhile(holder: Organization, ask: Callable[[], Any]) -> Any:
    """The answer of a request that had read everything, and not yet written, when the containment committed.

    The organization's row is locked against references, so that the request's INSERT waits for the commit.
    """
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=holder.pk)
        asking: Future[Any] = begin(ask)
        wait_until_somebody_waits()
        contain(holder)
    return asking.result()


class TestARequestOnItsWay:
    def test_inserts_an_access_token_that_is_dead(
        self, live_server: Live, acme: Organization, server: tuple[str, str]
    ) -> None:
        software = machine(live_server, acme)
        answer: Answer = contained_meanwhile(acme, software.token)
        assert answer.status == 200
        assert not is_active(live_server, server, answer.json()["access_token"])
        restore(acme)
        assert not is_active(live_server, server, answer.json()["access_token"])

    def test_inserts_refresh_tokens_that_are_dead(
        self, live_server: Live, acme: Organization, server: tuple[str, str]
    ) -> None:
        software = register(live_server, acme)
        issued = software.exchange(code_by_hand(software, somebody())).json()
        answer: Answer = contained_meanwhile(acme, lambda: software.refresh(issued["refresh_token"]))
        assert answer.status == 200
        assert software.refresh(answer.json()["refresh_token"]).status == 401
        restore(acme)
        assert software.refresh(answer.json()["refresh_token"]).json()["error"] == "invalid_grant"
        assert not is_active(live_server, server, answer.json()["access_token"])

    def test_inserts_tokens_for_a_code_that_are_dead(
        self, live_server: Live, acme: Organization, server: tuple[str, str]
    ) -> None:
        software = register(live_server, acme)
        code = code_by_hand(software, somebody())
        answer: Answer = contained_meanwhile(acme, lambda: software.exchange(code))
        restore(acme)
        assert not is_active(live_server, server, answer.json()["access_token"])
        assert software.refresh(answer.json()["refresh_token"]).json()["error"] == "invalid_grant"

    def test_inserts_a_code_that_is_dead(self, live_server: Live, acme: Organization) -> None:
        software = register(live_server, acme)
        with signed_in(live_server, world.person(Role.END_USER)) as browser:
            asked = software.question()
            look(browser, asked)
            answer = contained_meanwhile(acme, lambda: allow(browser, asked))
        restore(acme)
        assert software.exchange(told(answer)["code"]).json()["error"] == "invalid_grant"

    @pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k" * 43}])
    def test_registers_nothing(self, live_server: Live, acme: Organization, headers: dict[str, str]) -> None:
        token = world.initial_access_token(acme).value
        answer: Answer = contained_meanwhile(
            acme,
            lambda: live_server.post(
                "/register", bearer=token, json=world.machine_metadata(), headers=headers
            ),
        )
        assert (answer.status, answer.json()["error"]) == (403, "access_denied")
        assert not Client.objects.filter(organization=acme).exists()
        assert not Registration.objects.filter(organization=acme).exists()
        assert InitialAccessToken.objects.get(organization=acme).uses == 0
        events = queries.audit_events(Viewer(Role.AUDITOR, None), organization=acme)
        assert events.filter(action=Event.REGISTRATION_REFUSED).count() == 1

    def test_gets_no_new_credentials_for_a_lost_answer(self, live_server: Live, acme: Organization) -> None:
        token, key = world.initial_access_token(acme).value, {"Idempotency-Key": "k" * 43}

        def ask() -> Answer:
            return live_server.post("/register", bearer=token, json=world.machine_metadata(), headers=key)

        first = Software(live_server, ask().json())
        answer: Answer = contained_meanwhile(acme, ask)
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
        restore(acme)
        assert first.token().status == 200


class TestTheFirstRequestAfterwards:
    def test_is_refused_in_every_process(
        self, live_server: Live, acme: Organization, server: tuple[str, str]
    ) -> None:
        """Forty new connections at once reach both processes; each had served this client before."""
        software = machine(live_server, acme)
        values = [answer.json()["access_token"] for answer in together(40, lambda _: software.token())]
        contain(acme)
        answers = together(40, lambda _: software.token())
        assert {(answer.status, answer.json()["error"]) for answer in answers} == {(401, "invalid_client")}
        seen = together(40, lambda number: is_active(live_server, server, values[number]))
        assert set(seen) == {False}

    def test_is_refused_wherever_it_goes(self, live_server: Live, acme: Organization) -> None:
        user = world.person(Role.END_USER)
        software, token = register(live_server, acme), world.initial_access_token(acme).value
        first, second = code_by_hand(software, user), code_by_hand(software, user)
        issued = software.exchange(first).json()
        contain(acme)
        assert software.exchange(second).json()["error"] == "invalid_client"
        assert software.refresh(issued["refresh_token"]).json()["error"] == "invalid_client"
        answer = live_server.post("/register", bearer=token, json=world.machine_metadata())
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
        with signed_in(live_server, user) as browser:
            assert look(browser, software.question()).status_code == 400

    def test_may_revoke(self, live_server: Live, acme: Organization) -> None:
        software = machine(live_server, acme)
        value = software.token().json()["access_token"]
        contain(acme)
        assert software.revoke(value).status == 200

    def test_of_its_people_meets_no_session(self, live_server: Live, acme: Organization) -> None:
        person = world.person(Role.ORGANIZATION_ADMIN, acme)
        stranger = world.person(Role.ORGANIZATION_ADMIN, world.organization("carol"))
        with signed_in(live_server, person) as browser, signed_in(live_server, stranger) as other:
            assert browser.get("/partner/", allow_redirects=False).status_code == 200
            contain(acme)
            answer = browser.get("/partner/", allow_redirects=False)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/sign-in/")
            assert other.get("/partner/", allow_redirects=False).status_code == 200


@pytest.mark.parametrize("environment", list(Environment))
def test_one_environment_leaves_the_other(
    live_server: Live, acme: Organization, environment: Environment
) -> None:
    software = {each: register_active(live_server, acme, each) for each in Environment}
    servers = {each: world.resource_server(environment=each) for each in Environment}
    values = {each: software[each].token().json()["access_token"] for each in Environment}
    lifecycle.contain_environment(acme.pk, environment, actor=world.STAN, reason="leak", now=world.now())
    for each in Environment:
        stopped = each == environment
        assert is_active(live_server, servers[each], values[each]) is not stopped
        assert software[each].token().status == (401 if stopped else 200)
        token = InitialAccessToken.objects.filter(organization=acme, environment=each)
        assert token.count() == 1


def register_active(live: Live, holder: Organization, environment: Environment) -> Software:
    software = machine(live, holder, environment=environment)
    Client.objects.filter(client_id=software.client_id).update(state="active")
    return software


def test_a_restore_revives_nothing_and_keeps_secrets(
    live_server: Live, acme: Organization, server: tuple[str, str]
) -> None:
    software = register(
        live_server, acme, grant_types=["authorization_code", "refresh_token", "client_credentials"]
    )
    user = somebody()
    issued, code = software.exchange(code_by_hand(software, user)).json(), code_by_hand(software, user)
    token = world.initial_access_token(acme).value
    contain(acme)
    restore(acme)
    assert not is_active(live_server, server, issued["access_token"])
    assert software.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
    assert software.exchange(code).json()["error"] == "invalid_grant"
    assert live_server.post("/register", bearer=token, json=world.machine_metadata()).status == 401
    assert is_active(live_server, server, software.token().json()["access_token"])
