"""An invited person chooses a password; the link works once."""

import pytest
from django.test import Client

from registry import people
from registry.events import Event
from registry.models import Organization
from registry.roles import Role
from tests import world
from tests.portal.staff.scene import exactly_one_event, no_event, text

PASSWORD = "nine wild geese over the fjord"
FORM = {"password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization("acme")


@pytest.fixture
def link(acme: Organization) -> str:
    _, token = people.invite(
        "alice@acme.example",
        "Alice Sample",
        Role.ORGANIZATION_ADMIN,
        acme.pk,
        actor=world.STAN,
        operator_id=world.operator().pk,
        now=world.now(),
    )
    return f"/invitations/{token}/"


def test_says_who_invites_whom_to_what(link: str) -> None:
    page = text(Client(), link)
    for words in ("alice@acme.example", "Stan Sample", "Acme", "Organization admin"):
        assert words in page


def test_promises_no_partner_a_factor_that_only_staff_need(link: str, db: None) -> None:
    assert "it is not asked of you" in text(Client(), link)
    _, token = people.invite(
        "sofia@operator.example",
        "Sofia Sample",
        Role.SECURITY_OFFICER,
        None,
        actor=world.STAN,
        operator_id=world.operator().pk,
        now=world.now(),
    )
    page = text(Client(), f"/invitations/{token}/")
    assert "Without it the portal stays closed" in page
    assert "Security officer, staff" in page


def test_makes_a_person_who_signs_in(link: str) -> None:
    browser = Client()
    with exactly_one_event(Event.PERSON_JOINED):
        answer = browser.post(link, FORM)
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in/")
    sent = {"login": "alice@acme.example", "password": PASSWORD}
    assert browser.post("/sign-in/", sent)["Location"] == "/partner/"


def test_works_once(link: str) -> None:
    Client().post(link, FORM)
    with no_event():
        assert Client().get(link).status_code == 404
        assert Client().post(link, FORM).status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        {"password1": "short", "password2": "short"},
        {"password1": PASSWORD, "password2": "another"},
        {"password1": "alice@acme.example", "password2": "alice@acme.example"},
        {},
    ],
)
def test_refuses_a_weak_or_mistyped_password(link: str, sent: dict[str, str]) -> None:
    with no_event():
        answer = Client().post(link, sent)
    assert answer.status_code == 200
    assert "Error: " in answer.content.decode()


def test_a_guess_is_answered_as_a_used_one(db: None) -> None:
    assert Client().get("/invitations/pin_guess/").status_code == 404
