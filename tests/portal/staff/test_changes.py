"""A change of a client that waits, on the page where it is decided."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse

from registry import decisions, lifecycle, queries, updates
from registry.events import Event
from registry.models import Client, Organization, Registration
from registry.states import Environment
from tests import world
from tests.portal.staff.scene import STAFF, exactly_one_event, registered, text, waiting


def living(holder: Organization) -> Client:
    case = waiting(holder)
    decisions.approve(case.pk, actor=world.PAUL, reason="fits", now=world.now())
    return case.client


@transaction.atomic
def change(client_id: str, **members: Any) -> Registration:
    client = lifecycle.lock_client(client_id)
    body = decisions.stored(client, {**client.metadata, **members})
    made = updates.replace_metadata(client, body, evidence={}, actor=world.STAN, now=world.now())
    assert made is not None
    return made


def to(case: Registration) -> str:
    return reverse("staff:case", args=[case.pk])


def host(holder: Organization, name: str = "new") -> list[str]:
    return [f"https://{name}.{holder.slug}.example/cb"]


@pytest.fixture
def case(acme: Organization) -> Registration:
    return change(living(acme).client_id, redirect_uris=host(acme))


def test_the_overview_lists_it_as_work(ada: Browser, case: Registration) -> None:
    assert "Until somebody decides, it goes on as it is." in text(ada, reverse("staff:dashboard"))


class TestPage:
    def test_shows_lines_that_go_and_come_and_why_it_waits(
        self, ada: Browser, acme: Organization, case: Registration
    ) -> None:
        page = text(ada, to(case))
        assert f"removed </span>https://app.{acme.slug}.example/cb" in page
        assert f"added </span>{host(acme)[0]}" in page
        assert "names a host that it did not name before" in page

    def test_without_another_client_there_is_no_norm(self, ada: Browser, case: Registration) -> None:
        assert "no other client to compare" in text(ada, to(case))

    @pytest.mark.parametrize(
        ("name", "said"), [("new", "1 of 1 other client"), ("old", "0 of 1 other client")]
    )
    def test_counts_who_uses_the_host_already(
        self, ada: Browser, acme: Organization, case: Registration, name: str, said: str
    ) -> None:
        other = waiting(acme, client_name="Books", redirect_uris=host(acme, name))
        decisions.approve(other.pk, actor=world.PAUL, reason="fits", now=world.now())
        assert said in text(ada, to(case))

    @pytest.mark.parametrize("environment", [Environment.SANDBOX, Environment.PRODUCTION])
    def test_neither_another_environment_nor_who_waits_is_a_norm(
        self, ada: Browser, acme: Organization, case: Registration, environment: Environment
    ) -> None:
        registered(acme, environment, client_name="Books")
        assert "no other client to compare" in text(ada, to(case))


class TestQueue:
    def test_lists_it_as_a_change(self, ada: Browser, case: Registration) -> None:
        assert to(case) in text(ada, "/staff/queue/?kind=change")
        assert to(case) not in text(ada, "/staff/queue/?kind=client")

    def test_a_new_client_is_no_change(self, ada: Browser, acme: Organization) -> None:
        new = waiting(acme)
        assert to(new) in text(ada, "/staff/queue/?kind=client")
        assert to(new) not in text(ada, "/staff/queue/?kind=change")


class TestDecision:
    def test_approved_it_is_in_force(self, paul: Browser, acme: Organization, case: Registration) -> None:
        with exactly_one_event(Event.CHANGE_APPROVED):
            answer = paul.post(to(case), {"decision": "approve", "reason": "fits"})
        assert answer.status_code == 303
        assert queries.client(STAFF, case.client.client_id).metadata["redirect_uris"] == host(acme)

    def test_rejected_the_client_goes_on_as_it_was(self, paul: Browser, case: Registration) -> None:
        paul.post(to(case), {"decision": "reject", "reason": "not yours"})
        assert queries.client(STAFF, case.client.client_id).metadata == case.metadata_before

    def test_the_page_offers_approval_to_a_living_client_alone(
        self, paul: Browser, case: Registration
    ) -> None:
        assert "Its client is" not in text(paul, to(case))
        lifecycle.suspend_client(case.client.client_id, actor=world.STAN, reason="odd", now=world.now())
        assert "Its client is suspended." in text(paul, to(case))

    def test_a_rule_that_refuses_by_now_is_told_on_the_page(
        self, paul: Browser, acme: Organization, case: Registration
    ) -> None:
        acme.proved_domains.update(ended_at=world.now())
        answer = paul.post(to(case), {"decision": "approve", "reason": "fits"})
        assert answer.status_code == 400
        assert "Nothing was decided" in answer.content.decode()
        assert queries.registration(STAFF, case.pk).outcome == "pending"

    def test_a_withdrawn_one_says_so(self, ada: Browser, case: Registration) -> None:
        decisions.withdraw(case.pk, actor=world.STAN, reason="changed our minds", now=world.now())
        assert "Withdrawn" in text(ada, to(case))
