import pytest
from django.urls import reverse

from portal.api.shapes import base
from registry import lifecycle, onboarding
from registry.models import Contact, Organization, Outcome
from registry.models.organizations import ContactKind, DomainProof, RegistrationScheme, Review
from registry.roles import Role
from tests import world
from tests.portal.api.conftest import registered
from tests.portal.signed_in import as_role

pytestmark = pytest.mark.django_db

NEW = {
    "slug": "new-partner",
    "legal_name": "New Partner AS",
    "display_name": "New Partner",
    "registration_scheme": "national",
    "registration_number": "NO 1",
    "country": "NO",
}
WHY = {"reason": "keys leaked"}


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    return answer.json()


def test_the_words_are_those_of_the_registry():
    assert list(base.REVIEWS) == Review.values
    assert list(base.SCHEMES) == RegistrationScheme.values
    assert list(base.CONTACT_KINDS) == ContactKind.values
    assert list(base.OUTCOMES) == Outcome.values
    assert list(base.PROOFS) == DomainProof.values


class TestList:
    def test_filters_by_state(self, api, acme):
        draft = world.organization("acme", active=False)
        found = {row["slug"] for row in api.get("organizations", state="draft").json()["results"]}
        assert draft.slug in found
        assert acme.slug not in found

    @pytest.mark.parametrize("text", ["{slug}", "{slug}.example", "Acme As"])
    def test_finds_by_slug_domain_and_name(self, text, api, acme):
        rows = api.get("organizations", q=text.format(slug=acme.slug)).json()["results"]
        assert acme.slug in {row["slug"] for row in rows}

    def test_counts_clients(self, api, acme):
        registered(acme)
        (row,) = api.get("organizations", q=acme.slug).json()["results"]
        assert row["clients_total"] == 1
        assert row["state"] == "active"


class TestCreate:
    def test_answers_with_the_organization_in_full(self, api):
        answer = api.post("organizations", NEW)
        assert answer.status_code == 201
        assert answer["Location"] == "/api/v1/organizations/new-partner"
        assert answer.json() == api.get("organizations/new-partner").json()
        assert answer.json()["state"] == "draft"
        assert {quota["environment"] for quota in answer.json()["quotas"]} == {"sandbox", "production"}

    def test_keeps_everything_that_was_said(self, api):
        sponsor = world.person(Role.PARTNER_MANAGER)
        contact = {"kind": "security", "name": "Sam", "email": "soc@new.example", "phone": ""}
        quota = {
            "environment": "sandbox",
            "clients": 3,
            "keys_per_client": 2,
            "initial_access_tokens": 1,
            "registrations_per_hour": 0,
        }
        role = {
            "role": "aisp",
            "scopes": ["accounts:read"],
            "default_scopes": ["accounts:read"],
            "grant_types": ["client_credentials"],
            "valid_until": None,
        }
        said = NEW | {
            "website": "https://new.example/",
            "contract_end": "2030-12-31",
            "sponsor": sponsor.email.upper(),
            "sandbox_review": "one_person",
            "production_review": "four_eyes",
            "preset": "baseline",
            "contacts": [contact],
            "quotas": [quota],
        }
        made = api.post("organizations", said | {"entitlements": [role]})
        assert made.status_code == 201, made.content
        assert made.json() | said | {"sponsor": sponsor.email} == made.json()
        assert api.get("organizations/new-partner/entitlements").json()["results"] == [role]

    def test_a_lei_is_checked(self, api):
        good = {"registration_scheme": "lei", "registration_number": "5493001KJTIIGC8Y1R12"}
        assert api.post("organizations", NEW | good).status_code == 201

    def test_a_slug_is_held_once(self, api, acme):
        refused(api.post("organizations", NEW | {"slug": acme.slug}), 409, "conflict")

    def test_a_registration_number_is_held_once(self, api):
        api.post("organizations", NEW)
        refused(api.post("organizations", NEW | {"slug": "another"}), 409, "conflict")

    def test_a_sponsor_is_of_the_staff(self, api, acme):
        partner = world.person(Role.ORGANIZATION_ADMIN, acme)
        for email in (partner.email, "nobody@people.example"):
            problem = refused(api.post("organizations", NEW | {"sponsor": email}), 422, "invalid_input")
            assert [finding["member"] for finding in problem["findings"]] == ["sponsor"]

    @pytest.mark.parametrize(
        ("member", "items"),
        [
            ("quotas", [{"environment": "sandbox"}, {"environment": "sandbox"}]),
            ("entitlements", [{"role": "a", "scopes": [], "grant_types": []}] * 2),
            ("contacts", [{"kind": "billing", "name": "A", "email": "a@b.example"}] * 2),
        ],
    )
    def test_parts_stand_once(self, member, items, api):
        refused(api.post("organizations", NEW | {member: items}), 422, "invalid_input")
        assert not Organization.objects.filter(slug="new-partner").exists()

    @pytest.mark.parametrize("state", ["active", "draft"])
    def test_a_state_cannot_be_said(self, state, api):
        refused(api.post("organizations", NEW | {"state": state}), 422, "invalid_input")

    def test_a_refused_one_leaves_no_parts(self, api, acme):
        contacts = [{"kind": "billing", "name": "A", "email": "a@b.example"}]
        refused(api.post("organizations", NEW | {"slug": acme.slug, "contacts": contacts}), 409, "conflict")
        assert not Contact.objects.filter(email="a@b.example").exists()


class TestChange:
    def test_answers_with_the_organization_after_the_change(self, api, acme):
        changes = {
            "display_name": "Acme & Sons",
            "contract_end": None,
            "website": "",
            "sandbox_review": "four_eyes",
        }
        answer = api.patch(f"organizations/{acme.slug}", changes)
        assert answer.status_code == 200
        assert answer.json() | changes == answer.json() == api.get(f"organizations/{acme.slug}").json()

    @pytest.mark.parametrize("member", ["state", "slug", "preset", "contained_by", "evidence", "is_operator"])
    def test_other_facts_are_not_changed(self, member, api, acme):
        before = api.get(f"organizations/{acme.slug}").json()
        problem = refused(api.patch(f"organizations/{acme.slug}", {member: "x"}), 422, "invalid_input")
        assert [finding["member"] for finding in problem["findings"]] == [member]
        assert api.get(f"organizations/{acme.slug}").json() == before

    def test_of_legal_facts_sponsor_and_contacts(self, api, acme):
        sponsor = world.person(Role.PARTNER_MANAGER).email
        changes = {
            "registration_scheme": "lei",
            "registration_number": "5493001KJTIIGC8Y1R12",
            "country": "DK",
            "sponsor": sponsor,
            "contacts": [{"kind": "security", "name": "Desk", "email": "s@acme.example", "phone": ""}],
        }
        answer = api.patch(f"organizations/{acme.slug}", changes)
        assert answer.json() | changes == answer.json() == api.get(f"organizations/{acme.slug}").json()
        assert api.patch(f"organizations/{acme.slug}", {"sponsor": None}).json()["sponsor"] is None

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("country", "ZZ"),
            ("registration_number", ""),
            ("registration_scheme", "lei"),
            ("contract_end", "2020-01-01"),
            ("contract_end", "0001-01-01"),
            ("contract_end", "9999-12-31"),
            ("sponsor", "nobody@people.example"),
        ],
    )
    def test_to_what_cannot_be_true_is_refused_by_the_member(self, member, value, api, acme):
        problem = refused(api.patch(f"organizations/{acme.slug}", {member: value}), 422, "invalid_input")
        named = "registration_number" if member == "registration_scheme" else member
        assert [finding["member"] for finding in problem["findings"]] == [named]

    def test_nothing_is_not_a_change(self, api, acme):
        refused(api.patch(f"organizations/{acme.slug}", {}), 422, "invalid_input")


class TestApproval:
    def submitted(self, api):
        slug = world.organization(active=False).slug
        answer = api.post(f"organizations/{slug}/submit", {"evidence": "register extract", "reason": "new"})
        assert (answer.status_code, answer.json()["state"]) == (200, "pending")
        assert answer.json()["submitted_by"] == f"service:{api.client_id}"
        return slug

    def test_a_second_service_approves(self, service):
        slug = self.submitted(service())
        answer = service().post(f"organizations/{slug}/approve", {"reason": "checked"})
        assert (answer.status_code, answer.json()["state"]) == (200, "active")

    def test_whoever_submitted_does_not_approve(self, api):
        slug = self.submitted(api)
        refused(api.post(f"organizations/{slug}/approve", {}), 403, "four_eyes_required")
        assert api.get(f"organizations/{slug}").json()["state"] == "pending"

    def test_a_draft_cannot_be_approved(self, api):
        slug = world.organization(active=False).slug
        refused(api.post(f"organizations/{slug}/approve", {}), 409, "invalid_state")

    @pytest.mark.parametrize("evidence", ["", "  "])
    def test_evidence_is_needed(self, evidence, api):
        slug = world.organization(active=False).slug
        refused(api.post(f"organizations/{slug}/submit", {"evidence": evidence}), 422, "invalid_input")


class TestContainment:
    def test_contain_and_restore_by_another(self, service, acme):
        first, second = service(), service()
        contained = first.post(f"organizations/{acme.slug}/contain", WHY).json()
        assert (contained["state"], contained["state_reason"]) == ("suspended", "keys leaked")
        assert contained["cutoff_at"]
        refused(first.post(f"organizations/{acme.slug}/restore", WHY), 403, "four_eyes_required")
        assert second.post(f"organizations/{acme.slug}/restore", WHY).json()["state"] == "active"

    def test_one_environment(self, service, acme):
        first, second = service(), service()
        body = WHY | {"environment": "production"}
        contained = first.post(f"organizations/{acme.slug}/contain", body).json()
        assert (contained["state"], contained["production_contained"]) == ("active", True)
        assert contained["sandbox_contained"] is False
        refused(first.post(f"organizations/{acme.slug}/restore", body), 403, "four_eyes_required")
        assert second.post(f"organizations/{acme.slug}/restore", body).json()["production_contained"] is False

    @pytest.mark.parametrize("act", ["contain", "restore"])
    def test_a_reason_is_needed(self, act, api, acme):
        problem = refused(api.post(f"organizations/{acme.slug}/{act}", {}), 422, "invalid_input")
        assert [finding["member"] for finding in problem["findings"]] == ["reason"]

    def test_what_is_not_contained_is_not_restored(self, api, acme):
        refused(api.post(f"organizations/{acme.slug}/restore", WHY), 409, "invalid_state")

    def test_two_environments_are_contained_apart(self, api, acme):
        body = WHY | {"environment": "production"}
        api.post(f"organizations/{acme.slug}/contain", body)
        refused(api.post(f"organizations/{acme.slug}/contain", body), 409, "invalid_state")


class TestOneself:
    """A service does not make, free or promote services: nothing of the operator's own is changed here."""

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("submit", {"evidence": "x"}),
            ("approve", {}),
            ("restore", {"reason": "x"}),
            ("domains", {"domain": "operator.example", "evidence": "x"}),
            (
                "entitlements",
                {"role": "more", "scopes": ["audit:read"], "grant_types": ["client_credentials"]},
            ),
            ("initial-access-tokens", {"environment": "production"}),
        ],
    )
    def test_is_refused(self, path, body, api):
        refused(api.post(f"organizations/{world.operator().slug}/{path}", body), 403, "role_forbids")

    def test_is_not_changed(self, api):
        body = {"production_review": "automatic"}
        refused(api.patch(f"organizations/{world.operator().slug}", body), 403, "role_forbids")

    def test_may_be_read(self, api):
        assert api.get(f"organizations/{world.operator().slug}").status_code == 200

    def test_may_be_stopped_and_is_stopped_at_once(self, api):
        answer = api.post(f"organizations/{world.operator().slug}/contain", WHY)
        assert (answer.status_code, answer.json()["state"]) == (200, "suspended")
        assert api.get("organizations").status_code == 401


class TestDomains:
    def test_attest(self, api, acme):
        answer = api.post(
            f"organizations/{acme.slug}/domains", {"domain": "Pay.Example.", "evidence": "register"}
        )
        assert answer.status_code == 201
        assert (answer.json()["domain"], answer.json()["proved_by"]) == (
            "pay.example",
            f"service:{api.client_id}",
        )
        names = [row["domain"] for row in api.get(f"organizations/{acme.slug}/domains").json()["results"]]
        assert names == sorted([f"{acme.slug}.example", "pay.example"])

    @pytest.mark.parametrize(
        "domain", ["com", "co.uk", "a b", "-x.example", "*.x.example", "x..example", "https://x"]
    )
    def test_what_is_no_domain_is_refused(self, domain, api, acme):
        body = {"domain": domain, "evidence": "register"}
        refused(api.post(f"organizations/{acme.slug}/domains", body), 422, "invalid_input")

    def test_a_domain_of_another_is_refused(self, api, acme):
        other = world.organization("other")
        body = {"domain": f"{other.slug}.example", "evidence": "register"}
        refused(api.post(f"organizations/{acme.slug}/domains", body), 409, "conflict")

    def test_hosts_of_another_are_refused(self, api, acme):
        other = world.organization("other")
        body = {"domain": f"pay.{other.slug}.example", "evidence": "register"}
        refused(api.post(f"organizations/{acme.slug}/domains", body), 409, "conflict")

    def test_a_proof_is_ended_with_a_reason(self, api, acme):
        body = {"domain": f"{acme.slug}.example", "reason": "sold"}
        assert api.post(f"organizations/{acme.slug}/domains/end", body).json()["domain"] == body["domain"]
        assert api.get(f"organizations/{acme.slug}/domains").json()["results"] == []
        refused(api.post(f"organizations/{acme.slug}/domains/end", body), 404, "not_found")


class TestEntitlements:
    def test_grant_and_replace(self, api, acme):
        path = f"organizations/{acme.slug}/entitlements"
        for scopes in (["accounts:read"], ["accounts:read", "payments:write"]):
            role = {
                "role": "pisp",
                "scopes": scopes,
                "default_scopes": scopes[:1],
                "grant_types": ["client_credentials"],
                "valid_until": None,
            }
            assert api.post(path, role).json() == role
        assert [row["role"] for row in api.get(path).json()["results"]] == ["partner", "pisp"]

    def test_a_comma_is_refused_by_the_rule(self, api, acme):
        role = {"role": "x", "scopes": ["a", "b,c"], "grant_types": ["client_credentials"]}
        problem = refused(api.post(f"organizations/{acme.slug}/entitlements", role), 422, "invalid_input")
        (finding,) = problem["findings"]
        assert (finding["member"], finding["rule"], finding["source"]) == (
            "scopes[1]",
            "organization.scope_value",
            "RFC 6749 §3.3",
        )

    @pytest.mark.parametrize(
        ("end", "status"),
        [
            ("2000-01-01T00:00:00Z", 422),
            ("2000-01-01T00:00:01Z", 200),
            ("9999-01-01T00:00:00Z", 200),
            ("9999-01-01T00:00:01Z", 422),
            ("0001-01-01T00:00:00Z", 422),
            ("9999-12-31T23:59:59Z", 422),
        ],
    )
    def test_a_role_ends_at_a_time_that_every_page_can_show(self, end, status, api, acme):
        role = {"role": "pisp", "scopes": ["a"], "grant_types": ["client_credentials"], "valid_until": end}
        answer = api.post(f"organizations/{acme.slug}/entitlements", role)
        assert answer.status_code == status
        if status == 200:
            page = reverse("staff:organization_entitlement", args=[acme.slug, "pisp"])
            assert as_role(Role.PARTNER_MANAGER).get(page).status_code == 200
        else:
            assert [finding["member"] for finding in answer.json()["findings"]] == ["valid_until"]

    def test_a_role_is_withdrawn(self, api, acme):
        body = {"role": "partner", "reason": "unused"}
        assert api.post(f"organizations/{acme.slug}/entitlements/end", body).json()["role"] == "partner"
        assert api.get(f"organizations/{acme.slug}/entitlements").json()["results"] == []

    def test_default_scopes_are_part_of_scopes(self, api, acme):
        role = {"role": "x", "scopes": ["a"], "default_scopes": ["b"], "grant_types": ["client_credentials"]}
        assert api.post(f"organizations/{acme.slug}/entitlements", role).status_code == 422

    @pytest.mark.parametrize(
        "change",
        [
            {"scopes": ["two words"]},
            {"scopes": "accounts:read"},
            {"grant_types": ["password"]},
            {"valid_until": "tomorrow"},
            {"valid_until": "0001-01-01T00:00:00+23:59"},
            {"valid_until": 1e300},
            {"role": "Üser"},
        ],
    )
    def test_what_has_no_shape_is_refused(self, change, api, acme):
        role = {"role": "pisp", "scopes": ["a"], "grant_types": ["client_credentials"]} | change
        refused(api.post(f"organizations/{acme.slug}/entitlements", role), 422, "invalid_input")


def test_an_end_of_the_operator_is_the_end_of_the_api(api):
    holder = world.operator()
    lifecycle.revoke_organization(holder.pk, four_eyes=False, actor=world.STAN, reason="end", now=world.now())
    assert api.get("organizations").status_code == 401


def test_a_change_by_staff_is_seen_at_once(api, acme):
    onboarding.change_organization(acme.pk, {"display_name": "New"}, actor=world.STAN, now=world.now())
    assert api.get(f"organizations/{acme.slug}").json()["display_name"] == "New"
