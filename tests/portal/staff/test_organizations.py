"""Organizations: the list, a new one, the tabs of one."""

import pytest
from django.test import Client
from django.urls import reverse

from registry import lifecycle, queries
from registry.events import Event
from registry.models import Organization
from tests import world
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, registered, text

NEW = "/staff/organizations/new/"
FORM = {
    "legal_name": "Fjord Lending ASA",
    "display_name": "Fjord Lending",
    "slug": "fjord",
    "registration_scheme": "national",
    "registration_number": "NO 987 654 321",
    "country": "no",
    "security_contact": "security@fjord.example",
    "role": "account_information",
    "scopes": "accounts:read balances:read",
    "default_scopes": "accounts:read",
    "grant_types": ["authorization_code", "refresh_token"],
    "sandbox_review": "automatic",
    "production_review": "four_eyes",
    "preset": "baseline",
    "sandbox_clients": "5",
    "production_clients": "3",
}


class TestList:
    def test_finds_by_name_number_and_domain(
        self, ada: Client, acme: Organization, draft: Organization
    ) -> None:
        for words in (acme.slug, acme.registration_number, f"{acme.slug}.example"):
            page = text(ada, f"/staff/organizations/?q={words}")
            assert reverse("staff:organization", args=[acme.slug]) in page
            assert reverse("staff:organization", args=[draft.slug]) not in page

    def test_filters_by_state_and_says_so(self, ada: Client, acme: Organization, draft: Organization) -> None:
        page = text(ada, "/staff/organizations/?state=draft")
        assert draft.slug in page
        assert reverse("staff:organization", args=[acme.slug]) not in page
        assert "state: Draft" in page

    @pytest.mark.parametrize(
        "query", ["q=%00", "state=nonsense", "sort=organization__pk", "page=-1", "page=9999"]
    )
    def test_nonsense_in_the_query_is_dropped(self, ada: Client, acme: Organization, query: str) -> None:
        assert ada.get(f"/staff/organizations/?{query}").status_code == 200

    def test_shows_fifty_a_page(self, ada: Client, db: None) -> None:
        for _ in range(51):
            world.organization(active=False, domains=())
        count = Organization.objects.count()
        first, second = text(ada, "/staff/organizations/"), text(ada, "/staff/organizations/?page=2")
        assert f"1–50 of {count}" in first
        assert f"51–{count} of {count}" in second
        assert 'href="/staff/organizations/?page=2" rel="next"' in first

    @pytest.mark.parametrize("sort", ["clients", "-clients", "state", "-organization"])
    def test_sorts(self, ada: Client, acme: Organization, draft: Organization, sort: str) -> None:
        registered(acme)
        assert "aria-sort" in text(ada, f"/staff/organizations/?sort={sort}")

    def test_an_auditor_is_offered_no_act(self, ada: Client, acme: Organization) -> None:
        assert NEW not in text(ada, "/staff/organizations/")


class TestNew:
    def test_makes_a_draft(self, stan: Client, db: None) -> None:
        world.operator()
        with exactly_one_event(Event.ORGANIZATION_CREATED):
            answer = stan.post(NEW, FORM)
        assert (answer.status_code, answer["Location"]) == (303, "/staff/organizations/fjord/")
        made = queries.organization(STAFF, "fjord")
        held = made.entitlements.get()
        assert (made.state, made.country, made.production_review) == ("draft", "NO", "four_eyes")
        assert (held.scopes, held.default_scopes) == (["accounts:read", "balances:read"], ["accounts:read"])
        assert made.contacts.get().email == "security@fjord.example"
        assert {quota.environment: quota.clients for quota in made.quotas.all()} == {
            "sandbox": 5,
            "production": 3,
        }

    def test_keeps_what_was_typed(self, stan: Client, db: None) -> None:
        with no_event():
            page = stan.post(NEW, FORM | {"slug": "", "scopes": "accounts:read"}).content.decode()
        assert "Error: " in page
        assert 'value="Fjord Lending ASA"' in page
        assert "accounts:read" in page

    def test_says_what_the_registry_refuses(self, stan: Client, acme: Organization) -> None:
        with no_event():
            answer = stan.post(NEW, FORM | {"slug": acme.slug})
        assert answer.status_code == 409
        assert "exists" in answer.content.decode()

    def test_refuses_a_false_lei(self, stan: Client, db: None) -> None:
        answer = stan.post(
            NEW, FORM | {"registration_scheme": "lei", "registration_number": "5299000J2N45DDNE4Y29"}
        )
        assert answer.status_code == 422
        assert "LEI" in answer.content.decode()

    def test_refuses_default_scopes_that_are_not_held(self, stan: Client, db: None) -> None:
        assert "not all among the scopes" in stan.post(NEW, FORM | {"default_scopes": "x"}).content.decode()


class TestTabs:
    def test_overview_shows_what_it_holds(self, ada: Client, acme: Organization) -> None:
        registered(acme)
        page = text(ada, reverse("staff:organization", args=[acme.slug]))
        assert "payments:write" in page
        assert "1 of 1" in page  # clients of the sandbox quota: 1 of 1 000
        assert "Approved; the organization is active" in page

    def test_the_operators_own_role_is_not_offered_for_withdrawal(
        self, stan: Client, acme: Organization
    ) -> None:
        assert "Withdraw …" in text(stan, reverse("staff:organization", args=[acme.slug]))
        page = text(stan, reverse("staff:organization", args=[world.operator().slug]))
        assert "Change …" in page
        assert "Withdraw …" not in page

    def test_an_unknown_one_is_not_there(self, ada: Client, db: None) -> None:
        assert ada.get(reverse("staff:organization", args=["nobody"])).status_code == 404

    def test_clients_lists_its_own_only(self, ada: Client, acme: Organization) -> None:
        own, other = registered(acme), registered(world.organization("other"))
        page = text(ada, reverse("staff:organization_clients", args=[acme.slug]))
        assert own.client_id in page
        assert other.client_id not in page

    def test_clients_show_tokens_without_their_values(self, ada: Client, acme: Organization) -> None:
        minted = world.initial_access_token(acme)
        page = text(ada, reverse("staff:organization_clients", args=[acme.slug]))
        assert minted.row.hint in page
        assert minted.value not in page

    def test_audit_shows_its_events(self, ada: Client, acme: Organization) -> None:
        page = text(ada, reverse("staff:organization_audit", args=[acme.slug]))
        assert "organization.<wbr>approval.<wbr>granted" in page

    def test_acts_fit_the_state(self, stan: Client, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.PAUL, reason="drill", now=world.now())
        page = text(stan, reverse("staff:organization", args=[acme.slug]))
        assert reverse("staff:organization_restore", args=[acme.slug]) in page
        assert reverse("staff:organization_contain", args=[acme.slug]) not in page
        assert reverse("staff:initial_access_token_new", args=[acme.slug]) not in page


class TestDomains:
    def test_attests(self, stan: Client, draft: Organization) -> None:
        address = reverse("staff:organization_domains", args=[draft.slug])
        with exactly_one_event(Event.DOMAIN_PROVED):
            answer = stan.post(address, {"domain": "Juniper.example.", "evidence": "whois"})
        assert (answer.status_code, answer["Location"]) == (303, address)
        assert "juniper.example" in text(stan, address)

    def test_refuses_a_public_suffix(self, stan: Client, draft: Organization) -> None:
        address = reverse("staff:organization_domains", args=[draft.slug])
        with no_event():
            answer = stan.post(address, {"domain": "co.uk", "evidence": "none"})
        assert answer.status_code == 422
        assert 'value="co.uk"' in answer.content.decode()

    def test_counts_who_relies_on_it(self, ada: Client, acme: Organization) -> None:
        registered(acme)
        assert ">1</td>" in text(ada, reverse("staff:organization_domains", args=[acme.slug]))

    def test_an_auditor_is_offered_no_form(self, ada: Client, acme: Organization) -> None:
        assert "Attest domain" not in text(ada, reverse("staff:organization_domains", args=[acme.slug]))
