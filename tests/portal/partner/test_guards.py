"""Who comes in: the organization's own people while their relation lasts; nobody sees anything of others."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from portal.partner import urls
from registry import lifecycle
from registry.models import Organization
from registry.roles import STAFF_ROLES, Role
from registry.states import Environment
from tests import world
from tests.portal.signed_in import as_role
from tests.portal.staff.scene import registered, text

PARTNERS = [Role.ORGANIZATION_ADMIN, Role.ORGANIZATION_DEVELOPER, Role.ORGANIZATION_READER]


def addresses(holder: Organization) -> dict[str, str]:
    return {
        "home": reverse("partner:home"),
        "clients": reverse("partner:clients"),
        "client": reverse("partner:client", args=[registered(holder).client_id]),
    }


def without_request_id(page: str) -> str:
    return re.sub(r"req_(<wbr>)?[0-9a-f]+", "", page)


def test_every_address_is_in_the_table(acme: Organization) -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == set(addresses(acme))


@pytest.mark.parametrize("role", PARTNERS)
def test_own_people_read_everything(role: Role, acme: Organization) -> None:
    browser = as_role(role, acme)
    assert {browser.get(address).status_code for address in addresses(acme).values()} == {200}


@pytest.mark.parametrize("role", [*sorted(STAFF_ROLES), Role.END_USER])
def test_others_are_refused(role: Role, acme: Organization) -> None:
    browser = as_role(role)
    assert {browser.get(address).status_code for address in addresses(acme).values()} == {403}


def test_strangers_are_sent_to_sign_in(acme: Organization) -> None:
    for address in addresses(acme).values():
        assert Client().get(address)["Location"].startswith("/sign-in/?next=")


class TestCarol:
    def test_gets_for_a_client_of_acme_what_she_gets_for_none(
        self, carol: Client, acme: Organization
    ) -> None:
        foreign = text(carol, reverse("partner:client", args=[registered(acme).client_id]), 404)
        nothing = text(carol, reverse("partner:client", args=["c_nobody"]), 404)
        assert without_request_id(foreign) == without_request_id(nothing)

    @pytest.mark.parametrize("name", ["home", "clients"])
    def test_sees_nothing_of_acme(self, name: str, carol: Client, acme: Organization) -> None:
        made = registered(acme, client_name="Secret Ledger")
        page = text(carol, addresses(acme)[name])
        assert made.client_id not in page
        assert "Secret Ledger" not in page
        assert acme.slug not in page

    def test_finds_nothing_of_acme(self, carol: Client, acme: Organization) -> None:
        made = registered(acme)
        page = text(carol, f"{reverse('partner:clients')}?q={made.client_id}")
        assert "No client matches" in page


class TestSuspended:
    def test_reads_under_a_banner_without_a_reason(self, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="stolen keys", now=world.now())
        browser = as_role(Role.ORGANIZATION_ADMIN, acme)
        for address in (reverse("partner:home"), reverse("partner:clients")):
            page = text(browser, address)
            assert "these pages are read only" in page
            assert "stolen keys" not in page

    def test_one_environment_closes_nothing(self, alice: Client, acme: Organization) -> None:
        lifecycle.contain_environment(
            acme.pk, Environment.SANDBOX, actor=world.STAN, reason="drill", now=world.now()
        )
        assert "Your sandbox is contained" in text(alice, reverse("partner:home"))

    def test_a_containment_ends_sessions(self, alice: Client, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        assert alice.get(reverse("partner:home"))["Location"].startswith("/sign-in/")


def test_the_end_of_the_relation_closes_the_portal(acme: Organization) -> None:
    made = addresses(acme)
    lifecycle.revoke_organization(acme.pk, four_eyes=False, actor=world.STAN, reason="ended", now=world.now())
    browser = as_role(Role.ORGANIZATION_ADMIN, acme)
    for address in made.values():
        assert "This portal is closed" in text(browser, address, 403)
