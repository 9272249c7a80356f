"""A fresh second factor: asked before grave acts, good for five minutes, worth nothing when it is only a password."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from registry import queries
from registry.events import Event
from registry.models import Organization, User
from registry.roles import Role
from tests import world
from tests.portal.signed_in import code, enrolled, signed_in
from tests.portal.staff.scene import STAFF, exactly_one_event


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization("acme")


@pytest.fixture
def sofia(db: None) -> User:
    return world.person(Role.SECURITY_OFFICER)


def to(acme: Organization) -> str:
    return reverse("staff:organization_contain", args=[acme.slug])


def test_leads_back_to_the_act(sofia: User, acme: Organization) -> None:
    seed = enrolled(sofia)
    browser = signed_in(sofia, stepped_up=False)
    asked = browser.get(to(acme))["Location"]
    assert urlsplit(asked).path == "/sign-in/step-up/"
    (target,) = parse_qs(urlsplit(asked).query)["next"]
    with exactly_one_event(Event.PERSON_STEPPED_UP):
        answer = browser.post("/sign-in/step-up/", {"code": code(seed), "next": target})
    assert answer["Location"] == to(acme)
    assert browser.get(to(acme)).status_code == 200


def test_a_wrong_code_does_not(sofia: User, acme: Organization) -> None:
    enrolled(sofia)
    browser = signed_in(sofia, stepped_up=False)
    with exactly_one_event(Event.PERSON_FACTOR_REFUSED):
        browser.post("/sign-in/step-up/", {"code": "000000"})
    assert queries.audit_events(STAFF, actor_id=str(sofia.pk)).first().subject_id == str(sofia.pk)
    assert browser.get(to(acme)).status_code == 302


def test_a_wrong_password_given_again_is_told_too(sofia: User) -> None:
    browser = signed_in(sofia)
    with exactly_one_event(Event.PERSON_SIGN_IN_REFUSED):
        browser.post("/sign-in/password/", {"password": "not this one"})
    assert queries.audit_events(STAFF, action=Event.PERSON_SIGN_IN_REFUSED).get().subject_id == sofia.email


def test_is_old_after_five_minutes(sofia: User, acme: Organization) -> None:
    enrolled(sofia)
    browser = signed_in(sofia)
    assert browser.get(to(acme)).status_code == 200
    grow_old(browser, seconds=301)
    assert browser.get(to(acme)).status_code == 302


def grow_old(browser: Client, *, seconds: int) -> None:
    session = browser.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [
        record | {"at": record["at"] - seconds} for record in records
    ]
    session.save()


def test_a_password_is_none(sofia: User, acme: Organization) -> None:
    enrolled(sofia)
    browser = signed_in(sofia, stepped_up=False)
    browser.post("/sign-in/password/", {"password": world.PASSWORD})
    assert browser.get(to(acme)).status_code == 302
