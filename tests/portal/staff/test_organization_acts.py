"""Submit and approve: who may, what it leaves behind, what stays closed."""

from dataclasses import replace

from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from registry import queries
from registry.events import Event
from registry.models import Organization
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, text

REASON = {"reason": "checked with care"}


def state(holder: Organization) -> str:
    return str(queries.organization(STAFF, holder.slug).state)


def to(name: str, holder: Organization) -> str:
    return reverse(f"staff:organization_{name}", args=[holder.slug])


class TestSubmit:
    def test_asks_for_approval(self, stan: Client, draft: Organization) -> None:
        with exactly_one_event(Event.ORGANIZATION_SUBMITTED):
            answer = stan.post(to("submit", draft), {"evidence": "register extract", "reason": ""})
        assert answer.status_code == 303
        assert (state(draft), queries.organization(STAFF, draft.slug).evidence) == (
            "pending",
            "register extract",
        )

    def test_needs_evidence(self, stan: Client, draft: Organization) -> None:
        with no_event():
            page = stan.post(to("submit", draft), {"evidence": " ", "reason": "soon"}).content.decode()
        assert "Nothing was submitted" in page
        assert ">\nsoon</textarea>" in page

    def test_is_closed_for_an_active_one(self, stan: Client, acme: Organization) -> None:
        assert "It is active; only a draft is submitted." in text(stan, to("submit", acme))


class TestApprove:
    def submitted(self, browser: Client, draft: Organization) -> None:
        browser.post(to("submit", draft), {"evidence": "register extract", "reason": ""})

    def test_makes_it_active(self, stan: Client, paul: Client, draft: Organization) -> None:
        self.submitted(stan, draft)
        assert "register extract" in text(paul, to("approve", draft))
        with exactly_one_event(Event.ORGANIZATION_APPROVED):
            assert paul.post(to("approve", draft), REASON).status_code == 303
        assert state(draft) == "active"

    def test_whoever_submitted_sees_it_closed(self, stan: Client, draft: Organization) -> None:
        self.submitted(stan, draft)
        assert "You submitted it; another person approves." in text(stan, to("approve", draft))

    def test_whoever_submitted_is_refused(self, stan: Client, draft: Organization) -> None:
        self.submitted(stan, draft)
        with no_event():
            answer = stan.post(to("approve", draft), REASON)
        assert answer.status_code == 403
        assert "Let another person approve." in answer.content.decode()
        assert state(draft) == "pending"

    def test_one_person_is_enough_where_the_deployment_says_so(
        self, stan: Client, draft: Organization, settings: Settings
    ) -> None:
        settings.REGISTRY = replace(settings.REGISTRY, organization_needs_four_eyes=False)
        self.submitted(stan, draft)
        assert stan.post(to("approve", draft), REASON).status_code == 303

    def test_needs_a_reason(self, stan: Client, paul: Client, draft: Organization) -> None:
        self.submitted(stan, draft)
        with no_event():
            assert "Error: " in paul.post(to("approve", draft), {}).content.decode()

    def test_a_draft_is_not_approved(self, paul: Client, draft: Organization) -> None:
        with no_event():
            assert paul.post(to("approve", draft), REASON).status_code == 409
