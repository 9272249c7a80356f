"""CWE-613: whose access has ended comes back by a link or token that was kept for it, or goes on ending others."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from registry import lifecycle, loading, people, queries, tokens
from registry.actors import Actor, Viewer
from registry.errors import NotFound, RoleForbids
from registry.events import Event
from registry.loading import ActingClient
from registry.models import Organization, RefreshToken, User
from registry.roles import Role
from tests import world
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, code_by_hand, is_active, register
from tests.together import begin, wait_until_somebody_waits

LATER = timedelta(minutes=1)


@pytest.fixture
def acme(db: None) -> Organization:
    """With an admin who stays."""
    made = world.organization()
    world.person(Role.ORGANIZATION_ADMIN, made)
    return made


def invite(
    email: str, role: Role, holder: Organization | None = None, actor: Actor = world.STAN, **options: Any
) -> str:
    _, value = people.invite(
        email,
        "Somebody",
        role,
        holder.pk if holder else None,
        actor=actor,
        operator_id=world.operator().pk,
        now=options.get("now") or world.now(),
    )
    return value


def accept(value: str) -> User:
    return people.accept_invitation(
        value,
        password=world.PASSWORD,
        operator_id=world.operator().pk,
        request_id="req_1",
        now=world.now(),
    )


def end(user: User, actor: Actor = world.STAN) -> None:
    people.end_access(
        user.pk,
        user.organization_id,
        actor=actor,
        operator_id=world.operator().pk,
        reason="left",
        now=world.now(),
    )


def told(user: User) -> Any:
    """What the event of the end counts."""
    events = queries.audit_events(Viewer(Role.AUDITOR, None), action=Event.PERSON_ENDED)
    return events.get(subject_id=str(user.pk)).after


class TestInvitations:
    def test_a_second_one_that_was_kept(self, acme: Organization) -> None:
        first, kept = (invite("mallory@people.example", Role.ORGANIZATION_ADMIN, acme) for _ in range(2))
        mallory = accept(first)
        end(mallory)
        assert told(mallory)["invitations"] == 1
        with pytest.raises(NotFound):
            accept(kept)
        assert not User.objects.get(pk=mallory.pk).is_active

    def test_one_that_was_on_its_way_at_the_end(self, acme: Organization) -> None:
        """Made before the end, committed after it: the end did not see it."""
        mallory = world.person(Role.ORGANIZATION_READER, acme)
        end(mallory)
        late = invite(mallory.email, Role.ORGANIZATION_ADMIN, acme, now=world.now() - LATER)
        with pytest.raises(NotFound):
            accept(late)

    def test_for_a_second_face(self, db: None) -> None:
        mallory = world.person(Role.ADMINISTRATOR)
        world.person(Role.ADMINISTRATOR)
        value = invite("face@people.example", Role.ADMINISTRATOR, actor=people.person(mallory))
        end(mallory)
        assert told(mallory)["invitations"] == 1
        with pytest.raises(NotFound):
            accept(value)

    def test_for_a_second_face_on_its_way_at_the_end(self, db: None) -> None:
        mallory = world.person(Role.ADMINISTRATOR)
        world.person(Role.ADMINISTRATOR)
        end(mallory)
        with pytest.raises(NotFound):
            accept(invite("face@people.example", Role.ADMINISTRATOR, actor=people.person(mallory)))

    def test_into_a_revoked_organization(self, acme: Organization) -> None:
        value = invite("mallory@people.example", Role.ORGANIZATION_ADMIN, acme)
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        assert people.find_invitation(value, world.now())
        lifecycle.revoke_organization(
            acme.pk, four_eyes=True, actor=world.PAUL, reason="proved", now=world.now()
        )
        with pytest.raises(NotFound):
            accept(value)

    def test_of_others_stay(self, acme: Organization) -> None:
        value = invite("bob@people.example", Role.ORGANIZATION_READER, acme)
        mallory = world.person(Role.ORGANIZATION_READER, acme)
        end(mallory)
        assert told(mallory)["invitations"] == 0
        assert accept(value).is_active


class TestTokens:
    @pytest.fixture
    def app(self, acme: Organization) -> Software:
        return register(InProcess(), acme)

    @pytest.fixture
    def mallory(self, acme: Organization) -> User:
        return world.person(Role.ORGANIZATION_READER, acme)

    def test_are_dead_at_once_and_counted(self, app: Software, mallory: User) -> None:
        issued, server = app.exchange(code_by_hand(app, mallory)).json(), world.resource_server()
        unspent = code_by_hand(app, mallory)
        end(mallory)
        assert not is_active(app.door, server, issued["access_token"])
        assert error(app.refresh(issued["refresh_token"])) == (400, "invalid_grant")
        assert error(app.exchange(unspent)) == (400, "invalid_grant")
        assert told(mallory) == {"codes": 1, "refresh_tokens": 1, "access_tokens": 1, "invitations": 0}

    def test_do_not_come_back_with_the_person(self, app: Software, mallory: User) -> None:
        issued, server = app.exchange(code_by_hand(app, mallory)).json(), world.resource_server()
        unspent = code_by_hand(app, mallory)
        end(mallory)
        assert accept(invite(mallory.email, Role.ORGANIZATION_ADMIN, world.organization("other"))) == mallory
        assert error(app.refresh(issued["refresh_token"])) == (400, "invalid_grant")
        assert error(app.exchange(unspent)) == (400, "invalid_grant")
        assert not is_active(app.door, server, issued["access_token"])

    def test_one_written_a_moment_later_is_dead(self, app: Software, mallory: User) -> None:
        acting, server = loading.acting_client(app.client_id, world.now()), world.resource_server()
        assert acting is not None
        end(mallory)
        for user, lives in ((mallory, False), (world.person(Role.END_USER), True)):
            value, said = tokens.new_access_token(), {"scope": "accounts:read", "user_id": user.pk}
            tokens.save_access_token(acting.row, acting.standing, value, now=world.now(), **said)
            assert is_active(app.door, server, value) is lives


def exchanging(app: Software, acting: ActingClient, user: User) -> Callable[[], object]:
    """Spends a code for the first tokens of a family."""
    grant, now = tokens.find_code(code_by_hand(app, user), acting.row), world.now()
    assert grant is not None
    kept = {"grant": grant, "scope": "accounts:read", "now": now}
    begin_family = partial(
        tokens.begin_family, acting.row, acting.standing, tokens.new_refresh_token(), **kept
    )
    return lambda: (tokens.spend_code(grant, now), begin_family())


def rotating(app: Software, acting: ActingClient, user: User) -> Callable[[], object]:
    """Puts a new head on a family."""
    value = app.exchange(code_by_hand(app, user)).json()["refresh_token"]
    held = tokens.find_refresh_token(value, acting.row)
    assert held is not None
    new = tokens.new_refresh_token()
    return lambda: tokens.rotate(held, acting.row, acting.standing, new, now=world.now())


@pytest.mark.usefixtures("live_db")
@pytest.mark.parametrize("prepare", [exchanging, rotating])
def test_a_refresh_token_that_is_being_made_at_the_end(prepare: Callable[..., Callable[[], object]]) -> None:
    acme = world.organization()
    app, mallory = register(InProcess(), acme), world.person(Role.ORGANIZATION_READER, acme)
    acting = loading.acting_client(app.client_id, world.now())
    make = prepare(app, acting, mallory)
    with transaction.atomic():
        make()
        ending = begin(lambda: end(mallory))
        wait_until_somebody_waits()
    ending.result()
    assert told(mallory)["refresh_tokens"] == 1
    assert not RefreshToken.objects.filter(user=mallory, revoked=None).exists()


class TestActor:
    def test_whose_access_ended_meanwhile_ends_nobody(self, db: None) -> None:
        world.person(Role.ADMINISTRATOR)
        alice, mallory = (world.person(Role.ADMINISTRATOR) for _ in range(2))
        as_the_request_read_it = people.person(mallory)
        end(mallory, people.person(alice))
        with pytest.raises(RoleForbids):
            end(alice, as_the_request_read_it)
        assert User.objects.get(pk=alice.pk).is_active
