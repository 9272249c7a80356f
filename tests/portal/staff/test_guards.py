"""Where people are sent who may not come in yet. Who may: tests/attacks/privileges.txt."""

from urllib.parse import quote

from django.test import Client
from django.urls import reverse

from registry.models import Organization
from registry.roles import Role
from tests import world
from tests.portal.signed_in import signed_in


def test_strangers_are_sent_to_sign_in_and_come_back(acme: Organization) -> None:
    address = reverse("staff:organization", args=[acme.slug])
    assert Client().get(address)["Location"] == f"/sign-in/?next={quote(address, safe='')}"


def test_staff_without_a_second_factor_enrol_one_first(acme: Organization) -> None:
    answer = signed_in(world.person(Role.PARTNER_MANAGER)).get(reverse("staff:organizations"))
    assert answer["Location"].startswith("/account/totp/?next=")
