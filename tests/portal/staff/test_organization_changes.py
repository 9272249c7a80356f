"""Facts, contacts, roles, quotas and proofs of an organization, changed by hand."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from registry import onboarding, queries
from registry.events import Event
from registry.models import Organization
from registry.organization_facts import ContactFacts, QuotaFacts
from registry.roles import Role
from tests import world
from tests.portal.signed_in import enrolled, present_factor, signed_in
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, registered, text

REASON = {"reason": "asked by the partner"}


def row(holder: Organization) -> Organization:
    return queries.organization(STAFF, holder.slug)


def to(name: str, holder: Organization, *more: str) -> str:
    return reverse(f"staff:organization_{name}", args=[holder.slug, *more])


def shown(browser: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What the form of this page sends, as it was shown, with some fields typed anew."""
    form = browser.get(address).context["form"]
    held = {field.name: field.value() for field in form}
    return {name: "" if value is None else value for name, value in (held | REASON | changes).items()}


def last_event(holder: Organization) -> Any:
    return queries.organization_events(STAFF, holder.slug).first()


class TestEdit:
    def test_changes_what_differs_in_one_event(self, stan: Client, acme: Organization) -> None:
        sponsor = world.person(Role.PARTNER_MANAGER)
        sent = shown(
            stan,
            to("edit", acme),
            display_name="Acme Norge",
            country="dk",
            sponsor=str(sponsor.pk),
            contract_end="2031-12-31",
            security_email="security@acme.example",
            security_name="Security desk",
        )
        with exactly_one_event(Event.ORGANIZATION_CHANGED):
            answer = stan.post(to("edit", acme), sent)
        assert (answer.status_code, answer["Location"]) == (
            303,
            reverse("staff:organization", args=[acme.slug]),
        )
        now = row(acme)
        assert (now.display_name, now.country, now.sponsor, str(now.contract_end)) == (
            "Acme Norge",
            "DK",
            sponsor,
            "2031-12-31",
        )
        event = last_event(acme)
        assert set(event.before) == {"display_name", "country", "sponsor_id", "contract_end", "contacts"}
        assert event.before["display_name"] == "Acme"
        assert [contact["email"] for contact in event.after["contacts"]] == ["security@acme.example"]
        assert event.reason == REASON["reason"]

    def test_an_address_that_is_emptied_ends_the_contact(self, stan: Client, acme: Organization) -> None:
        kept = [ContactFacts(kind, "", f"{kind}@acme.example") for kind in ("billing", "security")]
        onboarding.change_organization(acme.pk, {"contacts": kept}, actor=world.STAN, now=world.now())
        stan.post(to("edit", acme), shown(stan, to("edit", acme), billing_email=""))
        assert [contact.kind for contact in queries.contacts(STAFF, acme.slug)] == ["security"]

    def test_the_second_of_two_is_told_and_nothing_is_overwritten(
        self, stan: Client, acme: Organization
    ) -> None:
        sent = shown(stan, to("edit", acme), website="https://acme.example")
        onboarding.change_organization(
            acme.pk, {"display_name": "Acme Norge"}, actor=world.PAUL, now=world.now()
        )
        with no_event():
            answer = stan.post(to("edit", acme), sent)
        page = answer.content.decode()
        assert answer.status_code == 412
        assert "Paul Sample changed Acme Norge at" in page
        assert 'value="https://acme.example"' in page  # what was typed is still there
        assert "Read it again" in page
        assert (row(acme).display_name, row(acme).website) == ("Acme Norge", "")

    @pytest.mark.parametrize(
        ("field", "value", "found"),
        [
            ("country", "ZZ", "It is not the code of a country"),
            ("registration_scheme", "lei", "is not a valid LEI"),
            ("contract_end", "2020-01-01", "lies in the past"),
            ("contract_end", "1999-12-31", "Name a day from 2000-01-01 to 9998-12-31."),
            ("contract_end", "9999-01-01", "Name a day from 2000-01-01 to 9998-12-31."),
            ("website", "javascript:x", "Enter a valid URL"),
            ("billing_email", "nowhere", "Enter a valid email"),
            ("billing_phone", "+47 1", "but no address"),
        ],
    )
    def test_what_cannot_be_true_is_told_beside_the_field(
        self, stan: Client, acme: Organization, field: str, value: str, found: str
    ) -> None:
        with no_event():
            answer = stan.post(to("edit", acme), shown(stan, to("edit", acme), **{field: value}))
        beside = {"registration_scheme": "registration_number", "billing_phone": "billing_email"}.get(
            field, field
        )
        assert found in " ".join(answer.context["form"].errors[beside])
        assert f'id="id_{beside}_error"' in answer.content.decode()

    def test_nothing_is_not_a_change(self, stan: Client, acme: Organization) -> None:
        with no_event():
            answer = stan.post(to("edit", acme), shown(stan, to("edit", acme)))
        assert answer.status_code == 422
        assert "Nothing differs" in answer.content.decode()

    def test_needs_a_reason(self, stan: Client, acme: Organization) -> None:
        with no_event():
            answer = stan.post(to("edit", acme), shown(stan, to("edit", acme), display_name="A", reason=""))
        assert "Nothing was changed" in answer.content.decode()

    def test_a_number_that_another_holds_is_refused(
        self, stan: Client, acme: Organization, draft: Organization
    ) -> None:
        sent = shown(stan, to("edit", acme), registration_number=draft.registration_number)
        with no_event():
            assert stan.post(to("edit", acme), sent).status_code == 409

    def test_whose_access_ended_is_no_sponsor(self, stan: Client, acme: Organization) -> None:
        gone = world.person(Role.APPROVER, name="Gone Sample")
        gone.is_active = False
        gone.save()
        assert "Gone Sample" not in text(stan, to("edit", acme))

    def test_is_offered_to_partner_managers_only(self, stan: Client, ada: Client, acme: Organization) -> None:
        page = reverse("staff:organization", args=[acme.slug])
        assert to("edit", acme) in text(stan, page)
        assert to("edit", acme) not in text(ada, page)
        assert to("grant", acme) not in text(ada, page)
        assert to("quota", acme, "sandbox") not in text(ada, page)


class TestRoles:
    NEW = {
        "role": "reader",
        "scopes": "accounts:read\r\nbalances:read",
        "default_scopes": "accounts:read",
        "grant_types": ["client_credentials"],
        "last_day": "2031-12-31",
    }

    def test_one_more_is_granted(self, stan: Client, acme: Organization) -> None:
        with exactly_one_event(Event.ENTITLEMENT_GRANTED):
            assert stan.post(to("grant", acme), shown(stan, to("grant", acme), **self.NEW)).status_code == 303
        held = queries.entitlements(STAFF, acme.slug).get(role="reader")
        assert (held.scopes, held.default_scopes) == (["accounts:read", "balances:read"], ["accounts:read"])
        assert held.valid_until.isoformat() == "2032-01-01T00:00:00+00:00"

    def test_one_that_is_held_is_changed_on_its_own_page(self, stan: Client, acme: Organization) -> None:
        sent = shown(stan, to("grant", acme), **self.NEW | {"role": "partner"})
        with no_event():
            assert stan.post(to("grant", acme), sent).status_code == 422

    @pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-01-01", "9999-12-31"])
    def test_at_the_ends_of_time_does_not_end(self, stan: Client, acme: Organization, day: str) -> None:
        with no_event():
            answer = stan.post(
                to("grant", acme), shown(stan, to("grant", acme), **self.NEW | {"last_day": day})
            )
        assert answer.context["form"].errors["last_day"] == ["Name a day from 2000-01-01 to 9998-12-31."]

    @pytest.mark.parametrize("day", ["2000-01-01", "9998-12-31"])
    def test_ends_on_any_other_day(self, stan: Client, acme: Organization, day: str) -> None:
        stan.post(to("grant", acme), shown(stan, to("grant", acme), **self.NEW | {"last_day": day}))
        address = to("entitlement", acme, "reader")
        assert f'value="{day}"' in text(stan, address)
        assert stan.post(address, shown(stan, address)).status_code == 303

    def test_is_changed_with_before_and_after(self, stan: Client, acme: Organization) -> None:
        address = to("entitlement", acme, "partner")
        with exactly_one_event(Event.ENTITLEMENT_GRANTED):
            stan.post(address, shown(stan, address, scopes="accounts:read"))
        event = last_event(acme)
        assert event.before["scopes"] == list(world.SCOPES)
        assert (event.after["scopes"], event.after["valid_until"]) == (["accounts:read"], None)

    def test_a_comma_is_told_beside_the_field(self, stan: Client, acme: Organization) -> None:
        address = to("entitlement", acme, "partner")
        with no_event():
            answer = stan.post(address, shown(stan, address, scopes="accounts:read, payments:write"))
        assert answer.context["form"].errors["scopes"] == [
            "Value 1 has a comma in it. Separate scopes by spaces, not by commas."
        ]

    def test_the_second_of_two_is_told(self, stan: Client, acme: Organization) -> None:
        address = to("entitlement", acme, "partner")
        sent = shown(stan, address, scopes="accounts:read")
        onboarding.set_quota(acme.pk, QuotaFacts("sandbox"), actor=world.PAUL, now=world.now())
        with no_event():
            assert stan.post(address, sent).status_code == 412

    def test_is_withdrawn(self, stan: Client, acme: Organization) -> None:
        registered(acme)
        address = to("withdraw", acme, "partner")
        assert "used by 1 client" in text(stan, address)
        with exactly_one_event(Event.ENTITLEMENT_WITHDRAWN):
            assert stan.post(address, shown(stan, address)).status_code == 303
        assert not queries.entitlements(STAFF, acme.slug).exists()

    def test_of_the_operator_itself_is_not_withdrawn(self, stan: Client) -> None:
        address = to("withdraw", world.operator(), "operator")
        with no_event():
            assert stan.post(address, shown(stan, address)).status_code == 403

    @pytest.mark.parametrize("name", ["entitlement", "withdraw"])
    def test_that_it_does_not_hold_is_not_there(self, stan: Client, acme: Organization, name: str) -> None:
        assert stan.get(to(name, acme, "nothing")).status_code == 404

    def test_what_was_typed_is_there_after_the_step_up(self, acme: Organization) -> None:
        user = world.person(Role.PARTNER_MANAGER)
        enrolled(user)
        browser = signed_in(user, stepped_up=False)
        address = to("entitlement", acme, "partner")
        sent = {"scopes": "accounts:read", "grant_types": ["client_credentials"], "seen": "1", **REASON}
        with no_event():
            assert browser.post(address, sent)["Location"].startswith("/sign-in/step-up/")
        present_factor(browser, user)
        assert browser.get(address).context["form"]["scopes"].value() == "accounts:read"


class TestQuotas:
    def test_are_changed_with_before_and_after(self, stan: Client, acme: Organization) -> None:
        address = to("quota", acme, "sandbox")
        with exactly_one_event(Event.QUOTA_SET):
            assert stan.post(address, shown(stan, address, clients="7")).status_code == 303
        event = last_event(acme)
        assert (event.before["clients"], event.after["clients"], event.reason) == (1000, 7, REASON["reason"])

    @pytest.mark.parametrize("value", ["-1", "many", "1000001", ""])
    def test_are_whole_numbers(self, stan: Client, acme: Organization, value: str) -> None:
        address = to("quota", acme, "production")
        with no_event():
            assert "clients" in stan.post(address, shown(stan, address, clients=value)).context["form"].errors

    def test_of_no_environment_are_not_there(self, stan: Client, acme: Organization) -> None:
        assert stan.get(to("quota", acme, "staging")).status_code == 404


class TestEndOfAProof:
    def test_says_who_relies_on_it_and_ends_it(self, stan: Client, acme: Organization) -> None:
        registered(acme)
        address = to("domain_end", acme, f"{acme.slug}.example")
        assert address in text(stan, to("domains", acme))
        assert "<b>1 client</b>" in text(stan, address)
        with exactly_one_event(Event.DOMAIN_ENDED):
            answer = stan.post(address, shown(stan, address))
        assert (answer.status_code, answer["Location"]) == (303, to("domains", acme))
        assert not queries.proved_domains(STAFF, acme.slug).exists()
        assert stan.get(address).status_code == 404

    def test_needs_a_reason(self, stan: Client, acme: Organization) -> None:
        address = to("domain_end", acme, f"{acme.slug}.example")
        with no_event():
            assert (
                "No proof was ended" in stan.post(address, shown(stan, address, reason=" ")).content.decode()
            )
