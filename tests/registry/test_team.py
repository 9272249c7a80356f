"""An organization's people: roles change, people leave, and an admin is always left."""

from typing import Any

import pytest

from registry import people, queries, team
from registry.actors import Viewer
from registry.errors import Conflict, InvalidInput, NotFound, QuotaReached, RoleForbids
from registry.events import Event
from registry.models import Invitation, Organization, User
from registry.roles import PARTNER_ROLES, Role
from tests import world
from tests.together import together

STAFF = Viewer(Role.PARTNER_MANAGER, None)
ADMIN, DEVELOPER, READER = Role.ORGANIZATION_ADMIN, Role.ORGANIZATION_DEVELOPER, Role.ORGANIZATION_READER


def change(holder: Organization, user: User, role: Role, by: User, successor: User | None = None) -> User:
    return team.change_role(
        user.pk,
        holder.pk,
        role,
        successor_id=successor.pk if successor else None,
        actor=people.person(by),
        reason="they do other work now",
        now=world.now(),
    )


def leave(holder: Organization, by: User, successor: User | None = None) -> User:
    return team.leave(
        holder.pk,
        successor_id=successor.pk if successor else None,
        actor=people.person(by),
        operator_id=world.operator().pk,
        reason="a new job",
        now=world.now(),
    )


def role(user: User) -> str:
    return User.objects.get(pk=user.pk).role


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization()


@pytest.fixture
def alice(acme: Organization) -> User:
    return world.person(ADMIN, acme, "Alice")


@pytest.fixture
def bob(acme: Organization) -> User:
    return world.person(DEVELOPER, acme, "Bob")


class TestChangeRole:
    def test_is_told_with_before_and_after(self, acme: Organization, alice: User, bob: User) -> None:
        change(acme, bob, READER, alice)
        assert role(bob) == READER
        event = queries.audit_events(STAFF, action=Event.PERSON_ROLE_CHANGED).latest("id")
        assert (event.before, event.after) == ({"role": DEVELOPER}, {"role": READER})
        assert (event.subject_id, event.organization_id) == (str(bob.pk), acme.pk)

    @pytest.mark.parametrize("other", sorted(set(Role) - PARTNER_ROLES))
    def test_makes_nobody_more_than_a_partner(
        self, acme: Organization, alice: User, bob: User, other: Role
    ) -> None:
        with pytest.raises(InvalidInput):
            change(acme, bob, other, alice)
        assert role(bob) == DEVELOPER

    def test_of_another_organizations_person_is_not_found(self, acme: Organization, alice: User) -> None:
        stranger = world.person(READER, world.organization("other"))
        with pytest.raises(NotFound):
            change(acme, stranger, ADMIN, alice)

    def test_to_the_same_role_is_refused(self, acme: Organization, alice: User, bob: User) -> None:
        with pytest.raises(Conflict, match="already"):
            change(acme, bob, DEVELOPER, alice)

    def test_of_whose_access_ended_is_refused(self, acme: Organization, alice: User, bob: User) -> None:
        User.objects.filter(pk=bob.pk).update(is_active=False)
        with pytest.raises(Conflict, match="ended"):
            change(acme, bob, READER, alice)

    def test_by_whose_access_ended_is_refused(self, acme: Organization, alice: User, bob: User) -> None:
        User.objects.filter(pk=alice.pk).update(is_active=False)
        with pytest.raises(RoleForbids):
            change(acme, bob, READER, alice)

    def test_by_who_is_an_admin_no_longer_is_refused(
        self, acme: Organization, alice: User, bob: User
    ) -> None:
        """Whose page was opened as an admin, and who wants to be one again."""
        world.person(ADMIN, acme)
        actor = people.person(alice)
        User.objects.filter(pk=alice.pk).update(role=READER)
        with pytest.raises(RoleForbids, match="no admin any more"):
            team.change_role(alice.pk, acme.pk, ADMIN, actor=actor, reason="mine", now=world.now())
        assert role(alice) == READER

    def test_of_the_last_admin_needs_a_successor(self, acme: Organization, alice: User, bob: User) -> None:
        with pytest.raises(Conflict, match="last admin"):
            change(acme, alice, READER, alice)
        change(acme, alice, READER, alice, successor=bob)
        assert (role(alice), role(bob)) == (READER, ADMIN)

    def test_of_one_of_two_admins_needs_none(self, acme: Organization, alice: User) -> None:
        world.person(ADMIN, acme)
        change(acme, alice, READER, alice)
        assert role(alice) == READER

    def test_counts_only_admins_who_sign_in(self, acme: Organization, alice: User) -> None:
        gone = world.person(ADMIN, acme)
        User.objects.filter(pk=gone.pk).update(is_active=False)
        with pytest.raises(Conflict, match="last admin"):
            change(acme, alice, READER, alice)


class TestSuccessor:
    @pytest.mark.parametrize("kind", [DEVELOPER, READER])
    def test_of_who_is_no_admin_there_is_none(self, acme: Organization, alice: User, kind: Role) -> None:
        """Else a developer could make a friend an admin by leaving."""
        mallory, friend = world.person(kind, acme), world.person(READER, acme)
        with pytest.raises(InvalidInput, match="Only an admin has a successor"):
            leave(acme, mallory, friend)
        assert (role(friend), User.objects.get(pk=mallory.pk).is_active) == (READER, True)

    @pytest.mark.parametrize("kind", ["oneself", "a stranger", "somebody who left"])
    def test_is_somebody_else_who_signs_in_here(self, acme: Organization, alice: User, kind: str) -> None:
        gone = world.person(DEVELOPER, acme)
        User.objects.filter(pk=gone.pk).update(is_active=False)
        stranger = world.person(DEVELOPER, world.organization("other"))
        named = {"oneself": alice, "a stranger": stranger, "somebody who left": gone}[kind]
        with pytest.raises(InvalidInput, match="successor"):
            leave(acme, alice, named)
        assert (role(alice), User.objects.get(pk=alice.pk).is_active) == (ADMIN, True)


class TestLeave:
    def test_ends_every_session_and_is_told(self, acme: Organization, bob: User) -> None:
        left = leave(acme, bob)
        assert not left.is_active
        assert left.session_epoch == bob.session_epoch + 1
        event = queries.audit_events(STAFF, action=Event.PERSON_ENDED).latest("id")
        assert (event.subject_id, event.reason) == (str(bob.pk), "a new job")

    def test_of_the_last_admin_needs_a_successor(self, acme: Organization, alice: User, bob: User) -> None:
        with pytest.raises(Conflict, match="last admin"):
            leave(acme, alice)
        leave(acme, alice, bob)
        assert role(bob) == ADMIN
        assert not User.objects.get(pk=alice.pk).is_active

    def test_happens_once(self, acme: Organization, alice: User, bob: User) -> None:
        leave(acme, bob)
        with pytest.raises(Conflict, match="already"):
            leave(acme, bob)

    def test_of_a_stranger_is_not_found(self, acme: Organization, alice: User) -> None:
        with pytest.raises(NotFound):
            leave(acme, world.person(ADMIN, world.organization("other")))


class TestInvitations:
    def invite(self, holder: Organization, number: int = 0) -> tuple[Invitation, str]:
        return people.invite(
            f"new-{number}-{world.secrets.token_hex(4)}@people.example",
            "New",
            READER,
            holder.pk,
            actor=world.STAN,
            operator_id=world.operator().pk,
            now=world.now(),
        )

    def withdraw(self, invitation: Invitation, holder: Organization) -> Any:
        return people.withdraw_invitation(
            invitation.pk, holder.pk, actor=world.STAN, reason="typed wrong", now=world.now()
        )

    def test_are_limited_while_they_wait(self, acme: Organization) -> None:
        for number in range(people.MAX_OPEN_INVITATIONS):
            last = self.invite(acme, number)[0]
        with pytest.raises(QuotaReached):
            self.invite(acme)
        self.withdraw(last, acme)
        assert self.invite(acme)

    def test_that_are_withdrawn_open_nothing(self, acme: Organization) -> None:
        invitation, value = self.invite(acme)
        self.withdraw(invitation, acme)
        with pytest.raises(NotFound):
            people.find_invitation(value, world.now())
        assert queries.audit_events(STAFF, action=Event.PERSON_INVITATION_WITHDRAWN).latest("id").before == {
            "role": READER,
            "email": invitation.email,
        }

    def test_are_withdrawn_once_and_by_their_own(self, acme: Organization) -> None:
        invitation, _ = self.invite(acme)
        with pytest.raises(NotFound):
            self.withdraw(invitation, world.organization("other"))
        self.withdraw(invitation, acme)
        with pytest.raises(NotFound):
            self.withdraw(invitation, acme)


@pytest.mark.usefixtures("live_db")
def test_two_admins_who_step_down_at_once_leave_one() -> None:
    acme = world.organization()
    admins = [world.person(ADMIN, acme) for _ in range(2)]

    def attempt(number: int) -> str:
        try:
            change(acme, admins[number], READER, admins[number]) if number else leave(acme, admins[number])
        except Conflict as refusal:
            return refusal.found
        return ""

    assert sum(said.endswith("is the last admin.") for said in together(2, attempt)) == 1
    assert User.objects.filter(organization=acme, role=ADMIN, is_active=True).count() == 1
