"""Own clients with their state, keys and findings; what was refused, with the rule and the fix."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from registry import decisions, lifecycle
from registry.errors import RegistrationRefused
from registry.models import Organization
from registry.routes import dynamic
from registry.routes.dynamic import RegistrationCall
from registry.states import Environment
from tests import world
from tests.portal.staff.scene import registered, text


def refused(holder: Organization, body: dict[str, object]) -> None:
    call = RegistrationCall(
        bearer=world.initial_access_token(holder).value,
        content_type="application/json",
        body=json.dumps(body).encode(),
        idempotency_key=None,
        source="192.0.2.7",
        request_id="req_refused",
    )
    with pytest.raises(RegistrationRefused):
        dynamic.register(call, now=world.now())


def to(client_id: str) -> str:
    return reverse("partner:client", args=[client_id])


class TestList:
    @pytest.mark.parametrize("query", ["", "?q=ledger", "?state=active", "?environment=sandbox"])
    def test_finds(self, bob: Client, acme: Organization, query: str) -> None:
        assert registered(acme).client_id in text(bob, f"/partner/clients/{query}")

    @pytest.mark.parametrize("query", ["?q=nobody", "?state=revoked", "?environment=production"])
    def test_filters(self, bob: Client, acme: Organization, query: str) -> None:
        assert registered(acme).client_id not in text(bob, f"/partner/clients/{query}")

    def test_says_what_was_refused_and_how_to_fix_it(self, bob: Client, acme: Organization) -> None:
        refused(acme, world.metadata(acme, redirect_uris=[f"https://app.{acme.slug}.example/cb#x"]))
        page = text(bob, "/partner/clients/")
        assert "U1.fragment" in page
        assert "<b>Fix:</b>" in page
        assert "req_refused" in page

    def test_an_unreadable_request_is_told_too(self, bob: Client, acme: Organization) -> None:
        refused(acme, {"redirect_uris": 7})
        assert "The request cannot be read as metadata" in text(bob, "/partner/clients/")

    def test_what_others_were_refused_is_theirs(
        self, bob: Client, acme: Organization, other: Organization
    ) -> None:
        refused(other, world.metadata(other, scope="everything"))
        assert "Nothing was refused" in text(bob, "/partner/clients/")


class TestDetail:
    def test_shows_state_keys_and_members(self, bob: Client, acme: Organization) -> None:
        key = world.signer()
        made = registered(
            acme,
            token_endpoint_auth_method="private_key_jwt",
            token_endpoint_auth_signing_alg="ES256",
            jwks={"keys": [key.public]},
        )
        page = text(bob, to(made.client_id))
        assert "May act" in page
        assert key.key.thumbprint() in page
        assert "redirect_<wbr>uris" in page
        assert "Every rule is met" in page

    def test_names_no_staff_and_no_reason_of_a_suspension(self, bob: Client, acme: Organization) -> None:
        made = registered(acme)
        lifecycle.suspend_client(made.client_id, actor=world.STAN, reason="we watch them", now=world.now())
        page = text(bob, to(made.client_id))
        assert "May not act" in page
        assert "Client suspended" in page
        assert "we watch them" not in page
        assert "Stan Sample" not in page

    def test_tells_the_reason_of_a_rejection(self, bob: Client, acme: Organization) -> None:
        made = registered(acme, Environment.PRODUCTION)
        decisions.reject(
            made.registrations.get().pk, actor=world.PAUL, reason="use your own host", now=world.now()
        )
        page = text(bob, to(made.client_id))
        assert "Its registration was rejected" in page
        assert "use your own host" in page

    def test_tells_that_its_environment_is_contained(self, bob: Client, acme: Organization) -> None:
        made = registered(acme)
        lifecycle.contain_environment(
            acme.pk, Environment.SANDBOX, actor=world.STAN, reason="we watch them", now=world.now()
        )
        page = text(bob, to(made.client_id))
        assert "Your organization is contained in sandbox" in page
        assert "we watch them" not in page

    def test_a_waiting_one_asks_for_nothing(self, bob: Client, acme: Organization) -> None:
        made = registered(acme, Environment.PRODUCTION)
        assert "the operator decides" in text(bob, to(made.client_id))

    def test_escapes_its_own_words(self, bob: Client, acme: Organization) -> None:
        made = registered(acme, client_name="<script>x</script>")
        assert "<script>x" not in text(bob, to(made.client_id))
