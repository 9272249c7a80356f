"""Team: who signs in for us, and the end of somebody's access."""

from django.test import Client
from django.urls import reverse

from registry import lifecycle, queries
from registry.events import Event
from registry.models import Organization, User
from registry.roles import Role
from tests import world
from tests.portal.signed_in import signed_in
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
