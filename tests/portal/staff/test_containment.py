"""Contain and restore: what each scope stops, what is told of it, who may end it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

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


def stopping(page: str, what: str) -> list[int]:
    """The numbers of one row of the table of what stops, from the left."""
    row = re.search(rf'<tr><th scope="row">{what}<.*?</tr>', page)
    assert row is not None
    return [int(number) for number in re.findall(r">(\d+)</td>", row[0])]


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
        assert stopping(page, "Clients") == [2, 2, 0]
        assert stopping(page, "Initial access tokens") == [1, 1, 0]
        assert stopping(page, "Access tokens") == [0, 0, 0]

    def test_shows_the_page_again_when_more_would_stop(self, sofia: Client, acme: Organization) -> None:
        registered(acme)
        with no_event():
            page = sofia.post(to("contain", acme), CONTAIN | {"seen_organization": "0"}).content.decode()
        assert "Nothing was done yet: the consequence grew." in page
        assert 'name="seen_organization" value="1"' in page
        assert sofia.post(to("contain", acme), CONTAIN | {"seen_organization": "1"}).status_code == 303

    def test_compares_the_number_of_the_scope_that_is_chosen(self, sofia: Client, acme: Organization) -> None:
        registered(acme)
        seen = {"scope": "production", "seen_organization": "0", "seen_production": "0"}
        assert sofia.post(to("contain", acme), CONTAIN | seen).status_code == 303

    def test_counts_each_scope_for_itself(self, sofia: Client, acme: Organization) -> None:
        registered(acme), registered(acme, Environment.PRODUCTION)
        world.initial_access_token(acme, Environment.PRODUCTION)
        world.person(Role.ORGANIZATION_ADMIN, acme)
        page = text(sofia, to("contain", acme))
        assert stopping(page, "Clients") == [2, 1, 1]
        assert stopping(page, "Initial access tokens") == [1, 0, 1]
        assert stopping(page, "People signed out") == [1, 0, 0]

    def test_says_what_was_contained(self, sofia: Client, acme: Organization) -> None:
        answer = sofia.post(to("contain", acme), CONTAIN | {"scope": "sandbox"}, follow=True)
        assert f"Contained: {acme} in sandbox." in answer.content.decode()

    def test_what_is_contained_is_not_offered_again(self, sofia: Client, acme: Organization) -> None:
        sofia.post(to("contain", acme), CONTAIN | {"scope": "sandbox"})
        form = sofia.get(to("contain", acme)).context["form"]
        assert [value for value, _ in form.fields["scope"].choices] == ["organization", "production"]

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

    def test_names_the_scope_and_quotes_its_own_reason(
        self, sofia: Client, paul: Client, acme: Organization
    ) -> None:
        lifecycle.contain_environment(
            acme.pk, Environment.PRODUCTION, actor=world.STAN, reason="the first", now=world.now()
        )
        self.contained(sofia, acme)
        lifecycle.restore_organization(acme.pk, actor=world.STAN, reason="over", now=world.now())
        page = text(paul, to("restore", acme))
        assert f"Restore {acme} in production?" in page
        assert "Contained: Production only" in page
        assert "by Stan Sample" in page
        assert "“the first”" in page
        assert "keys leaked" not in page

    def test_quotes_each_containment_that_stands(
        self, sofia: Client, paul: Client, acme: Organization
    ) -> None:
        lifecycle.contain_environment(
            acme.pk, Environment.PRODUCTION, actor=world.STAN, reason="the first", now=world.now()
        )
        self.contained(sofia, acme)
        page = text(paul, to("restore", acme))
        assert "Contained: The whole organization" in page
        assert "Contained: Production only" in page
        assert "contained by itself, until that is restored" in page

    def test_offers_what_somebody_else_contained(self, sofia: Client, acme: Organization) -> None:
        lifecycle.contain_environment(
            acme.pk, Environment.PRODUCTION, actor=world.STAN, reason="the first", now=world.now()
        )
        self.contained(sofia, acme)
        assert f"Restore {acme} in production" in text(sofia, to("restore", acme))

    def test_of_nothing_contained_nothing_is_restored(self, paul: Client, acme: Organization) -> None:
        assert "nothing of it is contained" in text(paul, to("restore", acme))
        with no_event():
            page = paul.post(to("restore", acme), REASON | {"scope": "organization"}).content.decode()
        assert "Nothing was restored" in page
