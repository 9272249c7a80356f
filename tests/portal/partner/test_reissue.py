"""A lost registration access token: the admin issues another, alone, with a fresh factor."""

import re

from django.test import Client
from django.urls import reverse

from registry import lifecycle
from registry.events import Event
from registry.models import Organization
from registry.roles import Role
from tests import world
from tests.portal.signed_in import as_role
from tests.portal.staff.scene import exactly_one_event, no_event, registered, text
from tests.software import InProcess

WHY = {"reason": "the vault was lost"}


def address(client_id: str) -> str:
    return reverse("partner:client_reissue", args=[client_id])


def test_shows_it_once_and_it_manages_the_client(alice: Client, acme: Organization) -> None:
    made = registered(acme)
    assert address(made.client_id) in text(alice, f"/partner/clients/{made.client_id}/")
    with exactly_one_event(Event.REGISTRATION_ACCESS_TOKEN_REISSUED):
        answer = alice.post(address(made.client_id), WHY)
    assert answer["Cache-Control"] == "no-store"
    (value,) = set(re.findall(r"prr_[\w-]{20,}", answer.content.decode()))
    read = InProcess().get(f"/register/{made.client_id}", bearer=value)
    assert (read.status, read.json()["client_id"]) == (200, made.client_id)


def test_needs_a_fresh_factor_and_a_reason(alice: Client, acme: Organization) -> None:
    made, browser = registered(acme), as_role(Role.ORGANIZATION_ADMIN, acme, stepped_up=False)
    with no_event():
        answer = browser.post(address(made.client_id), WHY)
        assert answer["Location"].startswith("/account/totp/")
        assert "No token was issued" in alice.post(address(made.client_id), {}).content.decode()


def test_is_of_its_own_admins(bob: Client, carol: Client, acme: Organization) -> None:
    made = registered(acme)
    assert address(made.client_id) not in text(bob, f"/partner/clients/{made.client_id}/")
    with no_event():
        assert bob.post(address(made.client_id), WHY).status_code == 403
        assert carol.post(address(made.client_id), WHY).status_code == 404


def test_frees_no_suspended_client(alice: Client, acme: Organization) -> None:
    made = registered(acme)
    lifecycle.suspend_client(made.client_id, actor=world.STAN, reason="leak", now=world.now())
    assert address(made.client_id) not in text(alice, f"/partner/clients/{made.client_id}/")
    with no_event():
        assert alice.post(address(made.client_id), WHY).status_code == 403
