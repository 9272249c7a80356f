"""Register: which route, and would it pass? Checking leaves nothing behind."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry import lifecycle
from registry.models import Organization
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.portal.signed_in import signed_in
from tests.portal.staff.scene import no_event, registered, text

REGISTER = "/partner/clients/register/"


def check(browser: Client, document: Any, environment: str = "sandbox") -> str:
    sent = document if isinstance(document, str) else json.dumps(document)
    answer = browser.post(REGISTER, {"environment": environment, "metadata": sent})
    assert answer.status_code == 200
    return answer.content.decode()


def test_explains_every_route(alice: Client) -> None:
    page = text(alice, REGISTER)
    for words in ("Federation", "Dynamic registration", "Metadata document", "By hand"):
        assert words in page
    assert "belongs to no federation yet" in page
    assert "/partner/tokens/new/" in page


def test_leads_to_a_token_only_who_may_issue_one(bob: Client) -> None:
    assert "/partner/tokens/new/" not in text(bob, REGISTER)


def test_says_when_nothing_can_be_registered(acme: Organization) -> None:
    lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
    browser = signed_in(world.person(Role.ORGANIZATION_ADMIN, acme))
    assert "nothing can be registered now" in text(browser, REGISTER)


class TestCheck:
    def test_of_good_metadata_meets_every_rule_and_shows_what_would_be_stored(
        self, bob: Client, acme: Organization
    ) -> None:
        page = check(bob, world.metadata(acme))
        assert "<title>Every rule is met" in page
        assert "What would be stored" in page
        assert "&quot;require_pkce" in page or "&quot;grant_types&quot;" in page

    def test_of_bad_metadata_names_each_rule_with_its_fix(self, bob: Client, acme: Organization) -> None:
        page = check(bob, world.metadata(acme, redirect_uris=["http://x.example/#a"], scope="everything"))
        for rule in ("U1.fragment", "U4.proved_domain", "S1.entitled"):
            assert rule in page
        assert "not met" in page
        assert "<b>Fix:</b>" in page

    @pytest.mark.parametrize("text_", ["", "{", "[]", '{"a": 1, "a": 1}', '{"client_name": "\\u0000"}'])
    def test_of_no_json_object_is_told_beside_the_field(self, bob: Client, text_: str) -> None:
        assert "Nothing was checked" in check(bob, text_)

    def test_of_members_that_are_no_metadata_is_a_finding(self, bob: Client) -> None:
        page = check(bob, {"redirect_uris": "https://a.example/cb"})
        assert "redirect_uris" in page
        assert "not met" in page

    def test_keeps_what_was_typed(self, bob: Client, acme: Organization) -> None:
        assert "Sailor Ledger" in check(bob, world.metadata(acme, client_name="Sailor Ledger", scope="x"))

    def test_knows_what_the_organization_holds(self, bob: Client, acme: Organization) -> None:
        acme.quotas.filter(environment=Environment.SANDBOX).update(clients=1)
        registered(acme)
        assert "L1.clients" in check(bob, world.metadata(acme))
        assert "L1.clients" not in check(bob, world.metadata(acme), "production").split("rules met")[0]

    def test_leaves_nothing_and_locks_nothing(self, bob: Client, acme: Organization) -> None:
        body = {"environment": "sandbox", "metadata": json.dumps(world.metadata(acme))}
        with no_event(), CaptureQueriesContext(connection) as said:
            bob.post(REGISTER, body)
        statements = [one["sql"] for one in said if "session" not in one["sql"]]
        assert not [sql for sql in statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
        assert not [sql for sql in statements if "FOR UPDATE" in sql or "FOR NO KEY UPDATE" in sql]
        assert not acme.clients.exists()

    def test_of_a_part_answers_with_the_part_alone(self, bob: Client, acme: Organization) -> None:
        body = {"environment": "sandbox", "metadata": json.dumps(world.metadata(acme, scope="x"))}
        part = bob.post(REGISTER, body, headers={"X-Part": "linter"}).content.decode()
        assert "S1.entitled" in part
        assert "<html" not in part
        part = bob.post(REGISTER, body | {"metadata": "{"}, headers={"X-Part": "linter"}).content.decode()
        assert "not readable" in part
