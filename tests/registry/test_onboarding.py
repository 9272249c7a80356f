"""Organizations come to be with facts that hold: identifiers, contacts, domains, roles and quotas."""

import secrets
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from registry import onboarding, queries
from registry.actors import Viewer
from registry.errors import Conflict, InvalidInput, NotFound, RoleForbids
from registry.events import Event
from registry.models import Contact, Entitlement, Organization, Quota
from registry.organization_facts import ContactFacts, EntitlementFacts, OrganizationFacts, QuotaFacts
from registry.roles import Role
from registry.states import State
from tests import world

pytestmark = pytest.mark.django_db
LEIS = ["5493001KJTIIGC8Y1R12", "5493006MHB84DD0ZWV18", "213800D1EI4B9WTWWD28", "HWUPKR0MPOU8FGXBT394"]


def create(**changes: Any) -> Organization:
    slug = f"org-{secrets.token_hex(4)}"
    facts: dict[str, Any] = {
        "slug": slug,
        "legal_name": "Acme AS",
        "display_name": "Acme",
        "registration_scheme": "national",
        "registration_number": slug,
        "country": "NO",
    }
    return onboarding.create_organization(
        OrganizationFacts(**facts | changes), actor=world.STAN, now=world.now()
    )


def events(holder: Organization, event: Event) -> Any:
    return queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder, action=event)


class TestCreate:
    def test_begins_as_a_draft_with_one_event(self) -> None:
        made = create(entitlements=[EntitlementFacts("partner", ["a"], ["client_credentials"])])
        assert made.state == State.DRAFT
        assert (made.sandbox_epoch, made.production_epoch) == (1, 1)
        assert events(made, Event.ORGANIZATION_CREATED).get().after["entitlements"][0]["role"] == "partner"

    def test_keeps_contacts_of_five_kinds(self) -> None:
        kinds = ["business", "technical", "security", "incident", "billing"]
        made = create(contacts=[ContactFacts(kind, "Desk", f"{kind}@acme.example") for kind in kinds])
        assert sorted(Contact.objects.filter(organization=made).values_list("kind", flat=True)) == sorted(
            kinds
        )

    @pytest.mark.parametrize(
        "facts",
        [
            {"slug": ""},
            {"slug": "Acme"},
            {"slug": "-acme"},
            {"slug": "acme-"},
            {"slug": "a" * 65},
            {"slug": "ácme"},
            {"slug": "acme\n"},
            {"registration_scheme": "duns"},
            {"registration_scheme": "lei", "registration_number": "5493001KJTIIGC8Y1R13"},
            {"country": "no"},
            {"country": "NOR"},
            {"country": "ÅÅ"},
            {"country": "ZZ"},
            {"country": "UK"},
            {"contract_end": date(2020, 1, 1)},
            {"registration_number": " "},
            {"sponsor_id": UUID(int=7)},
            {"entitlements": [EntitlementFacts("a", ["accounts:read,balances:read"], [])]},
            {"entitlements": [EntitlementFacts("a", ["accounts:read balances:read"], [])]},
            {"entitlements": [EntitlementFacts("a", [""], [])]},
            {"contacts": [ContactFacts("boss", "B", "b@a.example")]},
            {"contacts": [ContactFacts("billing", "B", "b@a.example")] * 2},
            {"entitlements": [EntitlementFacts("a", ["x"], [], default_scopes=["y"])]},
        ],
        ids=range(23),
    )
    def test_refuses_facts_that_do_not_hold(self, facts: dict[str, Any]) -> None:
        before = Organization.objects.count()
        with pytest.raises(InvalidInput):
            create(**facts)
        assert Organization.objects.count() == before

    @pytest.mark.parametrize("member", ["slug", "registration_number"])
    def test_refuses_what_is_held(self, member: str) -> None:
        held = create()
        with pytest.raises(Conflict):
            create(**{member: getattr(held, member)})

    def test_of_a_role_twice_is_refused(self) -> None:
        role = EntitlementFacts("partner", ["a"], [])
        with pytest.raises(InvalidInput):
            create(entitlements=[role, role])

    def test_of_a_quota_twice_is_refused(self) -> None:
        with pytest.raises(InvalidInput):
            create(quotas=[QuotaFacts("sandbox"), QuotaFacts("sandbox")])


class TestChange:
    def change(self, holder: Organization, **changes: Any) -> Organization:
        return onboarding.change_organization(holder.pk, changes, actor=world.STAN, now=world.now())

    def test_is_told_before_and_after(self) -> None:
        made = create()
        end = date(2027, 1, 31)
        changed = self.change(made, display_name="Acme Norge", contract_end=end)
        assert (changed.display_name, changed.version) == ("Acme Norge", 2)
        event = events(made, Event.ORGANIZATION_CHANGED).get()
        assert event.before == {"display_name": "Acme", "contract_end": None}
        assert event.after == {"display_name": "Acme Norge", "contract_end": "2027-01-31"}

    def test_of_contacts_replaces_all_of_them_in_one_event(self) -> None:
        made = create(contacts=[ContactFacts("billing", "Desk", "bills@acme.example")])
        security = ContactFacts("security", "", "security@acme.example", "+47 1")
        self.change(made, contacts=[security])
        assert made.contacts.get().email == security.email
        event = events(made, Event.ORGANIZATION_CHANGED).get()
        assert [row["kind"] for row in event.before["contacts"]] == ["billing"]
        assert event.after == {"contacts": [security.summary()]}

    def test_of_the_register_is_judged_as_a_whole(self) -> None:
        made = create()
        with pytest.raises(InvalidInput, match="registration_number"):
            self.change(made, registration_scheme="lei")
        assert self.change(made, registration_scheme="lei", registration_number=LEIS[0]).version == 2

    def test_to_a_number_that_another_holds_is_refused(self) -> None:
        made, held = create(), create()
        with pytest.raises(Conflict):
            self.change(made, registration_number=held.registration_number)
        assert not events(made, Event.ORGANIZATION_CHANGED).exists()

    def test_keeps_an_end_that_has_passed_but_sets_none(self) -> None:
        made = create()
        Organization.objects.filter(pk=made.pk).update(contract_end=date(2020, 1, 1))
        assert self.change(made, contract_end=date(2020, 1, 1), website="https://a.example").version == 2
        with pytest.raises(InvalidInput, match="contract_end"):
            self.change(made, contract_end=date(2020, 1, 2))
        assert self.change(made, contract_end=world.now().date()).contract_end == world.now().date()

    def test_of_the_sponsor_names_staff_who_work_here(self) -> None:
        made, stan, alice = create(), world.person(Role.PARTNER_MANAGER), world.person(Role.END_USER)
        assert self.change(made, sponsor_id=stan.pk).sponsor == stan
        with pytest.raises(InvalidInput, match="sponsor"):
            self.change(made, sponsor_id=alice.pk)
        assert self.change(made, sponsor_id=None).sponsor is None

    @pytest.mark.parametrize("country", ["no", "XX", "", "EU"])
    def test_of_the_country_names_one(self, country: str) -> None:
        with pytest.raises(InvalidInput, match="country"):
            self.change(create(), country=country)

    @pytest.mark.parametrize(
        "member", ["state", "slug", "sandbox_epoch", "is_operator", "preset", "contained_by"]
    )
    def test_of_anything_else_is_refused(self, member: str) -> None:
        made = create()
        with pytest.raises(InvalidInput, match="cannot be changed"):
            self.change(made, **{member: "active"})
        assert not events(made, Event.ORGANIZATION_CHANGED).exists()


class TestEntitlements:
    def grant(self, holder: Organization, facts: EntitlementFacts) -> Entitlement:
        return onboarding.grant_entitlement(holder.pk, facts, actor=world.STAN, now=world.now())

    def test_are_granted_and_replaced(self) -> None:
        made = create()
        self.grant(made, EntitlementFacts("partner", ["a", "b"], ["client_credentials"]))
        end = world.now() + timedelta(days=1)
        self.grant(made, EntitlementFacts("partner", ["a"], [], end, ["a"]))
        held = Entitlement.objects.get(organization=made)
        assert (held.scopes, held.grant_types, held.valid_until, held.default_scopes) == (
            ["a"],
            [],
            end,
            ["a"],
        )
        second, first = events(made, Event.ENTITLEMENT_GRANTED)
        assert (first.before, second.before["scopes"], second.after["scopes"]) == (None, ["a", "b"], ["a"])

    @pytest.mark.parametrize(
        ("scope", "found"),
        [
            ("a,b", "comma"),
            ("a b", "white space"),
            ("a\tb", "white space"),
            ("é", "characters"),
            ('a"', "characters"),
        ],
    )
    def test_of_what_is_no_scope_is_refused_by_its_rule(self, scope: str, found: str) -> None:
        with pytest.raises(InvalidInput, match=found) as refusal:
            self.grant(create(), EntitlementFacts("partner", ["a", scope], []))
        assert refusal.value.findings[0].member == "scopes[1]"
        assert refusal.value.findings[0].source == "RFC 6749 §3.3"

    def test_of_a_scope_that_the_operator_does_not_know_is_refused(self, settings: Settings) -> None:
        settings.REGISTRY = replace(settings.REGISTRY, scopes=frozenset({"accounts:read"}))
        made = create(entitlements=[EntitlementFacts("reader", ["accounts:read"], [])])
        with pytest.raises(InvalidInput, match="table"):
            self.grant(made, EntitlementFacts("payer", ["accounts:read", "payments:wriite"], []))
        with pytest.raises(InvalidInput, match="table"):
            create(entitlements=[EntitlementFacts("payer", ["payments:write"], [])])

    def test_are_withdrawn_with_what_they_were(self) -> None:
        made = create(entitlements=[EntitlementFacts("partner", ["a"], [])])
        onboarding.withdraw_entitlement(
            made.pk, "partner", actor=world.STAN, reason="unused", now=world.now()
        )
        assert not made.entitlements.exists()
        event = events(made, Event.ENTITLEMENT_WITHDRAWN).get()
        assert (event.reason, event.before["scopes"]) == ("unused", ["a"])

    def test_that_are_not_held_cannot_be_withdrawn(self) -> None:
        with pytest.raises(NotFound):
            onboarding.withdraw_entitlement(
                create().pk, "partner", actor=world.STAN, reason="unused", now=world.now()
            )

    def test_of_the_operator_itself_are_not_withdrawn(self) -> None:
        """Nobody at all would reach the API."""
        with pytest.raises(RoleForbids):
            onboarding.withdraw_entitlement(
                world.operator().pk, "operator", actor=world.STAN, reason="x", now=world.now()
            )


class TestQuotas:
    def test_are_set(self) -> None:
        made = create()
        facts = QuotaFacts("sandbox", clients=7)
        onboarding.set_quota(made.pk, facts, actor=world.STAN, now=world.now())
        assert Quota.objects.get(organization=made, environment="sandbox").clients == 7
        event = events(made, Event.QUOTA_SET).get()
        assert (event.before["clients"], event.after["clients"]) == (20, 7)


@pytest.mark.parametrize("act", ["change", "grant", "withdraw", "quota"])
def test_every_writer_needs_its_organization(act: str) -> None:
    missing = Organization(slug="none")
    by: dict[str, Any] = {"actor": world.STAN, "now": world.now()}
    acts = {
        "withdraw": lambda: onboarding.withdraw_entitlement(missing.pk, "a", reason="x", **by),
        "change": lambda: onboarding.change_organization(missing.pk, {}, **by),
        "grant": lambda: onboarding.grant_entitlement(missing.pk, EntitlementFacts("a", [], []), **by),
        "quota": lambda: onboarding.set_quota(missing.pk, QuotaFacts("sandbox"), **by),
    }
    with pytest.raises(NotFound):
        acts[act]()
