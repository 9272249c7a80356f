"""Initial access tokens of one's own organization: issued with a fresh factor, shown once, revoked."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from registry import lifecycle
from registry.events import Event
from registry.models import InitialAccessToken, Organization
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.portal.signed_in import as_role, signed_in
from tests.portal.staff.scene import exactly_one_event, no_event, text
from tests.software import InProcess

TOKENS, NEW = "/partner/tokens/", "/partner/tokens/new/"
FIELDS = {"environment": "sandbox", "max_uses": "2", "hours": "24"}


def issued(browser: Client, **fields: str) -> str:
    (value,) = set(re.findall(r"pri_[\w-]{20,}", browser.post(NEW, FIELDS | fields).content.decode()))
    return str(value)


class TestIssue:
    def test_shows_the_value_once_and_it_registers(self, alice: Client, acme: Organization) -> None:
        with exactly_one_event(Event.INITIAL_ACCESS_TOKEN_ISSUED):
            answer = alice.post(NEW, FIELDS)
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        (value,) = set(re.findall(r"pri_[\w-]{20,}", answer.content.decode()))
        assert value not in text(alice, TOKENS)
        assert InProcess().post("/register", bearer=value, json=world.metadata(acme)).status == 201

    def test_is_within_what_the_organization_holds(self, alice: Client, acme: Organization) -> None:
        value = issued(alice, roles="partner", allowed_hosts=f"app.{acme.slug}.example", software_id="a")
        row = InitialAccessToken.objects.get(organization=acme)
        assert (row.roles, row.allowed_hosts, row.software_id) == (
            ["partner"],
            [f"app.{acme.slug}.example"],
            "a",
        )
        body = world.metadata(acme, software_id="b")
        assert InProcess().post("/register", bearer=value, json=body).status == 400

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"roles": "operator"}, 200),
            ({"hours": "169"}, 422),
            ({"hours": "0"}, 200),
            ({"max_uses": "0"}, 200),
            ({"max_uses": "100001"}, 200),
            ({"environment": "staging"}, 200),
            ({"allowed_hosts": "not a host!"}, 422),
        ],
    )
    def test_beyond_it_is_refused(
        self, alice: Client, acme: Organization, fields: dict[str, str], status: int
    ) -> None:
        with no_event():
            answer = alice.post(NEW, FIELDS | fields)
        assert answer.status_code == status
        assert "No token was issued" in answer.content.decode()
        assert not InitialAccessToken.objects.filter(organization=acme).exists()

    def test_needs_a_fresh_factor(self, acme: Organization) -> None:
        browser = as_role(Role.ORGANIZATION_ADMIN, acme, stepped_up=False)
        with no_event():
            assert browser.post(NEW, FIELDS)["Location"].startswith("/account/totp/")

    def test_is_of_admins(self, bob: Client) -> None:
        assert NEW not in text(bob, TOKENS)
        with no_event():
            assert bob.post(NEW, FIELDS).status_code == 403

    def test_has_a_quota(self, alice: Client, acme: Organization) -> None:
        acme.quotas.filter(environment=Environment.SANDBOX).update(initial_access_tokens=0)
        with no_event():
            assert alice.post(NEW, FIELDS).status_code == 429

    def test_of_a_draft_is_for_the_sandbox(self, db: None) -> None:
        draft = world.organization("juniper", active=False)
        alice = as_role(Role.ORGANIZATION_ADMIN, draft)
        assert 'value="production"' not in text(alice, NEW)
        assert issued(alice)

    def test_while_suspended_is_refused(self, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        browser = signed_in(world.person(Role.ORGANIZATION_ADMIN, acme))
        with no_event():
            assert browser.post(NEW, FIELDS).status_code == 403


class TestRevoke:
    def test_ends_it_at_once(self, alice: Client, acme: Organization) -> None:
        value = issued(alice)
        address = reverse("partner:token_revoke", args=[InitialAccessToken.objects.get().pk])
        assert address in text(alice, TOKENS)
        with exactly_one_event(Event.INITIAL_ACCESS_TOKEN_REVOKED):
            assert alice.post(address)["Location"] == TOKENS
        assert InProcess().post("/register", bearer=value, json=world.metadata(acme)).status == 401
        assert alice.post(address).status_code == 404

    def test_of_another_organization_is_not_found(self, carol: Client, acme: Organization) -> None:
        token = world.initial_access_token(acme).row
        with no_event():
            assert carol.post(reverse("partner:token_revoke", args=[token.pk])).status_code == 404

    def test_by_a_developer_is_refused(self, bob: Client, acme: Organization) -> None:
        token = world.initial_access_token(acme).row
        with no_event():
            assert bob.post(reverse("partner:token_revoke", args=[token.pk])).status_code == 403


def test_lists_its_own_only(bob: Client, acme: Organization, other: Organization) -> None:
    own, foreign = world.initial_access_token(acme).row, world.initial_access_token(other).row
    InitialAccessToken.objects.filter(pk=own.pk).update(hint="pri_ownA")
    InitialAccessToken.objects.filter(pk=foreign.pk).update(hint="pri_forB")
    page = text(bob, TOKENS)
    assert "pri_ownA" in page
    assert "pri_forB" not in page
