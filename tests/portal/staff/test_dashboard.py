"""Overview: what needs a person, and numbers that open."""

import re

from django.test import Client

from registry import lifecycle
from registry.models import Organization
from registry.states import Environment
from tests import world
from tests.portal.staff.scene import text, waiting


def test_an_empty_registry_says_that_nothing_waits(ada: Client, db: None) -> None:
    world.operator()
    page = text(ada, "/staff/")
    assert "<b>Nothing waits.</b>" in page
    assert "No case, no restore and no ending token" in page


def test_cases_and_containments_need_a_person(ada: Client, acme: Organization) -> None:
    waiting(acme, client_name="Ledger")
    grove = world.organization("grove")
    lifecycle.contain_organization(grove.pk, actor=world.STAN, reason="keys leaked", now=world.now())
    page = text(ada, "/staff/")
    assert "1 case waits; the oldest under an hour." in page
    assert "Grove is contained" in page
    assert "keys leaked. Another person" in page


def test_containment_of_one_environment_needs_a_person_too(ada: Client) -> None:
    grove = world.organization("grove")
    lifecycle.contain_environment(
        grove.pk, Environment.SANDBOX, actor=world.STAN, reason="keys leaked", now=world.now()
    )
    assert "Grove is contained in sandbox" in text(ada, "/staff/")


def test_every_number_opens(ada: Client, acme: Organization) -> None:
    waiting(acme)
    world.initial_access_token(acme)
    for address in re.findall(r'class="stat" href="([^"]+)"', text(ada, "/staff/")):
        assert ada.get(address.replace("&amp;", "&")).status_code == 200


def test_a_token_that_was_cut_off_does_not_end_soon(ada: Client, acme: Organization) -> None:
    world.initial_access_token(acme)
    assert "Acme, sandbox" in text(ada, "/staff/")
    lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
    assert "None ends soon" in text(ada, "/staff/")
