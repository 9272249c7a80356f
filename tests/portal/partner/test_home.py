"""Home: are we ready, and what is asked of us?"""

from datetime import timedelta

import pytest
from django.test import Client

from registry import lifecycle
from registry.models import Contact, Organization, User
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.portal.partner.test_agreement import publish
from tests.portal.signed_in import as_role, enrolled, signed_in
from tests.portal.staff.scene import registered, text


def test_an_active_one_is_asked_nothing(bob: Client, acme: Organization) -> None:
    registered(acme, client_name="Ledger")
    page = text(bob, "/partner/")
    assert "Nothing is asked of you" in page
    assert "Ledger" in page
    assert "To become active" not in page


def test_a_draft_sees_what_is_left(db: None) -> None:
    draft = world.organization("juniper", active=False, domains=())
    page = text(as_role(Role.ORGANIZATION_ADMIN, draft), "/partner/")
    assert "You are not active yet" in page
    assert "cannot start yet" in page


def test_a_pending_one_waits_for_us(db: None) -> None:
    draft = world.organization("juniper", active=False)
    lifecycle.submit_organization(draft.pk, evidence="x", actor=world.STAN, reason="", now=world.now())
    assert "waits for us" in text(as_role(Role.ORGANIZATION_ADMIN, draft), "/partner/")


@pytest.mark.parametrize("address", ["/partner/", "/partner/clients/"])
def test_a_contained_environment_is_told_on_every_page(bob: Client, acme: Organization, address: str) -> None:
    registered(acme, client_name="Ledger"), registered(acme, Environment.PRODUCTION)
    lifecycle.contain_environment(
        acme.pk, Environment.SANDBOX, actor=world.STAN, reason="we watch them", now=world.now()
    )
    page = text(bob, address)
    assert "<b>Contained: sandbox.</b>" in page
    assert "stopped: contained in sandbox" in page
    assert "waits for a decision" in page  # production goes on
    silent = ("nothing to do", "Nothing is asked of you", "we watch them", "Stan Sample")
    assert [phrase for phrase in silent if phrase in page] == []


class TestWhomToAsk:
    """Without a sponsor a real contact of the operator, never its name alone."""

    def test_is_a_contact_of_the_operator(self, bob: Client, acme: Organization) -> None:
        operator = world.operator()
        Contact.objects.create(
            organization=operator, kind="technical", name="Desk", email="desk@operator.example"
        )
        page = text(bob, "/partner/")
        assert "technical contact" in page
        assert "mailto:desk@operator.example" in page

    def test_is_else_one_of_its_managers(self, bob: Client, acme: Organization) -> None:
        world.operator()
        manager = world.person(Role.PARTNER_MANAGER, name="Olga Sample")
        page = text(bob, "/partner/")
        assert "Olga Sample" in page
        assert f"mailto:{manager.email}" in page


def test_names_the_sponsor(db: None) -> None:
    sponsor = world.person(Role.PARTNER_MANAGER, name="Stan Sample")
    acme = world.organization("acme", sponsor_id=sponsor.pk)
    page = text(as_role(Role.ORGANIZATION_READER, acme), "/partner/")
    assert sponsor.email in page


class TestChecklist:
    def page(self, draft: Organization, person: User | None = None) -> str:
        return text(signed_in(person or world.person(Role.ORGANIZATION_ADMIN, draft)), "/partner/")

    def test_begins_with_the_factor(self, db: None) -> None:
        draft = world.organization("juniper", active=False, domains=())
        page = self.page(draft)
        assert "1 of 7 steps is done" not in page  # no terms are asked for: that step is done, too
        assert "2 of 7 steps are done" in page
        assert 'class="btn btn-primary" href="/account/totp/' in page

    def test_names_each_step_and_where_it_is_done(self, db: None) -> None:
        draft = world.organization("juniper", active=False)
        page = self.page(draft)
        for where in ("/account/totp/", "/partner/clients/register/", "/partner/team/"):
            assert f'href="{where}' in page.split("To become active")[1]

    def test_says_that_terms_wait(self, db: None) -> None:
        draft = world.organization("juniper", active=False)
        publish("7")
        page = self.page(draft)
        assert "Version 7 waits for an admin of yours" in page
        assert "Read and accept" in page

    def test_ticks_off_what_was_done(self, db: None) -> None:
        draft = world.organization("juniper", active=False)
        alice = world.person(Role.ORGANIZATION_ADMIN, draft)
        world.person(Role.ORGANIZATION_ADMIN, draft)
        enrolled(alice)
        registered(draft)
        lifecycle.submit_organization(draft.pk, evidence="x", actor=world.STAN, reason="", now=world.now())
        page = self.page(draft, alice)
        assert "6 of 7 steps are done" in page
        assert "waits for us" in page

    def test_a_reader_is_not_led_to_what_only_admins_do(self, db: None) -> None:
        draft = world.organization("juniper", active=False)
        page = self.page(draft, world.person(Role.ORGANIZATION_READER, draft))
        assert 'href="/partner/team/">Invite' not in page


class TestWhatIsLeft:
    def test_of_each_quota_before_it_bites(self, bob: Client, acme: Organization) -> None:
        acme.quotas.filter(environment=Environment.SANDBOX).update(
            clients=3, keys_per_client=4, initial_access_tokens=5, registrations_per_hour=6
        )
        registered(acme)
        page = text(bob, "/partner/")
        for name, left in (
            ("Clients, sandbox", 2),
            ("Keys of one client, sandbox", 4),
            ("Initial access tokens, sandbox", 5),
            ("Registrations this hour, sandbox", 5),
        ):
            assert f"{left} left" in page.split(name)[1].split("</dd>")[0]

    def test_is_never_less_than_nothing(self, bob: Client, acme: Organization) -> None:
        registered(acme)
        acme.quotas.filter(environment=Environment.SANDBOX).update(clients=0)
        assert "0 left" in text(bob, "/partner/").split("Clients, sandbox")[1].split("</dd>")[0]


def test_entitlements_stand_with_their_end(bob: Client, acme: Organization) -> None:
    end = world.now() + timedelta(days=40)
    acme.entitlements.update(valid_until=end)
    page = text(bob, "/partner/")
    assert "payments:write" in page
    assert f"{end:%d %b %Y}".lstrip("0") in page
    acme.entitlements.update(valid_until=world.now() - timedelta(days=1))
    assert "over since" in text(bob, "/partner/")
