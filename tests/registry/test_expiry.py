"""What ends by itself: once, whoever else is at it, and told to the organization."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from registry import clock, expiry, lifecycle, queries, tokens
from registry.actors import Viewer
from registry.events import Event
from registry.models import AccessToken, Client, InitialAccessToken, Notice, NoticeKind, Organization
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment, State
from tests import side_by_side, world
from tests.together import begin

EVERYTHING = Viewer(Role.AUDITOR, None)
LATER = timedelta(days=2)


def client(holder: Organization) -> Client:
    """A client of a day's validity."""
    made = manual.register(
        holder.pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        justification="a trial",
        valid_until=world.now() + timedelta(days=1),
        actor=world.STAN,
        now=world.now(),
    )
    return Client.objects.get(client_id=made.client_id)


def told(event: Event, **conditions: Any) -> int:
    return int(queries.audit_events(EVERYTHING, **conditions).filter(action=event).count())


@pytest.mark.django_db
class TestInitialAccessTokens:
    def test_one_whose_end_has_come_is_closed_with_an_event(self) -> None:
        row = world.initial_access_token(world.organization()).row
        assert expiry.expire_initial_access_tokens(limit=10, now=row.expires_at) == 1
        row.refresh_from_db()
        assert (row.ended_at, row.end_reason) == (row.expires_at, "expired")
        assert told(Event.INITIAL_ACCESS_TOKEN_EXPIRED, organization=row.organization) == 1

    def test_one_that_lasts_stays_open(self) -> None:
        row = world.initial_access_token(world.organization()).row
        before = row.expires_at - timedelta(microseconds=1)
        assert expiry.expire_initial_access_tokens(limit=10, now=before) == 0

    def test_a_second_sweep_finds_nothing(self) -> None:
        row = world.initial_access_token(world.organization()).row
        expiry.expire_initial_access_tokens(limit=10, now=row.expires_at)
        assert expiry.expire_initial_access_tokens(limit=10, now=row.expires_at) == 0

    def test_only_those_that_are_named(self) -> None:
        acme = world.organization()
        one, other = (world.initial_access_token(acme).row for _ in range(2))
        assert expiry.expire_initial_access_tokens(ids=[one.pk], limit=10, now=other.expires_at) == 1
        assert list(InitialAccessToken.objects.filter(ended_at=None)) == [other]


@pytest.mark.django_db
class TestClients:
    def test_one_past_its_validity_is_suspended_with_event_and_notice(self) -> None:
        made = client(world.organization())
        assert expiry.expire_clients(limit=10, now=world.now() + LATER) == 1
        made.refresh_from_db()
        assert made.state == State.SUSPENDED
        assert told(Event.CLIENT_EXPIRED, organization=made.organization) == 1
        assert Notice.objects.get(client=made).kind == NoticeKind.CLIENT_EXPIRED

    def test_a_second_sweep_suspends_and_tells_nothing(self) -> None:
        made = client(world.organization())
        expiry.expire_clients(limit=10, now=world.now() + LATER)
        assert expiry.expire_clients(limit=10, now=world.now() + LATER) == 0
        assert Notice.objects.filter(client=made).count() == 1

    def test_one_that_ended_otherwise_is_left_alone(self) -> None:
        made = client(world.organization())
        lifecycle.deregister_client(made.client_id, actor=world.STAN, reason="over", now=world.now())
        assert expiry.expire_clients(limit=10, now=world.now() + LATER) == 0

    def test_only_those_that_are_named(self) -> None:
        acme = world.organization()
        one, other = client(acme), client(acme)
        assert expiry.expire_clients(ids=[one.client_id], limit=10, now=world.now() + LATER) == 1
        other.refresh_from_db()
        assert other.state == State.ACTIVE


@pytest.mark.usefixtures("live_db")
class TestAtOnce:
    def test_a_client_whose_organization_is_locked_is_passed_over(self) -> None:
        made = client(world.organization())
        with _locked("registry_organization", made.organization_id):
            swept = begin(
                lambda: expiry.expire_clients(ids=[made.client_id], limit=10, now=world.now() + LATER)
            )
            assert swept.result(timeout=5) == 0
        assert expiry.expire_clients(ids=[made.client_id], limit=10, now=world.now() + LATER) == 1

    def test_a_token_that_is_locked_is_passed_over(self) -> None:
        row = world.initial_access_token(world.organization()).row
        with _locked("registry_initialaccesstoken", row.pk):
            swept = begin(
                lambda: expiry.expire_initial_access_tokens(ids=[row.pk], limit=10, now=row.expires_at)
            )
            assert swept.result(timeout=5) == 0
        assert expiry.expire_initial_access_tokens(ids=[row.pk], limit=10, now=row.expires_at) == 1


def _locked(table: str, key: object) -> "psycopg.Connection[Any]":
    """A session that holds this row until the block ends."""
    holding = psycopg.connect(side_by_side.url())
    holding.execute(f"SELECT FROM {table} WHERE id = %s FOR UPDATE", [key])  # type: ignore[arg-type]
    return holding


def test_two_processes_expire_each_thing_once(
    clone_database: Callable[[], AbstractContextManager[str]], tmp_path: Path
) -> None:
    with clone_database():
        acme = world.organization()
        for _ in range(12):
            world.initial_access_token(acme)
            client(acme)
        shifted = side_by_side.clock_shifted_by(tmp_path, days=2)
        side_by_side.run("expire_clients", environment=shifted)
        side_by_side.run("expire_initial_access_tokens", environment=shifted)
        expiry.expire_clients(limit=12, now=clock.now() + LATER)  # those that one passed over for the other
        assert told(Event.CLIENT_EXPIRED) == Notice.objects.count() == 12
        assert told(Event.INITIAL_ACCESS_TOKEN_EXPIRED) == 12


class TestPurge:
    def test_deletes_batch_after_batch(
        self, clone_database: Callable[[], AbstractContextManager[str]]
    ) -> None:
        with clone_database():
            made = client(world.organization())
            _access_tokens(made, 25)
            gone = expiry.purge_tokens(limit=10, now=clock.now() + LATER)
            assert (gone, AccessToken.objects.count()) == (25, 0)

    @pytest.mark.django_db
    def test_leaves_what_a_replay_could_still_show(self) -> None:
        _access_tokens(client(world.organization()), 3)
        assert expiry.purge_tokens(limit=10, now=clock.now() + timedelta(hours=24)) == 0


def _access_tokens(made: Client, count: int) -> None:
    from registry import loading

    acting = loading.acting_client(made.client_id, clock.now())
    assert acting is not None
    for _ in range(count):
        value = tokens.new_access_token()
        tokens.save_access_token(
            acting.row,
            acting.standing,
            value,
            scope="accounts:read",
            now=clock.now(),
        )
