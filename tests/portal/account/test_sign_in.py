"""Signing in through the real forms: password, then a code; what it leaves in the log; how it ends."""

import pytest
from django.test import Client

from registry import lifecycle, queries
from registry.events import Event
from registry.models import User
from registry.roles import Role
from tests import world
from tests.portal.signed_in import as_role, code, enrolled, signed_in
from tests.portal.staff.scene import STAFF, exactly_one_event, text


def give_password(browser: Client, user: User, password: str = world.PASSWORD) -> str:
    """Where the first form leads to; "" when it is shown again."""
    answer = browser.post("/sign-in/", {"login": user.email, "password": password})
    return str(answer.get("Location", ""))


@pytest.fixture
def stan(db: None) -> User:
    return world.person(Role.PARTNER_MANAGER)


class TestStaff:
    def test_needs_password_and_code(self, stan: User) -> None:
        seed, browser = enrolled(stan), Client()
        assert give_password(browser, stan) == "/sign-in/verify/"
        assert browser.get("/staff/queue/")["Location"].startswith("/sign-in/?next=")
        with exactly_one_event(Event.PERSON_SIGNED_IN):
            answer = browser.post("/sign-in/verify/", {"code": code(seed)})
        assert answer["Location"] == "/staff/"
        assert browser.get("/staff/queue/").status_code == 200

    def test_a_wrong_code_opens_nothing(self, stan: User) -> None:
        enrolled(stan)
        browser = Client()
        give_password(browser, stan)
        assert "Error: " in browser.post("/sign-in/verify/", {"code": "000000"}).content.decode()
        assert browser.get("/staff/")["Location"].startswith("/sign-in/")

    def test_a_code_opens_once(self, stan: User) -> None:
        seed, first, second = enrolled(stan), Client(), Client()
        digits = code(seed)
        give_password(first, stan)
        assert first.post("/sign-in/verify/", {"code": digits}).status_code == 302
        give_password(second, stan)
        assert second.post("/sign-in/verify/", {"code": digits}).status_code == 200

    def test_without_a_factor_enrols_one_before_anything_else(self, stan: User) -> None:
        browser = Client()
        give_password(browser, stan)
        assert browser.get("/staff/queue/")["Location"].startswith("/account/totp/?next=")
        asked = browser.get("/account/totp/")["Location"]
        assert asked.startswith("/sign-in/password/?next=")
        browser.post("/sign-in/password/", {"password": world.PASSWORD, "next": "/account/totp/"})
        seed = browser.get("/account/totp/").context["form"].secret
        browser.post("/account/totp/", {"code": code(seed)})
        assert browser.get("/staff/queue/").status_code == 200
        changed = queries.audit_events(STAFF, action=Event.PERSON_FACTOR_CHANGED)
        assert sorted(event.reason for event in changed) == ["recovery_codes added", "totp added"]
        assert all(event.request_id for event in changed)


class TestPartners:
    def test_sign_in_by_password(self, db: None) -> None:
        alice = world.person(Role.ORGANIZATION_ADMIN, world.organization("acme"))
        browser = Client()
        assert give_password(browser, alice) == "/partner/"
        assert browser.get("/partner/").status_code == 200

    def test_come_back_to_the_page_they_asked_for(self, db: None) -> None:
        alice = world.person(Role.ORGANIZATION_ADMIN, world.organization("acme"))
        sent = {"login": alice.email, "password": world.PASSWORD, "next": "/partner/clients/"}
        assert Client().post("/sign-in/", sent)["Location"] == "/partner/clients/"

    def test_next_leads_nowhere_else(self, db: None) -> None:
        alice = world.person(Role.ORGANIZATION_ADMIN, world.organization("acme"))
        sent = {"login": alice.email, "password": world.PASSWORD, "next": "https://evil.example/"}
        assert Client().post("/sign-in/", sent)["Location"] == "/partner/"


class TestRefused:
    def test_says_not_which_part_was_wrong(self, stan: User) -> None:
        browser = Client()
        wrong = browser.post("/sign-in/", {"login": stan.email, "password": "not this one"})
        nobody = browser.post("/sign-in/", {"login": "nobody@acme.example", "password": "not this one"})
        assert [answer.status_code for answer in (wrong, nobody)] == [200, 200]
        first, second = (answer.context["form"].non_field_errors() for answer in (wrong, nobody))
        assert first == second

    def test_leaves_an_event_a_minute(self, stan: User) -> None:
        browser = Client()
        for _ in range(3):
            browser.post("/sign-in/", {"login": stan.email, "password": "not this one"})
        refused = queries.audit_events(STAFF, action=Event.PERSON_SIGN_IN_REFUSED)
        assert 1 <= refused.count() <= 2  # a minute may end between two of them

    def test_a_wrong_code_leaves_an_event_a_minute(self, stan: User) -> None:
        enrolled(stan)
        browser = Client(REMOTE_ADDR="192.0.2.77")
        give_password(browser, stan)
        for _ in range(3):
            browser.post("/sign-in/verify/", {"code": "000000"})
        told = queries.audit_events(STAFF, action=Event.PERSON_FACTOR_REFUSED, subject_id=str(stan.pk))
        assert 1 <= told.count() <= 2  # a minute may end between two of them
        event = told[0]
        assert (event.actor_kind, event.actor_id, event.request_id[:4]) == ("source", "192.0.2.77", "req_")

    def test_a_wrong_code_of_a_partner_is_an_event_of_its_organization(self, db: None) -> None:
        acme = world.organization("acme")
        alice = world.person(Role.ORGANIZATION_ADMIN, acme)
        enrolled(alice)
        browser = Client()
        give_password(browser, alice)
        browser.post("/sign-in/verify/", {"code": "000000"})
        assert queries.audit_events(STAFF, action=Event.PERSON_FACTOR_REFUSED).get().organization == acme

    def test_many_attempts_are_stopped(self, stan: User) -> None:
        browser = Client()
        for _ in range(10):
            browser.post("/sign-in/", {"login": stan.email, "password": "not this one"})
        assert give_password(browser, stan) == ""

    def test_nobody_signs_up(self, db: None) -> None:
        assert Client().get("/sign-in/sign-up/").status_code == 404


class TestSession:
    def test_ends_by_signing_out(self, stan: User) -> None:
        enrolled(stan)
        browser = signed_in(stan)
        with exactly_one_event(Event.PERSON_SIGNED_OUT):
            browser.post("/sign-out/")
        assert browser.get("/staff/")["Location"].startswith("/sign-in/")

    def test_ends_with_its_epoch(self, db: None) -> None:
        acme = world.organization("acme")
        browser = as_role(Role.ORGANIZATION_ADMIN, acme)
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        assert browser.get("/partner/")["Location"].startswith("/sign-in/")

    def test_people_of_a_contained_organization_come_back_to_read(self, db: None) -> None:
        acme = world.organization("acme")
        alice = world.person(Role.ORGANIZATION_ADMIN, acme)
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        browser = Client()
        assert give_password(browser, alice) == "/partner/"
        assert "read only" in text(browser, "/partner/")

    def test_cookies_are_bound_to_the_host(self, stan: User) -> None:
        browser = Client()
        browser.get("/sign-in/")
        give_password(browser, stan)
        for name in ("__Host-session", "__Host-csrf"):
            cookie = browser.cookies[name]
            assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (
                True,
                True,
                "/",
                "",
            )
