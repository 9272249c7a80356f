"""The organization's own people come in while their relation lasts.

Who may: tests/attacks/privileges.txt. That nobody sees anything of others: tests/attacks/test_idor.py.
"""

from django.test import Client
from django.urls import reverse

from registry import lifecycle
from registry.models import Organization
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.portal.signed_in import as_role
from tests.portal.staff.scene import registered, text


def addresses(holder: Organization) -> dict[str, str]:
    return {
        "home": reverse("partner:home"),
        "clients": reverse("partner:clients"),
        "client": reverse("partner:client", args=[registered(holder).client_id]),
    }


class TestCarol:
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
