"""Clients of all organizations: list, one client, suspend, reactivate, deregister."""

import pytest
from django.test import Client
from django.urls import reverse

from registry import domain_proofs, lifecycle, onboarding, queries
from registry.events import Event
from registry.models import Organization
from registry.states import Environment
from tests import world
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, registered, text

SUSPEND = {"reason_code": "misuse", "reason": "too many calls"}
DEREGISTER = SUSPEND | {"typed_name": "Ledger"}


def to(name: str, client_id: str) -> str:
    return reverse(f"staff:{name}", args=[client_id])


def state(client_id: str) -> str:
    return str(queries.client(STAFF, client_id).state)


@pytest.fixture
def ledger(acme: Organization) -> str:
    return registered(acme).client_id


class TestList:
    @pytest.mark.parametrize(
        "query",
        ["q=ledger", "state=active", "environment=sandbox", "route=manual", "sort=-keys", "sort=used"],
    )
    def test_finds(self, ada: Client, ledger: str, query: str) -> None:
        assert ledger in text(ada, f"/staff/clients/?{query}")

    @pytest.mark.parametrize("query", ["q=nobody", "state=revoked", "environment=production", "unused=90"])
    def test_filters(self, ada: Client, ledger: str, query: str) -> None:
        page = text(ada, f"/staff/clients/?{query}")
        assert ledger not in page
        assert "No client matches" in page

    def test_finds_by_client_id_and_organization(self, ada: Client, ledger: str, acme: Organization) -> None:
        assert to("client", ledger) in text(ada, f"/staff/clients/?q={ledger[3:]}")
        assert to("client", ledger) in text(ada, f"/staff/clients/?q={acme.display_name}")

    @pytest.mark.parametrize(
        ("environment", "said"),
        [
            (None, "organization contained"),
            (Environment.SANDBOX, "sandbox contained"),
            (Environment.PRODUCTION, ""),
        ],
    )
    def test_says_what_stops_an_active_one(
        self, ada: Client, ledger: str, acme: Organization, environment: Environment | None, said: str
    ) -> None:
        act = {"actor": world.STAN, "reason": "drill", "now": world.now()}
        if environment is None:
            lifecycle.contain_organization(acme.pk, **act)
        else:
            lifecycle.contain_environment(acme.pk, environment, **act)
        page = text(ada, f"/staff/clients/?q={ledger}")
        assert (f"{said}</span>" in page) if said else ("contained</span>" not in page)

    def test_nothing_more_stops_one_that_ended(self, ada: Client, ledger: str, acme: Organization) -> None:
        act = {"actor": world.STAN, "reason": "drill", "now": world.now()}
        lifecycle.deregister_client(ledger, **act)
        lifecycle.contain_organization(acme.pk, **act)
        assert "contained</span>" not in text(ada, f"/staff/clients/?q={ledger}")


class TestDetail:
    def test_says_whether_it_may_act(self, ada: Client, ledger: str) -> None:
        assert "May act: yes" in text(ada, to("client", ledger))

    def test_names_the_weakest_term(self, ada: Client, ledger: str, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        page = text(ada, to("client", ledger))
        assert "May act: no" in page
        assert "The weakest term: organization suspended." in page
        assert "Nothing issued before it counts." in page

    def test_a_host_whose_proof_ended_is_flagged_while_it_goes_on(
        self, ada: Client, ledger: str, acme: Organization
    ) -> None:
        assert ada.get(to("client", ledger)).context["findings"] == []
        domain_proofs.end_domain(
            acme.pk, f"{acme.slug}.example", actor=world.STAN, reason="sold", now=world.now()
        )
        answer = ada.get(to("client", ledger))
        (finding,) = answer.context["findings"]
        assert (finding["rule"], finding["outcome"]) == ("U4.proved_domain", "warn")
        assert answer.context["counts"]["warn"] == 1
        assert "May act: yes" in answer.content.decode()

    def test_a_scope_that_was_withdrawn_is_flagged(
        self, ada: Client, ledger: str, acme: Organization
    ) -> None:
        onboarding.withdraw_entitlement(
            acme.pk, "partner", actor=world.STAN, reason="unused", now=world.now()
        )
        rules = {finding["rule"] for finding in ada.get(to("client", ledger)).context["findings"]}
        assert rules == {"S1.entitled", "G1.entitled"}

    def test_a_cutoff_of_the_other_environment_is_none_of_its_own(
        self, ada: Client, ledger: str, acme: Organization
    ) -> None:
        act = {"actor": world.STAN, "reason": "drill", "now": world.now()}
        lifecycle.contain_environment(acme.pk, Environment.PRODUCTION, **act)
        assert "No cutoff was ever written." in text(ada, to("client", ledger))
        lifecycle.contain_environment(acme.pk, Environment.SANDBOX, **act)
        assert "Nothing issued before it counts." in text(ada, to("client", ledger))

    def test_containment_of_its_environment_does_not_contradict_the_state(
        self, ada: Client, ledger: str, acme: Organization
    ) -> None:
        lifecycle.contain_environment(
            acme.pk, Environment.SANDBOX, actor=world.STAN, reason="drill", now=world.now()
        )
        page = text(ada, to("client", ledger))
        assert "The weakest term: organization contained in sandbox." in page
        assert "Organization active, contained in sandbox; own state active." in page
        assert "organization suspended" not in page

    def test_shows_keys_by_thumbprint(self, ada: Client, acme: Organization) -> None:
        key = world.signer()
        made = registered(
            acme,
            token_endpoint_auth_method="private_key_jwt",
            token_endpoint_auth_signing_alg="ES256",
            jwks={"keys": [key.public]},
        )
        page = text(ada, to("client", made.client_id))
        assert "EC P-256 · ES256" in page
        assert key.key.thumbprint() in page

    def test_links_its_case(self, ada: Client, acme: Organization) -> None:
        made = registered(acme, Environment.PRODUCTION)
        case = made.registrations.get()
        assert reverse("staff:case", args=[case.pk]) in text(ada, to("client", made.client_id))

    @pytest.mark.parametrize("client_id", ["c_unknown", "%00", "a b"])
    def test_an_unknown_one_is_not_there(self, ada: Client, db: None, client_id: str) -> None:
        world.operator()
        assert ada.get(f"/staff/clients/{client_id}/").status_code == 404

    def test_an_auditor_is_offered_no_act(self, ada: Client, ledger: str) -> None:
        assert to("client_suspend", ledger) not in text(ada, to("client", ledger))


class TestSuspend:
    def test_stops_it(self, sofia: Client, ledger: str) -> None:
        with exactly_one_event(Event.CLIENT_SUSPENDED):
            answer = sofia.post(to("client_suspend", ledger), SUSPEND)
        assert (answer.status_code, answer["Location"]) == (303, to("client", ledger))
        assert state(ledger) == "suspended"
        assert queries.client(STAFF, ledger).state_reason == "Misuse of data or scopes: too many calls"

    def test_needs_a_reason(self, sofia: Client, ledger: str) -> None:
        with no_event():
            answer = sofia.post(to("client_suspend", ledger), SUSPEND | {"reason": ""})
        assert answer.context["form"]["reason_code"].value() == "misuse"

    def test_a_suspended_one_is_closed(self, sofia: Client, ledger: str) -> None:
        sofia.post(to("client_suspend", ledger), SUSPEND)
        assert "It is suspended; this is not possible from there." in text(
            sofia, to("client_suspend", ledger)
        )
        with no_event():
            assert sofia.post(to("client_suspend", ledger), SUSPEND).status_code == 409


class TestReactivate:
    def test_lets_it_act_again(self, stan: Client, ledger: str) -> None:
        lifecycle.suspend_client(ledger, actor=world.STAN, reason="drill", now=world.now())
        with exactly_one_event(Event.CLIENT_REACTIVATED):
            assert stan.post(to("client_reactivate", ledger), {"reason": "settled"}).status_code == 303
        assert state(ledger) == "active"

    def test_an_active_one_is_closed(self, stan: Client, ledger: str) -> None:
        with no_event():
            assert stan.post(to("client_reactivate", ledger), {"reason": "settled"}).status_code == 409


class TestDeregister:
    def test_ends_it(self, stan: Client, ledger: str) -> None:
        with exactly_one_event(Event.CLIENT_DEREGISTERED):
            assert stan.post(to("client_deregister", ledger), DEREGISTER).status_code == 303
        assert state(ledger) == "offboarded"
        assert "Usable" not in text(stan, to("client", ledger))

    @pytest.mark.parametrize("typed", ["", "ledger", "Ledger2"])
    def test_needs_its_name(self, stan: Client, ledger: str, typed: str) -> None:
        with no_event():
            answer = stan.post(to("client_deregister", ledger), DEREGISTER | {"typed_name": typed})
        assert "Nothing was deregistered" in answer.content.decode()
        assert answer.context["form"]["reason"].value() == "too many calls"
