"""Initial access tokens: issued under a fresh factor, shown once, ended before their time."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from registry import lifecycle, queries
from registry.events import Event
from registry.models import Organization
from tests import world
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, text

FORM = {
    "environment": "production",
    "max_uses": "3",
    "hours": "2",
    "roles": ["partner"],
    "allowed_hosts": "App.Acme.example\nacme.example",
    "software_id": "ledger",
    "reason": "first integration",
}


def to(name: str, *arguments: object) -> str:
    return reverse(f"staff:{name}", args=arguments)


class TestNew:
    def test_shows_the_value_once(self, stan: Client, acme: Organization) -> None:
        with exactly_one_event(Event.INITIAL_ACCESS_TOKEN_ISSUED):
            answer = stan.post(to("initial_access_token_new", acme.slug), FORM)
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        value = answer.context["token"]
        assert value in answer.content.decode()
        assert value not in text(stan, to("organization_clients", acme.slug))
        assert value not in text(stan, to("initial_access_token_new", acme.slug))

    def test_keeps_the_limits_and_the_reason(self, stan: Client, acme: Organization) -> None:
        stan.post(to("initial_access_token_new", acme.slug), FORM)
        row = queries.initial_access_tokens(STAFF, acme.slug).get()
        assert (row.environment, row.max_uses, row.software_id) == ("production", 3, "ledger")
        assert (row.roles, row.allowed_hosts) == (["partner"], ["app.acme.example", "acme.example"])
        assert row.expires_at - row.created_at == timedelta(hours=2)
        event = queries.audit_events(STAFF, action=Event.INITIAL_ACCESS_TOKEN_ISSUED).get()
        assert event.reason == "first integration"
        assert "pri_" not in str(event.after)

    def test_keeps_what_was_typed(self, stan: Client, acme: Organization) -> None:
        with no_event():
            answer = stan.post(to("initial_access_token_new", acme.slug), FORM | {"max_uses": "0"})
        assert "No token was issued" in answer.content.decode()
        assert answer.context["form"]["allowed_hosts"].value() == FORM["allowed_hosts"]

    def test_says_what_the_registry_refuses(self, stan: Client, acme: Organization) -> None:
        with no_event():
            answer = stan.post(to("initial_access_token_new", acme.slug), FORM | {"hours": "1000"})
        assert answer.status_code == 422
        assert "lifetime" in answer.content.decode()

    @pytest.mark.parametrize(
        "host",
        [
            "https://app.acme.example",
            "app.acme.example/cb",
            "app.acme.example:8443",
            "*.acme.example",
            "app_1",
        ],
    )
    def test_a_host_that_is_none_is_an_error_beside_its_field(
        self, stan: Client, acme: Organization, host: str
    ) -> None:
        with no_event():
            answer = stan.post(
                to("initial_access_token_new", acme.slug), FORM | {"allowed_hosts": f"acme.example\n{host}"}
            )
        assert answer.status_code == 422
        (error,) = answer.context["form"].errors["allowed_hosts"]
        assert error.startswith("The host on line 2 is no DNS name.")

    def test_ends_in_as_long_as_was_chosen(self, stan: Client, acme: Organization) -> None:
        page = stan.post(to("initial_access_token_new", acme.slug), FORM | {"hours": "23"}).content.decode()
        assert "in 23 h" in page

    def test_is_listed_by_how_it_begins(self, stan: Client, acme: Organization) -> None:
        value = stan.post(to("initial_access_token_new", acme.slug), FORM).context["token"]
        page = text(stan, to("organization_clients", acme.slug))
        assert f'<span class="id">{value[:8]}…</span>' in page

    def test_is_closed_while_contained(self, stan: Client, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.PAUL, reason="drill", now=world.now())
        assert "cannot register anywhere" in text(stan, to("initial_access_token_new", acme.slug))
        with no_event():
            page = stan.post(to("initial_access_token_new", acme.slug), FORM).content.decode()
        assert "No token was issued" in page

    def test_a_draft_gets_one_for_the_sandbox_only(self, stan: Client, draft: Organization) -> None:
        page = text(stan, to("initial_access_token_new", draft.slug))
        assert 'value="sandbox"' in page
        assert 'value="production"' not in page


class TestRevoke:
    def test_ends_it(self, sofia: Client, acme: Organization) -> None:
        row = world.initial_access_token(acme).row
        with exactly_one_event(Event.INITIAL_ACCESS_TOKEN_REVOKED):
            answer = sofia.post(to("initial_access_token_revoke", acme.slug, row.pk))
        assert (answer.status_code, answer["Location"]) == (303, to("organization_clients", acme.slug))
        assert "Revoked" in text(sofia, to("organization_clients", acme.slug))

    def test_of_another_organization_is_not_there(self, sofia: Client, acme: Organization) -> None:
        row = world.initial_access_token(world.organization("other")).row
        with no_event():
            answer = sofia.post(to("initial_access_token_revoke", acme.slug, row.pk))
        assert answer.status_code == 404

    def test_is_no_link(self, sofia: Client, acme: Organization) -> None:
        row = world.initial_access_token(acme).row
        assert sofia.get(to("initial_access_token_revoke", acme.slug, row.pk)).status_code == 405


class TestStates:
    def test_says_where_each_stands(self, ada: Client, acme: Organization) -> None:
        world.initial_access_token(acme, max_uses=1)
        assert "Usable" in text(ada, to("organization_clients", acme.slug))
        lifecycle.contain_organization(acme.pk, actor=world.PAUL, reason="drill", now=world.now())
        page = text(ada, to("organization_clients", acme.slug))
        assert "Usable" not in page
        assert "Revoked" in page
