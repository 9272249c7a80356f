"""People: those of an organization with their invitations, and the operator's own."""

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.test import Client
from django.urls import reverse

from registry import people, queries
from registry.events import Event
from registry.models import Organization, User
from registry.roles import Role
from tests import world
from tests.portal.signed_in import as_role, enrolled, signed_in
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, text

FORM = {"name": "Alice Sample", "email": "alice@acme.example", "role": "organization_admin"}


def to(acme: Organization) -> str:
    return reverse("staff:organization_people", args=[acme.slug])


class TestInvite:
    def test_mails_a_link_that_no_page_shows(self, stan: Client, acme: Organization) -> None:
        with exactly_one_event(Event.PERSON_INVITED):
            answer = stan.post(to(acme), FORM)
        assert (answer.status_code, answer["Location"]) == (303, to(acme))
        (letter,) = mail.outbox
        assert letter.to == ["alice@acme.example"]
        token = str(letter.body).split("/invitations/")[1].split("/")[0]
        assert people.find_invitation(token, world.now()).role == "organization_admin"
        page = text(stan, to(acme))
        assert "alice@acme.example" in page
        assert token not in page

    def test_keeps_what_was_typed(self, stan: Client, acme: Organization) -> None:
        with no_event():
            answer = stan.post(to(acme), FORM | {"email": "nowhere"})
        assert "Nobody was invited" in answer.content.decode()
        assert answer.context["form"]["name"].value() == "Alice Sample"
        assert mail.outbox == []

    @pytest.mark.parametrize("role", ["partner_manager", "administrator", "end_user"])
    def test_staff_roles_are_not_offered(self, stan: Client, acme: Organization, role: str) -> None:
        with no_event():
            assert "Nobody was invited" in stan.post(to(acme), FORM | {"role": role}).content.decode()

    def test_without_mail_nobody_is_invited(
        self, stan: Client, acme: Organization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: object) -> int:
            raise ConnectionRefusedError

        monkeypatch.setattr(locmem.EmailBackend, "send_messages", fails)
        with no_event():
            answer = stan.post(to(acme), FORM)
        assert answer.status_code == 409
        assert queries.invitations(STAFF, acme.slug, world.now()).count() == 0


class TestOfOrganization:
    def test_lists_its_people_only(self, ada: Client, acme: Organization) -> None:
        own = world.person(Role.ORGANIZATION_ADMIN, acme)
        other = world.person(Role.ORGANIZATION_ADMIN, world.organization("other"))
        page = text(ada, to(acme))
        assert own.email in page
        assert other.email not in page


class TestStaff:
    def test_lists_the_operators_people(self, ada: Client, acme: Organization) -> None:
        partner = world.person(Role.ORGANIZATION_ADMIN, acme)
        staff = world.person(Role.APPROVER)
        page = text(ada, "/staff/people/")
        assert staff.email in page
        assert "password only" in page
        assert partner.email not in page

    def test_is_all_that_an_administrator_reads(self, acme: Organization) -> None:
        browser = as_role(Role.ADMINISTRATOR)
        answer = browser.get("/staff/")
        assert answer["Location"] == "/staff/people/"
        assert "/staff/queue/" not in text(browser, "/staff/people/")


class TestInviteStaff:
    def test_an_administrator_mails_a_link_to_one_more(self, acme: Organization) -> None:
        adrian = as_role(Role.ADMINISTRATOR)
        form = {"name": "Pia Sample", "email": "pia@northgate.example", "role": "approver"}
        with exactly_one_event(Event.PERSON_INVITED):
            answer = adrian.post(reverse("staff:people"), form)
        assert (answer.status_code, answer["Location"]) == (303, reverse("staff:people"))
        token = str(mail.outbox[0].body).split("/invitations/")[1].split("/")[0]
        invited = people.find_invitation(token, world.now())
        assert (invited.role, invited.organization) == ("approver", None)
        assert "pia@northgate.example" in text(adrian, reverse("staff:people"))

    def test_partner_roles_are_not_offered(self, acme: Organization) -> None:
        adrian = as_role(Role.ADMINISTRATOR)
        form = {"name": "Pia", "email": "pia@northgate.example", "role": "organization_admin"}
        with no_event():
            assert adrian.post(reverse("staff:people"), form).status_code == 200


class TestEnd:
    def address(self, acme: Organization, person: User) -> str:
        return reverse("staff:organization_person_end", args=[acme.slug, person.pk])

    def test_of_access_to_an_organization(self, sofia: Client, acme: Organization) -> None:
        bob = world.person(Role.ORGANIZATION_DEVELOPER, acme)
        browser = signed_in(bob)
        assert self.address(acme, bob) in text(sofia, to(acme))
        with exactly_one_event(Event.PERSON_ENDED):
            assert sofia.post(self.address(acme, bob)).status_code == 303
        assert "access ended" in text(sofia, to(acme))
        assert browser.get("/partner/")["Location"].startswith("/sign-in/")

    def test_of_the_last_admin_too(self, sofia: Client, acme: Organization) -> None:
        alice = world.person(Role.ORGANIZATION_ADMIN, acme)
        assert self.address(acme, alice) in text(sofia, to(acme))
        with exactly_one_event(Event.PERSON_ENDED):
            assert sofia.post(self.address(acme, alice)).status_code == 303

    def test_of_somebody_elsewhere_is_not_found(self, sofia: Client, acme: Organization) -> None:
        carol = world.person(Role.ORGANIZATION_DEVELOPER, world.organization("other"))
        with no_event():
            assert sofia.post(self.address(acme, carol)).status_code == 404

    def test_an_auditor_is_offered_none(self, ada: Client, acme: Organization) -> None:
        world.person(Role.ORGANIZATION_DEVELOPER, acme)
        assert "End access" not in text(ada, to(acme))


class TestEndOfStaff:
    def address(self, person: User) -> str:
        return reverse("staff:person_end", args=[person.pk])

    def test_by_an_administrator_signs_out_at_once(self, acme: Organization) -> None:
        adrian, gone = as_role(Role.ADMINISTRATOR), world.person(Role.PARTNER_MANAGER)
        enrolled(gone)
        browser = signed_in(gone)
        assert browser.get("/staff/organizations/").status_code == 200
        assert self.address(gone) in text(adrian, "/staff/people/")
        with exactly_one_event(Event.PERSON_ENDED):
            answer = adrian.post(self.address(gone), {"reason": "left us"})
        assert (answer.status_code, answer["Location"]) == (303, "/staff/people/")
        assert browser.get("/staff/organizations/")["Location"].startswith("/sign-in/")
        page = text(adrian, "/staff/people/")
        assert "<b>1 work here.</b>" in page
        assert "access ended" in page

    def test_needs_a_reason(self, acme: Organization) -> None:
        adrian, gone = as_role(Role.ADMINISTRATOR), world.person(Role.APPROVER)
        with no_event():
            page = adrian.post(self.address(gone), {"reason": " "}).content.decode()
        assert "access was ended" in page

    def test_of_the_last_administrator_is_closed(self, acme: Organization) -> None:
        root = world.person(Role.ADMINISTRATOR)
        enrolled(root)
        adrian = signed_in(root)
        assert "Nobody ends their own access" in text(adrian, self.address(root))
        with no_event():
            assert adrian.post(self.address(root), {"reason": "x"}).status_code == 409
        assert self.address(root) not in text(adrian, "/staff/people/")

    def test_others_are_offered_none(self, stan: Client, acme: Organization) -> None:
        assert "End access" not in text(stan, "/staff/people/")
