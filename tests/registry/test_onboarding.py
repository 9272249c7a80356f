"""Organizations come to be with facts that hold: identifiers, contacts, domains, roles and quotas."""

import secrets
from datetime import date, timedelta
from typing import Any

import pytest

from registry import onboarding, queries
from registry.actors import Viewer
from registry.errors import Conflict, InvalidInput, NotFound
from registry.events import Event
from registry.models import Contact, Entitlement, Organization, ProvedDomain, Quota
from registry.onboarding import ContactFacts, EntitlementFacts, OrganizationFacts, QuotaFacts
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


def attest(holder: Organization, domain: str, evidence: str = "seen") -> ProvedDomain:
    return onboarding.attest_domain(holder.pk, domain, evidence=evidence, actor=world.STAN, now=world.now())


def events(holder: Organization, event: Event) -> Any:
    return queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder, action=event)


class TestLei:
    @pytest.mark.parametrize("lei", LEIS)
    def test_with_its_check_digits_is_valid(self, lei: str) -> None:
        assert onboarding.lei_is_valid(lei)

    @pytest.mark.parametrize("lei", LEIS)
    def test_with_any_one_character_changed_is_not(self, lei: str) -> None:
        """ISO 7064 MOD 97-10 finds every single error and every transposition."""
        for place, character in enumerate(lei):
            other = (
                str((int(character) + 1) % 10) if character.isdecimal() else "A" if character != "A" else "B"
            )
            assert not onboarding.lei_is_valid(lei[:place] + other + lei[place + 1 :])
        assert not onboarding.lei_is_valid(lei[1] + lei[0] + lei[2:])

    @pytest.mark.parametrize(
        "lei", ["", "5493001kjtiigc8y1r12", LEIS[0][:-1], LEIS[0] + "0", "٥" * 20, LEIS[0] + "\n"]
    )
    def test_of_another_shape_is_not(self, lei: str) -> None:
        assert not onboarding.lei_is_valid(lei)


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
            {"contacts": [ContactFacts("boss", "B", "b@a.example")]},
            {"contacts": [ContactFacts("billing", "B", "b@a.example")] * 2},
            {"entitlements": [EntitlementFacts("a", ["x"], [], default_scopes=["y"])]},
        ],
        ids=range(15),
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

    @pytest.mark.parametrize(
        "member", ["state", "slug", "sandbox_epoch", "is_operator", "preset", "contained_by"]
    )
    def test_of_anything_else_is_refused(self, member: str) -> None:
        made = create()
        with pytest.raises(InvalidInput, match="cannot be changed"):
            self.change(made, **{member: "active"})
        assert not events(made, Event.ORGANIZATION_CHANGED).exists()


class TestDomains:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("{n}.example", "{n}.example"),
            ("  {n}.EXAMPLE. ", "{n}.example"),
            ("{n}.bücher.example", "{n}.xn--bcher-kva.example"),
            ("{n}.github.io", "{n}.github.io"),
        ],
    )
    def test_are_kept_in_one_spelling(self, given: str, kept: str) -> None:
        name = f"d{secrets.token_hex(4)}"
        assert attest(create(), given.format(n=name)).domain == kept.format(n=name)

    @pytest.mark.parametrize(
        "domain",
        [
            "",
            ".",
            "localhost",
            "example",
            "com",
            "co.uk",
            "github.io",
            "a b.example",
            "a..example",
            "-a.example",
            "https://a.example",
            "a.example/x",
            "*.a.example",
            "127.0.0.1",
            "[::1]",
            "a" * 64 + ".example",
        ],
    )
    def test_are_names_below_a_public_suffix(self, domain: str) -> None:
        with pytest.raises(InvalidInput):
            attest(create(), domain)

    def test_belong_to_one_organization(self) -> None:
        name = f"d{secrets.token_hex(4)}.example"
        proved = attest(create(), name)
        with pytest.raises(Conflict):
            attest(create(), name.upper())
        ProvedDomain.objects.filter(pk=proved.pk).update(ended_at=world.now())
        assert attest(create(), name)

    def test_need_evidence_and_are_an_event(self) -> None:
        made, name = create(), f"d{secrets.token_hex(4)}.example"
        with pytest.raises(InvalidInput, match="evidence"):
            attest(made, name, " ")
        attest(made, name)
        assert events(made, Event.DOMAIN_PROVED).get().after["domain"] == name


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
        assert events(made, Event.ENTITLEMENT_GRANTED).count() == 2


class TestQuotas:
    def test_are_set(self) -> None:
        made = create()
        facts = QuotaFacts("sandbox", clients=7)
        onboarding.set_quota(made.pk, facts, actor=world.STAN, now=world.now())
        assert Quota.objects.get(organization=made, environment="sandbox").clients == 7
        assert events(made, Event.QUOTA_SET).get().after["clients"] == 7


@pytest.mark.parametrize("act", ["attest", "change", "grant", "quota"])
def test_every_writer_needs_its_organization(act: str) -> None:
    missing = Organization(slug="none")
    by: dict[str, Any] = {"actor": world.STAN, "now": world.now()}
    acts = {
        "attest": lambda: attest(missing, "a.example"),
        "change": lambda: onboarding.change_organization(missing.pk, {}, **by),
        "grant": lambda: onboarding.grant_entitlement(missing.pk, EntitlementFacts("a", [], []), **by),
        "quota": lambda: onboarding.set_quota(missing.pk, QuotaFacts("sandbox"), **by),
    }
    with pytest.raises(NotFound):
        acts[act]()
