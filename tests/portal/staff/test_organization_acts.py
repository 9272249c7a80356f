"""Submit, approve, contain, restore: who may, what it leaves behind, what stays closed."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from registry import lifecycle, queries
from registry.events import Event
from registry.models import Organization
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.portal.signed_in import enrolled, present_factor, signed_in
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, registered, text

REASON = {"reason": "checked with care"}
CONTAIN = {
    "scope": "organization",
    "reason_code": "key_compromise",
    "reason": "keys leaked",
    "incident": "I-42",
}


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


class TestContain:
    def test_stops_the_organization(self, sofia: Client, acme: Organization) -> None:
        with exactly_one_event(Event.ORGANIZATION_CONTAINED):
            assert sofia.post(to("contain", acme), CONTAIN).status_code == 303
        row = queries.organization(STAFF, acme.slug)
        assert row.state == "suspended"
        assert row.state_reason == "Key or credential compromised: keys leaked (incident I-42)"

    @pytest.mark.parametrize("environment", Environment)
    def test_stops_one_environment(self, sofia: Client, acme: Organization, environment: str) -> None:
        with exactly_one_event(Event.ORGANIZATION_ENVIRONMENT_CONTAINED):
            assert sofia.post(to("contain", acme), CONTAIN | {"scope": environment}).status_code == 303
        assert state(acme) == "active"
        assert "contained" in text(sofia, f"/staff/organizations/?q={acme.slug}")

    def test_counts_what_stops(self, sofia: Client, acme: Organization) -> None:
        registered(acme), registered(acme, client_name="Other")
        world.initial_access_token(acme)
        page = text(sofia, to("contain", acme))
        assert "<b>2 clients</b>" in page
        assert "<b>1 initial access token</b>" in page
        assert "<b>No access token</b> is live now." in page

    def test_shows_the_page_again_when_more_would_stop(self, sofia: Client, acme: Organization) -> None:
        registered(acme)
        with no_event():
            page = sofia.post(to("contain", acme), CONTAIN | {"seen": "0"}).content.decode()
        assert "Nothing was done yet: the consequence grew." in page
        assert 'name="seen" value="1"' in page
        assert sofia.post(to("contain", acme), CONTAIN | {"seen": "1"}).status_code == 303

    def test_needs_a_reason(self, sofia: Client, acme: Organization) -> None:
        with no_event():
            page = sofia.post(to("contain", acme), CONTAIN | {"reason": ""}).content.decode()
        assert "Nothing was contained" in page
        assert 'value="I-42"' in page

    def test_twice_is_refused(self, sofia: Client, acme: Organization) -> None:
        sofia.post(to("contain", acme), CONTAIN)
        assert "there is nothing left to contain" in text(sofia, to("contain", acme))
        with no_event():
            assert sofia.post(to("contain", acme), CONTAIN).status_code == 409

    def test_what_was_typed_is_there_after_the_step_up(self, acme: Organization) -> None:
        user = world.person(Role.SECURITY_OFFICER)
        enrolled(user)
        browser = signed_in(user, stepped_up=False)
        with no_event():
            answer = browser.post(to("contain", acme), CONTAIN | {"scope": "sandbox"})
        assert answer["Location"].startswith("/sign-in/step-up/")
        present_factor(browser, user)
        form = browser.get(to("contain", acme)).context["form"]
        assert [form[name].value() for name in ("scope", "reason", "incident")] == [
            "sandbox",
            "keys leaked",
            "I-42",
        ]


class TestRestore:
    def contained(self, browser: Client, acme: Organization) -> None:
        browser.post(to("contain", acme), CONTAIN)

    def test_another_person_restores(self, sofia: Client, stan: Client, acme: Organization) -> None:
        self.contained(sofia, acme)
        assert "keys leaked" in text(stan, to("restore", acme))
        with exactly_one_event(Event.ORGANIZATION_RESTORED):
            answer = stan.post(to("restore", acme), REASON | {"scope": "organization"})
        assert answer.status_code == 303
        assert state(acme) == "active"

    def test_whoever_contained_sees_it_closed(self, sofia: Client, acme: Organization) -> None:
        self.contained(sofia, acme)
        assert "You contained it; another person restores." in text(sofia, to("restore", acme))

    def test_whoever_contained_is_refused(self, sofia: Client, acme: Organization) -> None:
        self.contained(sofia, acme)
        with no_event():
            answer = sofia.post(to("restore", acme), REASON | {"scope": "organization"})
        assert answer.status_code == 403
        assert state(acme) == "suspended"

    def test_restores_one_environment(self, paul: Client, acme: Organization) -> None:
        lifecycle.contain_environment(
            acme.pk, Environment.SANDBOX, actor=world.STAN, reason="drill", now=world.now()
        )
        with exactly_one_event(Event.ORGANIZATION_ENVIRONMENT_RESTORED):
            assert paul.post(to("restore", acme), REASON | {"scope": "sandbox"}).status_code == 303
        assert queries.organization(STAFF, acme.slug).sandbox_contained is False

    def test_of_nothing_contained_nothing_is_restored(self, paul: Client, acme: Organization) -> None:
        assert "nothing of it is contained" in text(paul, to("restore", acme))
        with no_event():
            page = paul.post(to("restore", acme), REASON | {"scope": "organization"}).content.decode()
        assert "Nothing was restored" in page
