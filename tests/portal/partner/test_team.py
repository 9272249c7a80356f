"""Team: who signs in for us, and the end of somebody's access."""

import re

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from registry import lifecycle, queries
from registry.events import Event
from registry.identifiers import digest
from registry.models import Invitation, Organization, User
from registry.roles import Role
from tests import world
from tests.portal.signed_in import enrolled, signed_in
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, registered, text

TEAM = "/partner/team/"


def to(person: User) -> str:
    return reverse("partner:person_end", args=[person.pk])


class TestTeam:
    def test_lists_its_own_people_only(self, bob: Client, acme: Organization, other: Organization) -> None:
        own, foreign = (
            world.person(Role.ORGANIZATION_ADMIN, acme),
            world.person(Role.ORGANIZATION_ADMIN, other),
        )
        page = text(bob, TEAM)
        assert own.email in page
        assert foreign.email not in page
        assert "End access" not in page

    def test_tells_an_admin_who_is_alone(self, alice: Client, acme: Organization) -> None:
        assert "One is not enough" in text(alice, TEAM)
        world.person(Role.ORGANIZATION_ADMIN, acme)
        assert "One is not enough" not in text(alice, TEAM)


class TestEnd:
    def test_by_an_admin_signs_out_at_once_and_keeps_the_clients(
        self, alice: Client, acme: Organization
    ) -> None:
        person, made = world.person(Role.ORGANIZATION_DEVELOPER, acme), registered(acme)
        browser = signed_in(person)
        assert to(person) in text(alice, TEAM)
        with exactly_one_event(Event.PERSON_ENDED):
            assert alice.post(to(person))["Location"] == TEAM
        assert browser.get(TEAM)["Location"].startswith("/sign-in/")
        assert "access ended" in text(alice, TEAM)
        assert queries.client(STAFF, made.client_id).state == "active"

    def test_by_a_developer_is_refused(self, bob: Client, acme: Organization) -> None:
        person = world.person(Role.ORGANIZATION_READER, acme)
        with no_event():
            assert bob.post(to(person)).status_code == 403

    def test_of_another_organizations_person_is_not_found(self, carol: Client, acme: Organization) -> None:
        person = world.person(Role.ORGANIZATION_READER, acme)
        with no_event():
            assert carol.post(to(person)).status_code == 404
        assert User.objects.get(pk=person.pk).is_active

    def test_of_oneself_is_refused_and_told(self, acme: Organization) -> None:
        alice = world.person(Role.ORGANIZATION_ADMIN, acme)
        world.person(Role.ORGANIZATION_ADMIN, acme)
        with no_event():
            answer = signed_in(alice).post(to(alice), follow=True)
        assert "Nobody ends their own access" in answer.content.decode()

    def test_while_suspended_is_refused(self, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        person = world.person(Role.ORGANIZATION_READER, acme)
        browser = signed_in(world.person(Role.ORGANIZATION_ADMIN, acme))
        assert "End access" not in text(browser, TEAM)
        with no_event():
            assert browser.post(to(person)).status_code == 403


class TestInvite:
    FIELDS = {"name": "Dan", "email": "dan@people.example", "role": "organization_developer"}

    def test_mails_a_link_that_stands_on_no_page(
        self, alice: Client, acme: Organization, mailoutbox: list[EmailMessage]
    ) -> None:
        with exactly_one_event(Event.PERSON_INVITED):
            assert alice.post(TEAM, self.FIELDS)["Location"] == TEAM
        (mail,) = mailoutbox
        (value,) = re.findall(r"pin_[\w-]+", mail.body)
        assert mail.to == ["dan@people.example"]
        page = text(alice, TEAM)
        assert "dan@people.example" in page
        assert value not in page
        assert Invitation.objects.get(organization=acme).digest == digest(value)

    @pytest.mark.parametrize("role", ["partner_manager", "administrator", "end_user", ""])
    def test_makes_nobody_more_than_a_partner(self, alice: Client, role: str) -> None:
        with no_event():
            page = alice.post(TEAM, self.FIELDS | {"role": role}).content.decode()
        assert "Nobody was invited" in page
        assert "dan@people.example" in page

    def test_is_of_admins(self, bob: Client) -> None:
        assert "Send invitation" not in text(bob, TEAM)
        with no_event():
            assert bob.post(TEAM, self.FIELDS).status_code == 403

    def test_asks_whoever_has_a_factor_for_it(self, acme: Organization) -> None:
        person = world.person(Role.ORGANIZATION_ADMIN, acme)
        enrolled(person)
        with no_event():
            answer = signed_in(person, stepped_up=False).post(TEAM, self.FIELDS)
        assert answer["Location"].startswith("/sign-in/step-up/")

    def test_while_suspended_is_refused(self, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        browser = signed_in(world.person(Role.ORGANIZATION_ADMIN, acme))
        with no_event():
            assert browser.post(TEAM, self.FIELDS).status_code == 403

    def test_is_withdrawn(self, alice: Client, acme: Organization, mailoutbox: list[EmailMessage]) -> None:
        alice.post(TEAM, self.FIELDS)
        (value,) = re.findall(r"pin_[\w-]+", mailoutbox[0].body)
        address = reverse("partner:invitation_withdraw", args=[Invitation.objects.get().pk])
        assert address in text(alice, TEAM)
        with exactly_one_event(Event.PERSON_INVITATION_WITHDRAWN):
            assert alice.post(address)["Location"] == TEAM
        assert Client().get(f"/invitations/{value}/").status_code == 404
        assert alice.post(address).status_code == 404

    def test_is_withdrawn_by_its_own_organization(self, alice: Client, carol: Client) -> None:
        alice.post(TEAM, self.FIELDS)
        address = reverse("partner:invitation_withdraw", args=[Invitation.objects.get().pk])
        with no_event():
            assert carol.post(address).status_code == 404


class TestRole:
    def address(self, person: User) -> str:
        return reverse("partner:person_role", args=[person.pk])

    def test_is_changed_by_an_admin_with_a_reason(self, alice: Client, acme: Organization) -> None:
        person = world.person(Role.ORGANIZATION_DEVELOPER, acme)
        browser = signed_in(person)
        assert self.address(person) in text(alice, TEAM)
        said = {"role": "organization_admin", "successor": "", "reason": "she runs it now"}
        with exactly_one_event(Event.PERSON_ROLE_CHANGED):
            assert alice.post(self.address(person), said)["Location"] == TEAM
        assert "Send invitation" in text(browser, TEAM)

    def test_of_the_last_admin_names_a_successor(self, acme: Organization) -> None:
        alice = world.person(Role.ORGANIZATION_ADMIN, acme)
        bob = world.person(Role.ORGANIZATION_DEVELOPER, acme)
        browser = signed_in(alice)
        assert "The last admin" in text(browser, self.address(alice))
        said = {"role": "organization_reader", "successor": "", "reason": "a new post"}
        with no_event():
            answer = browser.post(self.address(alice), said)
        assert answer.status_code == 409
        assert "Name a successor" in answer.content.decode()
        answer = browser.post(self.address(alice), said | {"successor": str(bob.pk)})
        assert answer.status_code == 303
        assert User.objects.get(pk=bob.pk).role == Role.ORGANIZATION_ADMIN

    def test_is_not_changed_by_a_developer(self, bob: Client, acme: Organization) -> None:
        person = world.person(Role.ORGANIZATION_READER, acme)
        with no_event():
            assert bob.post(self.address(person), {"role": "organization_admin"}).status_code == 403

    def test_of_another_organizations_person_is_not_found(self, carol: Client, acme: Organization) -> None:
        person = world.person(Role.ORGANIZATION_READER, acme)
        said = {"role": "organization_admin", "successor": "", "reason": "x"}
        with no_event():
            assert carol.post(self.address(person), said).status_code == 404


class TestLeave:
    ADDRESS = "/partner/team/leave/"

    def test_ends_ones_own_access(self, bob: Client, acme: Organization) -> None:
        world.person(Role.ORGANIZATION_ADMIN, acme)
        assert self.ADDRESS in text(bob, TEAM)
        with exactly_one_event(Event.PERSON_ENDED):
            assert bob.post(self.ADDRESS, {"successor": "", "reason": "a new job"}).status_code == 303
        assert bob.get(TEAM)["Location"].startswith("/sign-in/")

    def test_of_the_last_admin_names_a_successor(self, acme: Organization) -> None:
        browser = signed_in(world.person(Role.ORGANIZATION_ADMIN, acme))
        bob = world.person(Role.ORGANIZATION_READER, acme)
        with no_event():
            assert browser.post(self.ADDRESS, {"successor": "", "reason": "over"}).status_code == 409
        assert browser.post(self.ADDRESS, {"successor": str(bob.pk), "reason": "over"}).status_code == 303
        assert User.objects.get(pk=bob.pk).role == Role.ORGANIZATION_ADMIN

    def test_takes_no_stranger_as_successor(
        self, alice: Client, acme: Organization, other: Organization
    ) -> None:
        world.person(Role.ORGANIZATION_READER, acme)
        stranger = world.person(Role.ORGANIZATION_READER, other)
        with no_event():
            answer = alice.post(self.ADDRESS, {"successor": str(stranger.pk), "reason": "over"})
        assert answer.status_code == 200
        assert "not one of the available choices" in answer.content.decode()

    def test_by_a_developer_makes_nobody_an_admin(self, acme: Organization) -> None:
        mallory, friend = (world.person(Role.ORGANIZATION_DEVELOPER, acme) for _ in range(2))
        world.person(Role.ORGANIZATION_ADMIN, acme)
        browser = signed_in(mallory)
        assert "Successor" not in text(browser, self.ADDRESS)
        browser.post(self.ADDRESS, {"successor": str(friend.pk), "reason": "over"})
        assert User.objects.get(pk=friend.pk).role == Role.ORGANIZATION_DEVELOPER
