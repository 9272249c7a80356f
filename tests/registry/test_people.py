"""People come by invitation: once, in time, to one organization or none."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from registry import people, queries
from registry.actors import Viewer
from registry.errors import Conflict, InvalidInput, NotFound
from registry.events import Event
from registry.models import Client, Invitation, Organization, User
from registry.roles import PARTNER_ROLES, Role
from registry.routes import manual
from registry.states import Environment
from tests import world
from tests.together import together

WEEK = timedelta(days=7)


def invite(
    role: Role = Role.AUDITOR, holder: Organization | None = None, **options: Any
) -> tuple[Invitation, str]:
    return people.invite(
        options.pop("email", f"new-{world.secrets.token_hex(4)}@people.example"),
        "New Person",
        role,
        holder.pk if holder else None,
        actor=world.STAN,
        operator_id=world.operator().pk,
        now=options.pop("now", None) or world.now(),
    )


def accept(value: str, **options: Any) -> User:
    return people.accept_invitation(
        value,
        password=world.PASSWORD,
        operator_id=world.operator().pk,
        request_id="req_1",
        now=options.pop("now", None) or world.now(),
    )


def events(event: Event, holder: UUID) -> Any:
    return queries.audit_events(Viewer(Role.AUDITOR, None), action=event, organization_id=holder)


@pytest.mark.django_db
class TestInvite:
    def test_shows_its_value_to_nobody_but_the_mailbox(self) -> None:
        invitation, value = invite()
        assert value.startswith("pin_")
        assert value not in str(Invitation.objects.values().get(pk=invitation.pk))
        event = events(Event.PERSON_INVITED, world.operator().pk).values().latest("id")
        assert value not in str(event)

    @pytest.mark.parametrize("role", list(Role))
    def test_fits_role_and_organization(self, role: Role) -> None:
        acme = world.organization()
        fits, not_fits = (acme, None) if role in PARTNER_ROLES else (None, acme)
        assert invite(role, fits)
        with pytest.raises(InvalidInput):
            invite(role, not_fits)

    def test_is_of_the_organization_in_the_log(self) -> None:
        acme = world.organization()
        invite(Role.ORGANIZATION_ADMIN, acme)
        assert events(Event.PERSON_INVITED, acme.pk).count() == 1


@pytest.mark.django_db
class TestAccept:
    def test_makes_a_person_who_may_sign_in(self) -> None:
        acme = world.organization()
        _, value = invite(Role.ORGANIZATION_DEVELOPER, acme, email="New.Person@People.Example")
        person = accept(value)
        assert (person.email, person.role, person.organization) == (
            "new.person@people.example",
            Role.ORGANIZATION_DEVELOPER,
            acme,
        )
        assert person.check_password(world.PASSWORD)
        assert events(Event.PERSON_JOINED, acme.pk).count() == 1

    def test_happens_once(self) -> None:
        _, value = invite()
        accept(value)
        with pytest.raises(NotFound):
            accept(value)

    def test_happens_within_a_week(self) -> None:
        now = world.now()
        _, value = invite(now=now)
        assert people.find_invitation(value, now + WEEK - timedelta(microseconds=1))
        with pytest.raises(NotFound):
            accept(value, now=now + WEEK)

    @pytest.mark.parametrize("value", ["", "pin_", "x", "\x00", "\ud800"])
    def test_needs_an_invitation(self, value: str) -> None:
        with pytest.raises(NotFound):
            accept(value)

    def test_of_an_address_that_is_held_spends_nothing(self) -> None:
        user = world.person(Role.AUDITOR)
        invitation, value = invite(email=user.email.upper())
        with pytest.raises(Conflict):
            accept(value)
        invitation.refresh_from_db()
        assert invitation.accepted_at is None


@pytest.mark.usefixtures("live_db")
def test_two_who_accept_at_once_make_one_person() -> None:
    invitation, value = invite()

    def attempt(_: int) -> str:
        try:
            return accept(value).email
        except NotFound:
            return ""

    assert sorted(together(2, attempt)) == ["", invitation.email]


@pytest.mark.django_db
def test_create_person_refuses_a_held_address() -> None:
    user = world.person(Role.END_USER)
    with pytest.raises(Conflict):
        people.create_person(
            user.email,
            "Again",
            Role.END_USER,
            None,
            password=world.PASSWORD,
            actor=world.STAN,
            operator_id=world.operator().pk,
            now=world.now(),
        )


@pytest.mark.django_db
def test_an_actor_is_a_person_with_role_and_organization() -> None:
    acme = world.organization()
    user = world.person(Role.ORGANIZATION_READER, acme)
    actor = people.person(user, "req_1")
    assert (actor.name, actor.role, actor.organization_id) == (
        f"person:{user.pk}",
        Role.ORGANIZATION_READER,
        acme.pk,
    )


def end(user: User, *, by: User | None = None, within: UUID | None = None) -> User:
    return people.end_access(
        user.pk,
        within or user.organization_id,
        actor=people.person(by) if by else world.STAN,
        operator_id=world.operator().pk,
        reason="left",
        now=world.now(),
    )


@pytest.mark.django_db
class TestEndOfAccess:
    def test_ends_sessions_and_is_one_event(self) -> None:
        acme = world.organization()
        bob = world.person(Role.ORGANIZATION_DEVELOPER, acme)
        done = end(bob)
        assert (done.is_active, done.session_epoch) == (False, bob.session_epoch + 1)
        event = events(Event.PERSON_ENDED, acme.pk).get()
        assert (event.subject_id, event.reason) == (str(bob.pk), "left")
        assert event.before == {"role": "organization_developer", "email": bob.email}

    def test_of_staff_is_an_event_of_the_operator(self) -> None:
        gone = world.person(Role.APPROVER)
        end(gone)
        assert events(Event.PERSON_ENDED, world.operator().pk).filter(subject_id=str(gone.pk)).count() == 1

    def test_keeps_what_they_brought_in(self) -> None:
        acme = world.organization()
        alice, bob = (world.person(Role.ORGANIZATION_ADMIN, acme) for _ in range(2))
        made = manual.register(
            acme.pk,
            Environment.SANDBOX,
            world.metadata(acme),
            justification="no software yet",
            valid_until=None,
            actor=people.person(bob),
            now=world.now(),
        )
        end(bob, by=alice)
        assert Client.objects.get(client_id=made.client_id).state == "active"

    def test_is_undone_by_an_invitation_alone(self) -> None:
        acme = world.organization()
        bob = end(world.person(Role.ORGANIZATION_DEVELOPER, acme))
        _, value = invite(Role.ORGANIZATION_READER, acme, email=bob.email)
        back = accept(value)
        assert (back.pk, back.is_active, back.role) == (bob.pk, True, Role.ORGANIZATION_READER)
        assert back.session_epoch == bob.session_epoch  # no session of before is good again
        assert events(Event.PERSON_JOINED, acme.pk).filter(subject_id=str(bob.pk)).count() == 1

    def test_twice_is_refused(self) -> None:
        bob = world.person(Role.ORGANIZATION_DEVELOPER, world.organization())
        end(bob)
        with pytest.raises(Conflict, match="already"):
            end(bob)

    def test_of_the_last_admin_is_refused(self) -> None:
        acme = world.organization()
        alice, bob = world.person(Role.ORGANIZATION_ADMIN, acme), world.person(Role.ORGANIZATION_READER, acme)
        with pytest.raises(Conflict, match="last administrator"):
            end(alice, by=bob)
        successor = world.person(Role.ORGANIZATION_ADMIN, acme)
        assert not end(alice, by=successor).is_active
        with pytest.raises(Conflict, match="last administrator"):
            end(successor, by=bob)

    def test_of_the_last_admin_of_a_partner_is_the_operator_s_to_decide(self) -> None:
        alice = world.person(Role.ORGANIZATION_ADMIN, world.organization())
        assert not end(alice).is_active

    def test_of_oneself_is_refused(self) -> None:
        acme = world.organization()
        alice = world.person(Role.ORGANIZATION_ADMIN, acme)
        world.person(Role.ORGANIZATION_ADMIN, acme)
        with pytest.raises(Conflict, match="their own"):
            end(alice, by=alice)

    def test_of_somebody_elsewhere_is_not_found(self) -> None:
        carol = world.person(Role.ORGANIZATION_ADMIN, world.organization("other"))
        with pytest.raises(NotFound):
            end(carol, within=world.organization().pk)
        with pytest.raises(NotFound):
            people.end_access(
                carol.pk,
                None,
                actor=world.STAN,
                operator_id=world.operator().pk,
                reason="x",
                now=world.now(),
            )


@pytest.mark.usefixtures("live_db")
def test_two_administrators_who_end_each_other_do_not_both_succeed() -> None:
    acme = world.organization()
    alice, bob = (world.person(Role.ORGANIZATION_ADMIN, acme) for _ in range(2))

    def attempt(number: int) -> str:
        gone, by = ((alice, bob), (bob, alice))[number]
        try:
            return end(gone, by=by).email
        except Conflict as refusal:
            return refusal.found

    assert sum(outcome.endswith("is the last administrator.") for outcome in together(2, attempt)) == 1
    assert User.objects.filter(organization=acme, is_active=True).count() == 1
