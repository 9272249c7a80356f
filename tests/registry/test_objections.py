"""What rules say now of clients that stand."""

import pytest

from registry import domain_proofs, lifecycle, onboarding, queries
from registry.errors import NotFound
from registry.models import Organization
from registry.organization_facts import EntitlementFacts
from tests import world
from tests.portal.staff.scene import STAFF, registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return world.organization()


def rules(client_id: str) -> list[str]:
    return [finding.rule for finding in queries.objections(STAFF, client_id, world.now())]


def end_proof(acme: Organization) -> None:
    domain_proofs.end_domain(
        acme.pk, f"{acme.slug}.example", actor=world.STAN, reason="sold", now=world.now()
    )


def test_an_ended_proof_speaks_against_links_and_keys_by_reference(acme: Organization) -> None:
    host = f"https://app.{acme.slug}.example"
    links = {"client_uri": f"{host}/", "policy_uri": f"{host}/privacy"}
    made = registered(acme, **links)
    end_proof(acme)
    assert rules(made.client_id).count("D1.domain") == 2


class TestObjections:
    def test_there_are_none_while_it_holds_what_they_were_granted_under(self, acme: Organization) -> None:
        assert rules(registered(acme).client_id) == []

    def test_to_a_host_whose_proof_ended(self, acme: Organization) -> None:
        made = registered(acme)
        end_proof(acme)
        assert rules(made.client_id) == ["U4.proved_domain"]
        assert queries.client(STAFF, made.client_id).state == "active"

    def test_not_to_a_host_on_the_users_own_device(self, acme: Organization) -> None:
        native = {"application_type": "native", "token_endpoint_auth_method": "none"}
        made = registered(acme, redirect_uris=["http://127.0.0.1/cb"], **native)
        end_proof(acme)
        assert rules(made.client_id) == []

    def test_to_scopes_and_grants_that_it_holds_no_more(self, acme: Organization) -> None:
        made = registered(acme)
        facts = EntitlementFacts("partner", ["payments:write"], ["client_credentials"])
        onboarding.grant_entitlement(acme.pk, facts, actor=world.STAN, now=world.now())
        assert set(rules(made.client_id)) == {"S1.entitled", "G1.entitled"}

    def test_not_to_a_client_that_has_ended(self, acme: Organization) -> None:
        made = registered(acme)
        end_proof(acme)
        lifecycle.deregister_client(made.client_id, actor=world.STAN, reason="", now=world.now())
        assert rules(made.client_id) == []

    def test_of_an_unknown_client_nothing_is_said(self, acme: Organization) -> None:
        with pytest.raises(NotFound):
            rules("c_nobody")
