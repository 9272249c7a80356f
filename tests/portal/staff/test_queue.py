"""The review queue and the decision about a case."""

import pytest
from django.test import Client
from django.urls import reverse

from registry import lifecycle, onboarding, queries
from registry.events import Event
from registry.models import Organization, Registration
from registry.organization_facts import ContactFacts
from registry.roles import Role
from tests import world
from tests.portal.signed_in import as_role
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, text, waiting

APPROVE = {"decision": "approve", "reason": "evidence fits"}
REJECT = {"decision": "reject", "reason": "not the partner's host"}


def to(case: Registration) -> str:
    return reverse("staff:case", args=[case.pk])


def outcome(case: Registration) -> str:
    return str(queries.registration(STAFF, case.pk).outcome)


@pytest.fixture
def case(acme: Organization) -> Registration:
    return waiting(acme, client_name="Ledger <b>")


@pytest.fixture
def four_eyes(db: None) -> Registration:
    return waiting(world.organization("birch", production_review="four_eyes"))


class TestList:
    def test_shows_both_kinds_the_oldest_first(
        self, ada: Client, case: Registration, draft: Organization
    ) -> None:
        lifecycle.submit_organization(draft.pk, evidence="x", actor=world.STAN, reason="", now=world.now())
        page = text(ada, "/staff/queue/")
        asked = reverse("staff:organization_case", args=[draft.slug])
        assert page.index(to(case)) < page.index(asked)
        assert "2 cases wait." in page

    def test_escapes_the_partners_words(self, ada: Client, case: Registration) -> None:
        assert "Ledger &lt;b&gt;" in text(ada, "/staff/queue/")

    @pytest.mark.parametrize("query", ["kind=organization", "environment=sandbox", "q=nobody", "view=second"])
    def test_filters(self, ada: Client, case: Registration, query: str) -> None:
        page = text(ada, f"/staff/queue/?{query}")
        assert to(case) not in page
        assert "No case matches" in page

    @pytest.mark.parametrize("query", ["kind=client", "environment=production", "q=ledger", "view=nonsense"])
    def test_finds(self, ada: Client, case: Registration, query: str) -> None:
        assert to(case) in text(ada, f"/staff/queue/?{query}")

    def test_keeps_what_was_decided(self, ada: Client, paul: Client, case: Registration) -> None:
        paul.post(to(case), APPROVE)
        assert to(case) not in text(ada, "/staff/queue/")
        assert to(case) in text(ada, "/staff/queue/?view=decided")


class TestCase:
    def test_shows_evidence_and_members(self, ada: Client, case: Registration) -> None:
        page = text(ada, to(case))
        assert "no software yet" in page
        assert "redirect_<wbr>uris" in page
        assert "Every rule is met" in page

    def test_an_unknown_one_is_not_there(self, ada: Client, db: None) -> None:
        assert ada.get("/staff/queue/00000000-0000-7000-8000-000000000000/").status_code == 404

    def test_an_auditor_is_offered_no_decision(self, ada: Client, case: Registration) -> None:
        assert "decision-approve" not in text(ada, to(case))

    def test_approves(self, paul: Client, case: Registration) -> None:
        with exactly_one_event(Event.REGISTRATION_APPROVED):
            answer = paul.post(to(case), APPROVE)
        assert (answer.status_code, answer["Location"]) == (303, to(case))
        assert queries.client(STAFF, case.client.client_id).state == "active"
        assert "evidence fits" in text(paul, to(case))

    def test_rejects_with_a_reason(self, paul: Client, case: Registration) -> None:
        with exactly_one_event(Event.REGISTRATION_REJECTED):
            assert paul.post(to(case), REJECT).status_code == 303
        assert outcome(case) == "rejected"

    @pytest.mark.parametrize("missing", ["decision", "reason"])
    def test_keeps_what_was_typed(self, paul: Client, case: Registration, missing: str) -> None:
        sent = {name: value for name, value in APPROVE.items() if name != missing}
        with no_event():
            answer = paul.post(to(case), sent)
        assert "Nothing was decided" in answer.content.decode()
        assert [answer.context["form"][name].value() for name in sent] == list(sent.values())

    def test_a_decided_one_is_decided_once(self, paul: Client, case: Registration) -> None:
        paul.post(to(case), APPROVE)
        with no_event():
            assert paul.post(to(case), REJECT).status_code == 409
        assert outcome(case) == "approved"


class TestFourEyes:
    def test_two_people_approve(self, paul: Client, stan: Client, four_eyes: Registration) -> None:
        with exactly_one_event(Event.REGISTRATION_FIRST_APPROVAL):
            paul.post(to(four_eyes), APPROVE)
        assert outcome(four_eyes) == "pending"
        with exactly_one_event(Event.REGISTRATION_APPROVED):
            stan.post(to(four_eyes), APPROVE)
        assert outcome(four_eyes) == "approved"

    def test_the_first_does_not_approve_second(self, paul: Client, four_eyes: Registration) -> None:
        paul.post(to(four_eyes), APPROVE)
        assert "You approved it first; another person approves second." in text(paul, to(four_eyes))
        with no_event():
            assert paul.post(to(four_eyes), APPROVE).status_code == 403
        assert outcome(four_eyes) == "pending"

    def test_one_rejection_is_enough(self, paul: Client, four_eyes: Registration) -> None:
        paul.post(to(four_eyes), REJECT)
        assert outcome(four_eyes) == "rejected"


class TestOrganizationCase:
    @pytest.fixture
    def pending(self, draft: Organization) -> Organization:
        return lifecycle.submit_organization(
            draft.pk, evidence="register extract", actor=world.STAN, reason="", now=world.now()
        )

    def to(self, pending: Organization) -> str:
        return reverse("staff:organization_case", args=[pending.slug])

    def test_shows_the_evidence(self, ada: Client, pending: Organization) -> None:
        assert "register extract" in text(ada, self.to(pending))

    def test_shows_a_security_contact_that_is_recorded(self, ada: Client, pending: Organization) -> None:
        assert "No security contact is known" in text(ada, self.to(pending))
        contact = ContactFacts("security", "", "security@juniper.example")
        onboarding.change_organization(pending.pk, {"contacts": [contact]}, actor=world.STAN, now=world.now())
        evidence = ada.get(self.to(pending)).context["evidence"]
        assert {"term": "A security contact is known", "value": "security@juniper.example"} in evidence

    def test_approves(self, paul: Client, pending: Organization) -> None:
        with exactly_one_event(Event.ORGANIZATION_APPROVED):
            assert paul.post(self.to(pending), APPROVE).status_code == 303
        assert queries.organization(STAFF, pending.slug).state == "active"

    def test_sends_back_to_draft(self, paul: Client, pending: Organization) -> None:
        with exactly_one_event(Event.ORGANIZATION_REJECTED):
            assert paul.post(self.to(pending), REJECT).status_code == 303
        assert queries.organization(STAFF, pending.slug).state == "draft"

    def test_whoever_submitted_is_refused(self, stan: Client, draft: Organization) -> None:
        stan.post(reverse("staff:organization_submit", args=[draft.slug]), {"evidence": "x"})
        with no_event():
            assert stan.post(self.to(draft), APPROVE).status_code == 403


def test_the_navigation_counts_both_kinds(case: Registration, draft: Organization) -> None:
    lifecycle.submit_organization(draft.pk, evidence="x", actor=world.STAN, reason="", now=world.now())
    assert '<span class="n">2<span' in text(as_role(Role.AUDITOR), "/staff/")


def test_waiting_for_a_suspended_client_is_closed(paul: Client, case: Registration) -> None:
    lifecycle.suspend_client(case.client.client_id, actor=world.STAN, reason="drill", now=world.now())
    assert "Its client is suspended." in text(paul, to(case))
    with no_event():
        assert paul.post(to(case), APPROVE).status_code == 409
