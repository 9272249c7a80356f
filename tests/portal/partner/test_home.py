"""Home: are we ready, and what is asked of us?"""

import pytest
from django.test import Client

from registry import lifecycle
from registry.models import Contact, Organization
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.portal.signed_in import as_role
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
