"""Token rows: epochs, boundaries in time, families, and what a day's purge leaves."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from registry import lifecycle, loading, queries, tokens
from registry.actors import Viewer
from registry.events import Event
from registry.loading import ActingClient
from registry.models import (
    AccessToken,
    Client,
    Grant,
    IdempotentRegistration,
    Organization,
    RefreshToken,
    SpentAssertion,
    User,
)
from registry.onboarding import grant_entitlement
from registry.organization_facts import EntitlementFacts
from registry.roles import Role
from registry.states import Action, Environment
from registry.token_rows import HeldRefreshToken
from tests import world
from tests.software import InProcess, register, somebody
from tests.together import begin, together, wait_until_somebody_waits

SECOND = timedelta(seconds=1)
ACTOR = world.STAN


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization()


@pytest.fixture
def user(db: None) -> User:
    return somebody()


def acting_for(holder: Organization) -> ActingClient:
    found = loading.acting_client(register(InProcess(), holder).client_id, world.now())
    assert found is not None
    return found


@pytest.fixture
def acting(acme: Organization) -> ActingClient:
    return acting_for(acme)


def again(acting: ActingClient) -> ActingClient:
    """The same client as it is now."""
    found = loading.acting_client(acting.row.client_id, world.now())
    assert found is not None
    return found


def access_token(acting: ActingClient, *, expires: datetime | None = None, **fields: Any) -> str:
    life = timedelta(seconds=acting.row.access_token_seconds)
    value = tokens.new_access_token()
    tokens.save_access_token(
        acting.row,
        acting.standing,
        value,
        scope=fields.pop("scope", "accounts:read"),
        now=expires - life if expires else world.now(),
        **fields,
    )
    return value


def code(acting: ActingClient, user: User, now: datetime) -> Grant:
    value = uuid4().hex
    tokens.save_code(
        acting.row, acting.standing, value, now=now, user=user, redirect_uri="", scope="accounts:read"
    )
    found = tokens.find_code(value, acting.row)
    assert found is not None
    return found


def family(acting: ActingClient, user: User, now: datetime | None = None) -> HeldRefreshToken:
    """The head of a new family."""
    now = now or world.now()
    value = tokens.new_refresh_token()
    grant = code(acting, user, now)
    tokens.begin_family(acting.row, acting.standing, value, grant=grant, scope="accounts:read", now=now)
    found = tokens.find_refresh_token(value, acting.row)
    assert found is not None
    return found


def at_rest(held: HeldRefreshToken) -> RefreshToken:
    return RefreshToken.objects.get(pk=held.pk)


def rotated(head: HeldRefreshToken, acting: ActingClient, now: datetime | None = None) -> HeldRefreshToken:
    value = tokens.new_refresh_token()
    with transaction.atomic():
        assert tokens.rotate(head, acting.row, acting.standing, value, now=now or world.now())
    found = tokens.find_refresh_token(value, acting.row)
    assert found is not None
    return found


def events(holder: Any, event: Event) -> Any:
    return queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder, action=event)


class TestValues:
    def test_have_256_bits_behind_a_prefix(self) -> None:
        for value, prefix in ((tokens.new_access_token(), "cat_"), (tokens.new_refresh_token(), "crt_")):
            assert value.startswith(prefix)
            assert len(value) == len(prefix) + 43

    def test_rest_as_a_checksum(self, acting: ActingClient) -> None:
        value = access_token(acting)
        row = AccessToken.objects.get(application=acting.row)
        assert (row.token, row.token_checksum) == ("", tokens.checksum(value))

    def test_cannot_rest_in_clear(self, acting: ActingClient) -> None:
        access_token(acting)
        with pytest.raises(IntegrityError), transaction.atomic():
            AccessToken.objects.filter(application=acting.row).update(token="clear")

    @pytest.mark.parametrize("value", ["", "\x00", "\ud800", "é", "x" * 100_000])
    def test_of_any_kind_can_be_looked_up(self, acting: ActingClient, value: str) -> None:
        assert tokens.find_live_token(value, Action.INTROSPECT, world.now()) is None


class TestFindLiveToken:
    def test_says_whose_it_is(self, acting: ActingClient, acme: Organization) -> None:
        live = tokens.find_live_token(access_token(acting), Action.USE, world.now())
        assert live is not None
        assert (live.standing.client_id, live.organization_slug) == (acting.row.client_id, acme.slug)
        assert live.scopes == {"accounts:read"}

    def test_ends_with_the_instant_of_its_expiry(self, acting: ActingClient) -> None:
        end = world.now()
        value = access_token(acting, expires=end)
        assert tokens.find_live_token(value, Action.USE, end - timedelta(microseconds=1))
        assert tokens.find_live_token(value, Action.USE, end) is None

    @pytest.mark.parametrize("environment", list(Environment))
    def test_ends_with_the_containment_of_its_environment(
        self, acting: ActingClient, acme: Organization, environment: Environment
    ) -> None:
        value = access_token(acting)
        lifecycle.contain_environment(acme.pk, environment, actor=ACTOR, reason="drill", now=world.now())
        live = tokens.find_live_token(value, Action.USE, world.now())
        assert (live is None) == (environment == Environment.SANDBOX)

    def test_is_dead_when_written_under_an_old_epoch(self, acting: ActingClient, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=ACTOR, reason="drill", now=world.now())
        late = access_token(acting)
        lifecycle.restore_organization(acme.pk, actor=world.PAUL, reason="over", now=world.now())
        assert tokens.find_live_token(late, Action.USE, world.now()) is None
        assert tokens.find_live_token(access_token(again(acting)), Action.USE, world.now())

    def test_loses_scopes_that_the_organization_lost(self, acting: ActingClient, acme: Organization) -> None:
        value = access_token(acting, scope="accounts:read transactions:read")
        facts = EntitlementFacts("partner", ["transactions:read"], ["authorization_code"])
        grant_entitlement(acme.pk, facts, actor=ACTOR, now=world.now())
        live = tokens.find_live_token(value, Action.USE, world.now())
        assert live is not None
        assert live.scopes == {"transactions:read"}


class TestCodes:
    def test_end_after_their_seconds(self, acting: ActingClient, user: User) -> None:
        now = world.now()
        grant = code(acting, user, now)
        end = now + timedelta(seconds=settings.REGISTRY.authorization_code_seconds)
        assert settings.REGISTRY.authorization_code_seconds == 60
        assert tokens.code_stands(grant, acting.standing, end - timedelta(microseconds=1))
        assert not tokens.code_stands(grant, acting.standing, end)

    def test_are_spent_once(self, acting: ActingClient, user: User) -> None:
        grant = code(acting, user, world.now())
        assert tokens.spend_code(grant, world.now())
        assert not tokens.spend_code(grant, world.now())

    def test_are_unknown_to_another_client(
        self, acting: ActingClient, acme: Organization, user: User
    ) -> None:
        tokens.save_code(acting.row, acting.standing, "mine", now=world.now(), user=user, redirect_uri="")
        assert tokens.find_code("mine", acting_for(acme).row) is None

    def test_die_with_their_epoch(self, acting: ActingClient, user: User) -> None:
        grant = code(acting, user, world.now())
        lifecycle.suspend_client(acting.row.client_id, actor=ACTOR, reason="drill", now=world.now())
        lifecycle.reactivate_client(acting.row.client_id, actor=ACTOR, reason="over", now=world.now())
        assert not tokens.code_stands(grant, again(acting).standing, world.now())


class TestRefreshTokens:
    def test_live_seven_days_idle(self, acting: ActingClient, user: User) -> None:
        now = world.now()
        head, end = family(acting, user, now), now + timedelta(days=7)
        assert tokens.refresh_token_stands(head, acting.standing, end - timedelta(microseconds=1))
        assert not tokens.refresh_token_stands(head, acting.standing, end)

    def test_live_thirty_days_however_busy(self, acting: ActingClient, user: User) -> None:
        begun = world.now()
        head = family(acting, user, begun)
        for day in (6, 12, 18, 24, 29):
            head = rotated(head, acting, begun + timedelta(days=day))
        end = begun + timedelta(days=30)
        assert tokens.refresh_token_stands(head, acting.standing, end - timedelta(microseconds=1))
        assert not tokens.refresh_token_stands(head, acting.standing, end)

    def test_begin_their_idle_time_anew_without_rotation(self, acting: ActingClient, user: User) -> None:
        now = world.now()
        head = family(acting, user, now)
        assert tokens.keep(head, now=now + timedelta(days=6))
        assert at_rest(head).idle_until == now + timedelta(days=13)

    def test_are_replaced_once(self, acting: ActingClient, user: User) -> None:
        head = family(acting, user)
        rotated(head, acting)
        with transaction.atomic():
            again_ = tokens.rotate(head, acting.row, acting.standing, "crt_x", now=world.now())
        assert not again_
        assert not tokens.keep(head, now=world.now())

    def test_have_one_live_head(self, acting: ActingClient, user: User) -> None:
        head = family(acting, user)
        newer = rotated(head, acting)
        with pytest.raises(IntegrityError), transaction.atomic():
            RefreshToken.objects.filter(pk=head.pk).update(revoked=None)
        assert newer.token_family == head.token_family

    def test_die_with_their_epoch(self, acting: ActingClient, user: User, acme: Organization) -> None:
        head = family(acting, user)
        lifecycle.contain_organization(acme.pk, actor=ACTOR, reason="drill", now=world.now())
        lifecycle.restore_organization(acme.pk, actor=world.PAUL, reason="over", now=world.now())
        assert not tokens.refresh_token_stands(head, again(acting).standing, world.now())


class TestEndFamily:
    def test_takes_everything_with_it_and_says_so(
        self, acting: ActingClient, user: User, acme: Organization
    ) -> None:
        head = family(acting, user)
        newer = rotated(head, acting)
        value = access_token(acting, family=head.token_family, user_id=user.pk)
        tokens.end_family(
            head.token_family,
            Event.TOKEN_REUSE_SEEN,
            client=acting.row,
            actor=ACTOR,
            reason="seen",
            now=world.now(),
        )
        assert at_rest(newer).revoked is not None
        assert tokens.find_live_token(value, Action.USE, world.now()) is None
        event = events(acme, Event.TOKEN_REUSE_SEEN).get()
        assert (event.after["refresh_tokens"], event.after["access_tokens"]) == (1, 1)

    def test_leaves_other_families(self, acting: ActingClient, user: User) -> None:
        mine, other = family(acting, user), family(acting, user)
        tokens.end_family(
            mine.token_family,
            Event.TOKEN_REVOKED,
            client=acting.row,
            actor=ACTOR,
            reason="",
            now=world.now(),
        )
        assert at_rest(other).revoked is None

    @pytest.mark.usefixtures("live_db")
    def test_reaches_the_head_of_a_rotation_in_flight(self) -> None:
        acting = acting_for(world.organization())
        head = rotated(family(acting, somebody()), acting)

        def end() -> None:
            tokens.end_family(
                head.token_family,
                Event.TOKEN_REUSE_SEEN,
                client=acting.row,
                actor=ACTOR,
                reason="an older one was used again",
                now=world.now(),
            )

        with transaction.atomic():
            tokens.rotate(head, acting.row, acting.standing, tokens.new_refresh_token(), now=world.now())
            ending = begin(end)
            wait_until_somebody_waits()
        ending.result()
        assert not RefreshToken.objects.filter(token_family=head.token_family, revoked=None).exists()


class TestRevoke:
    def revoke(self, value: str, acting: ActingClient) -> bool:
        return tokens.revoke(value, client=acting.row, actor=ACTOR, now=world.now())

    def test_ends_one_access_token(self, acting: ActingClient, acme: Organization) -> None:
        value, other = access_token(acting), access_token(acting)
        assert self.revoke(value, acting)
        assert tokens.find_live_token(value, Action.USE, world.now()) is None
        assert tokens.find_live_token(other, Action.USE, world.now())
        assert events(acme, Event.TOKEN_REVOKED).count() == 1

    def test_ends_the_family_of_either_kind(self, acting: ActingClient, user: User) -> None:
        head = family(acting, user)
        value = access_token(acting, family=head.token_family, user_id=user.pk)
        assert self.revoke(value, acting)
        assert at_rest(head).revoked is not None

    def test_knows_only_tokens_of_its_client(self, acting: ActingClient, acme: Organization) -> None:
        value = access_token(acting)
        assert not self.revoke(value, acting_for(acme))
        assert tokens.find_live_token(value, Action.USE, world.now())

    def test_of_a_revoked_one_is_no_event(self, acting: ActingClient, user: User, acme: Organization) -> None:
        value = tokens.new_refresh_token()
        grant = code(acting, user, world.now())
        tokens.begin_family(acting.row, acting.standing, value, grant=grant, scope="a", now=world.now())
        assert self.revoke(value, acting)
        assert self.revoke(value, acting)
        assert events(acme, Event.TOKEN_REVOKED).count() == 1

    @pytest.mark.usefixtures("live_db")
    def test_by_four_at_once_is_one_event(self) -> None:
        acme = world.organization()
        acting = acting_for(acme)
        for ended in range(1, 4):
            value = access_token(acting)
            assert together(4, lambda _, value=value: self.revoke(value, acting)).count(True) >= 1
            assert events(acme, Event.TOKEN_REVOKED).count() == ended


class TestPurge:
    def test_takes_what_ended_more_than_a_day_ago(self, acting: ActingClient, user: User) -> None:
        now = world.now()
        access_token(acting, expires=now - timedelta(days=1) - SECOND)
        kept = access_token(acting, expires=now - timedelta(days=1) + SECOND)
        code(acting, user, now - timedelta(days=1, seconds=61))
        family(acting, user, now - timedelta(days=31, seconds=1))
        SpentAssertion.objects.create(client=acting.row, jti_digest="a", expires_at=now - timedelta(days=2))
        assert tokens.purge_expired(now=now) == 1 + 2 + 1 + 1  # the family's code went too
        assert AccessToken.objects.get(application=acting.row).token_checksum == tokens.checksum(kept)

    def test_forgets_idempotent_registrations_after_their_day(
        self, acting: ActingClient, acme: Organization
    ) -> None:
        now = world.now()
        token = world.initial_access_token(acme).row
        for age, key in ((timedelta(days=1, seconds=1), "old"), (timedelta(hours=23), "young")):
            IdempotentRegistration.objects.create(
                initial_access_token=token,
                key_digest=key,
                body_digest="",
                client=Client.objects.get(pk=acting.row.pk),
                created_at=now - age,
            )
        tokens.purge_expired(now=now)
        assert IdempotentRegistration.objects.get(initial_access_token=token).key_digest == "young"

    def test_takes_at_most_its_limit(self, acting: ActingClient) -> None:
        now = world.now()
        for _ in range(3):
            access_token(acting, expires=now - timedelta(days=2))
        assert tokens.purge_expired(now=now, limit=2) == 2
        assert tokens.purge_expired(now=now, limit=2) == 1
