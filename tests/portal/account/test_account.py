"""Your sign-in: factors, codes, password; every page of it opens, and each change leaves its event."""

import pytest
from django.core import mail
from django.test import Client

from registry.events import Event
from registry.models import User
from registry.roles import Role
from tests import world
from tests.portal.signed_in import code, enrolled, signed_in
from tests.portal.staff.scene import exactly_one_event, text

NEW_PASSWORD = "nine wild geese over the fjord"


@pytest.fixture
def stan(db: None) -> User:
    return world.person(Role.PARTNER_MANAGER)


@pytest.fixture
def alice(db: None) -> User:
    return world.person(Role.ORGANIZATION_ADMIN, world.organization("acme"))


def confirmed(browser: Client) -> Client:
    """The same browser, after the password was given once more."""
    browser.post("/sign-in/password/", {"password": world.PASSWORD})
    return browser


def test_shows_the_factors(stan: User) -> None:
    enrolled(stan)
    page = text(signed_in(stan), "/account/")
    assert "Password and authenticator app." in page
    assert "Authenticator app</th>" in page


def test_asks_a_partner_for_nothing(alice: User) -> None:
    page = text(signed_in(alice), "/account/")
    assert "Password only." in page
    assert "stays closed" not in page


def test_end_users_have_one_too(db: None) -> None:
    assert "Your sign-in" in text(signed_in(world.person(Role.END_USER)), "/account/")


@pytest.mark.parametrize(
    "address", ["/account/totp/end/", "/account/recovery-codes/new/", "/account/password/"]
)
def test_pages_of_a_person_with_a_factor(stan: User, address: str) -> None:
    enrolled(stan)
    assert confirmed(signed_in(stan)).get(address).status_code == 200


def test_the_qr_code_is_the_only_image_from_data(alice: User) -> None:
    answer = confirmed(signed_in(alice)).get("/account/totp/")
    assert "img-src 'self' data:" in answer["Content-Security-Policy"]
    assert "data:" not in signed_in(alice).get("/account/")["Content-Security-Policy"]


def test_recovery_codes_open_once(stan: User) -> None:
    seed = enrolled(stan)
    browser = confirmed(signed_in(stan))
    browser.post("/account/recovery-codes/new/")
    codes = browser.get("/account/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    stranger = Client()
    stranger.post("/sign-in/", {"login": stan.email, "password": world.PASSWORD})
    assert stranger.post("/sign-in/verify/", {"code": codes[0]})["Location"] == "/staff/"
    again = Client()
    again.post("/sign-in/", {"login": stan.email, "password": world.PASSWORD})
    assert again.post("/sign-in/verify/", {"code": codes[0]}).status_code == 200
    assert code(seed) not in codes


def test_the_end_of_a_factor_closes_the_portal(stan: User) -> None:
    enrolled(stan)
    browser = confirmed(signed_in(stan))
    with exactly_one_event(Event.PERSON_FACTOR_CHANGED):
        browser.post("/account/totp/end/")
    assert browser.get("/staff/")["Location"].startswith("/account/totp/")


def test_changes_the_password(alice: User) -> None:
    browser = confirmed(signed_in(alice))
    sent = {"oldpassword": world.PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    with exactly_one_event(Event.PERSON_PASSWORD_CHANGED):
        browser.post("/account/password/", sent)
    assert Client().post("/sign-in/", {"login": alice.email, "password": world.PASSWORD}).status_code == 200
    assert Client().post("/sign-in/", {"login": alice.email, "password": NEW_PASSWORD}).status_code == 302


class TestLostPassword:
    def test_says_the_same_whether_or_not_there_is_such_a_person(self, alice: User) -> None:
        known = Client().post("/sign-in/recover/", {"email": alice.email})
        unknown = Client().post("/sign-in/recover/", {"email": "nobody@acme.example"})
        assert known["Location"] == unknown["Location"]

    def test_mails_a_link_that_works(self, alice: User) -> None:
        browser = Client()
        browser.post("/sign-in/recover/", {"email": alice.email})
        (letter,) = [letter for letter in mail.outbox if letter.to == [alice.email]]
        path = next(word for word in str(letter.body).split() if "/sign-in/recover/" in word)
        page = browser.get("/" + path.split("/", 3)[3], follow=True)
        target = page.redirect_chain[-1][0]
        sent = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        with exactly_one_event(Event.PERSON_PASSWORD_CHANGED):
            browser.post(target, sent)
        assert Client().post("/sign-in/", {"login": alice.email, "password": NEW_PASSWORD}).status_code == 302
