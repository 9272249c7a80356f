"""A decision is about what its page showed: an edit in between is told, and the page shows it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from registry import decisions, domain_proofs, lifecycle, onboarding
from registry.models import Organization, Registration
from registry.states import State
from tests import world
from tests.portal.staff.scene import no_event, text, waiting

SEEN = re.compile(r'<input type="hidden" name="seen" value="([^"]+)"')
TOLD = "Somebody changed it since it was read."
PAGES = ["staff:organization_approve", "staff:organization_case"]


def seen(page: str) -> str:
    found = SEEN.search(page)
    assert found is not None
    return found[1]


def state(of: Organization) -> str:
    return Organization.objects.get(pk=of.pk).state


@pytest.fixture
def pending(draft: Organization) -> Organization:
    return lifecycle.submit_organization(
        draft.pk, evidence="extract", actor=world.STAN, reason="new", now=world.now()
    )


def edit(of: Organization) -> None:
    onboarding.change_organization(of.pk, {"display_name": "Other"}, actor=world.STAN, now=world.now())


@pytest.mark.parametrize("name", PAGES)
class TestAnOrganization:
    def test_is_approved_as_it_was_seen(self, name: str, paul: Client, pending: Organization) -> None:
        address = reverse(name, args=[pending.slug])
        form = {"decision": "approve", "reason": "fits", "seen": seen(text(paul, address))}
        assert paul.post(address, form).status_code == 303
        assert state(pending) == State.ACTIVE

    def test_that_was_edited_is_shown_again(self, name: str, paul: Client, pending: Organization) -> None:
        address = reverse(name, args=[pending.slug])
        form = {"decision": "approve", "reason": "fits", "seen": seen(text(paul, address))}
        edit(pending)
        with no_event():
            answer = paul.post(address, form)
        page = answer.content.decode()
        assert answer.status_code == 412
        assert TOLD in page
        assert "fits" in page
        assert "Other" in page
        assert state(pending) == State.PENDING
        assert paul.post(address, form | {"seen": seen(page)}).status_code == 303
        assert state(pending) == State.ACTIVE

    def test_holdings_are_a_part_of_it(self, name: str, paul: Client, pending: Organization) -> None:
        address = reverse(name, args=[pending.slug])
        form = {"decision": "approve", "reason": "fits", "seen": seen(text(paul, address))}
        domain_proofs.attest_domain(
            pending.pk, f"new.{pending.slug}.example", evidence="seen", actor=world.STAN, now=world.now()
        )
        assert paul.post(address, form).status_code == 412


def test_a_rejection_is_about_what_was_seen_too(paul: Client, pending: Organization) -> None:
    address = reverse("staff:organization_case", args=[pending.slug])
    form = {"decision": "reject", "reason": "no", "seen": seen(text(paul, address))}
    edit(pending)
    assert paul.post(address, form).status_code == 412
    assert state(pending) == State.PENDING


class TestARegistration:
    @pytest.fixture
    def case(self) -> Registration:
        return waiting(world.organization("birch", production_review="four_eyes"))

    def test_that_somebody_seconded_meanwhile_is_shown_again(self, stan: Client, case: Registration) -> None:
        """The page said that one more person decides; now this decision would be the last."""
        address = reverse("staff:case", args=[case.pk])
        form = {"decision": "approve", "reason": "fits", "seen": seen(text(stan, address))}
        decisions.approve(case.pk, actor=world.PAUL, reason="fits", now=world.now())
        answer = stan.post(address, form)
        page = answer.content.decode()
        assert (answer.status_code, TOLD in page) == (412, True)
        assert Registration.objects.get(pk=case.pk).outcome == "pending"
        assert stan.post(address, form | {"seen": seen(page)}).status_code == 303
        assert Registration.objects.get(pk=case.pk).outcome == "approved"
