"""Keys by reference, fetched again: by the sweep, and when an assertion names one that we do not have."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from registry import key_refresh, lifecycle, queries
from registry.events import Event
from registry.models import Client, ClientKey, KeySet
from tests import world
from tests.key_server import STAFF, Partner, age, events, kid, kids, publishing

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def partner(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Partner]:
    holder = world.organization()
    yield from publishing(holder, monkeypatch, tmp_path)


class TestUnknownKey:
    @pytest.fixture
    def rotated(self, partner: Partner) -> tuple[Client, world.Signer, world.Signer]:
        """A client whose server has another key by now."""
        old, new = world.signer(), world.signer()
        partner.publish(old)
        client = partner.client()
        partner.publish(new)
        return client, old, new

    def test_is_fetched_when_it_is_named(
        self, partner: Partner, rotated: tuple[Client, world.Signer, world.Signer]
    ) -> None:
        client, old, new = rotated
        age(client, tried_at=MINUTE)
        assert partner.ask_token(client, new).status == 200
        assert partner.ask_token(client, old).status == 401
        assert (kids(client), kids(client, "retired")) == ({kid(new)}, {kid(old)})
        assert events(client, Event.KEY_SET_CHANGED) == 1

    def test_is_fetched_once_a_minute_at_most(
        self, partner: Partner, rotated: tuple[Client, world.Signer, world.Signer]
    ) -> None:
        client, old, new = rotated
        assert partner.ask_token(client, new).status == 401
        assert len(partner.peer.requests) == 1
        partner.publish(old)
        age(client, tried_at=MINUTE)
        for _ in range(3):
            assert partner.ask_token(client, new).status == 401
        assert len(partner.peer.requests) == 2
        assert partner.ask_token(client, old).status == 200

    def test_is_not_fetched_for_a_client_that_may_not_act(
        self, partner: Partner, rotated: tuple[Client, world.Signer, world.Signer]
    ) -> None:
        client, _, new = rotated
        age(client, tried_at=MINUTE)
        lifecycle.suspend_client(client.client_id, actor=world.STAN, reason="odd", now=world.now())
        assert partner.ask_token(client, new).status == 401
        assert len(partner.peer.requests) == 1

    def test_that_is_not_accepted_leaves_the_old_ones(
        self, partner: Partner, rotated: tuple[Client, world.Signer, world.Signer]
    ) -> None:
        client, old, new = rotated
        partner.publish(new, new)
        age(client, tried_at=MINUTE)
        assert partner.ask_token(client, new).status == 401
        assert partner.ask_token(client, old).status == 200
        assert events(client, Event.KEY_SET_MISSED) == 1


class TestSweep:
    @pytest.fixture
    def held(self, partner: Partner) -> tuple[Client, world.Signer]:
        signer = world.signer()
        partner.publish(signer)
        return partner.client(), signer

    def sweep(self, client: Client, now: datetime) -> int:
        rows = list(KeySet.objects.filter(client=client).values_list("pk", flat=True))
        return key_refresh.refresh_due(ids=rows, limit=10, now=now)

    def test_comes_after_a_quarter_of_an_hour(
        self, partner: Partner, held: tuple[Client, world.Signer]
    ) -> None:
        client, _ = held
        fetched = KeySet.objects.get(client=client).fetched_at
        assert self.sweep(client, fetched + 15 * MINUTE - timedelta(seconds=1)) == 0
        assert self.sweep(client, fetched + 15 * MINUTE) == 1
        row = KeySet.objects.get(client=client)
        assert (row.fetched_at, row.next_fetch_at) == (fetched + 15 * MINUTE, fetched + 30 * MINUTE)
        assert events(client, Event.KEY_SET_CHANGED) == 0

    def test_takes_what_changed(self, partner: Partner, held: tuple[Client, world.Signer]) -> None:
        client, old = held
        new = world.signer()
        partner.publish(old, new)
        self.sweep(client, world.now() + HOUR)
        assert kids(client) == {kid(old), kid(new)}
        event = next(e for e in queries.client_events(STAFF, client.client_id) if "key_set" in e.action)
        assert (event.before, event.after) == ({"kids": [kid(old)]}, {"kids": [kid(old), kid(new)]})

    def test_of_a_server_that_fails_keeps_the_keys_and_tells_once(
        self, partner: Partner, held: tuple[Client, world.Signer]
    ) -> None:
        client, signer = held
        partner.said = None
        for minutes in (60, 62, 64):
            self.sweep(client, world.now() + minutes * MINUTE)
        assert kids(client) == {kid(signer)}
        assert events(client, Event.KEY_SET_MISSED) == 1
        row = KeySet.objects.get(client=client)
        assert "cannot be reached" in row.found

    def test_of_a_server_that_fails_comes_later_the_longer_it_lasts(
        self, partner: Partner, held: tuple[Client, world.Signer]
    ) -> None:
        client, _ = held
        partner.said = None
        first = world.now() + HOUR
        for minutes, wait in ((0, 1), (5, 5), (120, 15)):
            now = first + minutes * MINUTE
            self.sweep(client, now)
            assert KeySet.objects.get(client=client).next_fetch_at == now + wait * MINUTE

    def test_of_a_server_that_is_well_again_forgets_the_failure(
        self, partner: Partner, held: tuple[Client, world.Signer]
    ) -> None:
        client, signer = held
        partner.said = None
        self.sweep(client, world.now() + HOUR)
        partner.publish(signer)
        self.sweep(client, world.now() + 2 * HOUR)
        row = KeySet.objects.get(client=client)
        assert (row.failing_since, row.found) == (None, "")

    def test_of_a_client_that_is_stopped_or_has_ended_fetches_nothing(
        self, partner: Partner, held: tuple[Client, world.Signer]
    ) -> None:
        client, _ = held
        lifecycle.suspend_client(client.client_id, actor=world.STAN, reason="odd", now=world.now())
        assert self.sweep(client, world.now() + HOUR) == 0
        lifecycle.revoke_client(client.client_id, actor=world.STAN, reason="leak", now=world.now())
        assert self.sweep(client, world.now() + 3 * HOUR) == 0
        assert len(partner.peer.requests) == 1

    def test_does_not_bring_back_a_key_that_was_compromised(
        self, partner: Partner, held: tuple[Client, world.Signer]
    ) -> None:
        client, signer = held
        other = world.signer()
        ClientKey.objects.filter(client=client).update(state="compromised")
        partner.publish(signer, other)
        self.sweep(client, world.now() + HOUR)
        assert kids(client) == set()
        assert events(client, Event.KEY_SET_MISSED) == 1


class TestStaleKeys:
    @pytest.mark.parametrize(("since", "status"), [(23 * HOUR, 200), (24 * HOUR, 401)])
    def test_count_for_a_day(self, partner: Partner, since: timedelta, status: int) -> None:
        signer = world.signer()
        partner.publish(signer)
        client = partner.client()
        partner.said = None
        age(client, fetched_at=since, tried_at=MINUTE)
        assert partner.ask_token(client, signer).status == status

    def test_are_fetched_again_when_the_day_is_over(self, partner: Partner) -> None:
        signer = world.signer()
        partner.publish(signer)
        client = partner.client()
        age(client, fetched_at=48 * HOUR, tried_at=MINUTE)
        assert partner.ask_token(client, signer).status == 200
