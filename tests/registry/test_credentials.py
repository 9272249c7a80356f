"""Credentials of the registration plane: minted once, resting as digests, spent and ended by one statement."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from registry import client_credentials, credentials, lifecycle, queries
from registry.actors import Viewer
from registry.credentials import Ceiling, Minted
from registry.errors import InvalidInput, InvalidToken, NotFound, QuotaReached, StandingForbids
from registry.events import Event
from registry.models import (
    Client,
    ClientSecret,
    InitialAccessToken,
    Organization,
    Quota,
    RegistrationAccessToken,
)
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.software import InProcess, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return world.organization()


def issue(
    holder: Organization, environment: Environment = Environment.SANDBOX, **ceiling: Any
) -> Minted[InitialAccessToken]:
    return credentials.issue_initial_access_token(
        holder.pk, environment, Ceiling(**ceiling), actor=world.STAN, now=world.now()
    )


def events(holder: Organization, event: Event) -> Any:
    return queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder, action=event)


class TestIssueInitialAccessToken:
    def test_shows_256_bits_once(self, acme: Organization) -> None:
        minted = issue(acme)
        assert minted.value.startswith("pri_")
        assert len(minted.value) == 4 + 43
        assert minted.value not in repr(minted)
        row = InitialAccessToken.objects.values().get(pk=minted.row.pk)
        assert minted.value not in str(row)
        assert credentials.matches(minted.value, row["digest"])

    def test_is_once_for_a_day_unless_told_otherwise(self, acme: Organization) -> None:
        row = issue(acme).row
        assert row.max_uses == 1
        assert row.expires_at - row.created_at == timedelta(days=1)

    def test_is_one_event_without_the_value(self, acme: Organization) -> None:
        minted = issue(acme, max_uses=3)
        event = events(acme, Event.INITIAL_ACCESS_TOKEN_ISSUED).values().get()
        assert event["after"]["max_uses"] == 3
        assert minted.value not in str(event)

    @pytest.mark.parametrize(
        ("state", "environment", "may"),
        [
            ("draft", Environment.SANDBOX, True),
            ("pending", Environment.SANDBOX, True),
            ("draft", Environment.PRODUCTION, False),
            ("pending", Environment.PRODUCTION, False),
            ("active", Environment.PRODUCTION, True),
            ("restricted", Environment.SANDBOX, False),
            ("suspended", Environment.SANDBOX, False),
            ("revoked", Environment.SANDBOX, False),
        ],
    )
    def test_asks_for_the_organization(
        self, acme: Organization, state: str, environment: Environment, may: bool
    ) -> None:
        Organization.objects.filter(pk=acme.pk).update(state=state)
        if may:
            assert issue(acme, environment)
            return
        with pytest.raises(StandingForbids):
            issue(acme, environment)

    @pytest.mark.parametrize(
        "ceiling",
        [
            {"max_uses": 0},
            {"max_uses": -1},
            {"max_uses": 100_001},
            {"lifetime_seconds": 59},
            {"lifetime_seconds": 7 * 86_400 + 1},
            {"roles": ["nobody"]},
        ],
        ids=str,
    )
    def test_refuses_limits_beyond_the_limits(self, acme: Organization, ceiling: dict[str, Any]) -> None:
        with pytest.raises(InvalidInput):
            issue(acme, **ceiling)
        assert not InitialAccessToken.objects.filter(organization=acme).exists()

    def test_counts_the_live_ones_against_the_quota(self, acme: Organization) -> None:
        Quota.objects.filter(organization=acme).update(initial_access_tokens=2)
        first, second = issue(acme), issue(acme)
        with pytest.raises(QuotaReached):
            issue(acme)
        InitialAccessToken.objects.filter(pk=first.row.pk).update(uses=1)
        assert issue(acme)
        InitialAccessToken.objects.filter(pk=second.row.pk).update(expires_at=world.now())
        assert issue(acme)
        assert issue(acme, Environment.PRODUCTION)

    def test_without_a_quota_is_refused(self, acme: Organization) -> None:
        Quota.objects.filter(organization=acme).delete()
        with pytest.raises(QuotaReached):
            issue(acme)

    def test_needs_an_organization(self) -> None:
        with pytest.raises(NotFound):
            credentials.issue_initial_access_token(
                uuid4(), Environment.SANDBOX, Ceiling(), actor=world.STAN, now=world.now()
            )


class TestFindInitialAccessToken:
    def test_finds_a_spent_one(self, acme: Organization) -> None:
        minted = issue(acme)
        InitialAccessToken.objects.filter(pk=minted.row.pk).update(uses=1)
        assert credentials.find_initial_access_token(minted.value, world.now()) == minted.row

    def test_ends_with_its_instant(self, acme: Organization) -> None:
        minted = issue(acme)
        end = minted.row.expires_at
        assert credentials.find_initial_access_token(minted.value, end - timedelta(microseconds=1))
        with pytest.raises(InvalidToken):
            credentials.find_initial_access_token(minted.value, end)

    @pytest.mark.parametrize("value", ["", "x", "pri_", "\x00", "\ud800", "é" * 1000])
    def test_knows_no_other(self, value: str) -> None:
        with pytest.raises(InvalidToken):
            credentials.find_initial_access_token(value, world.now())

    def test_gives_one_answer_for_all_that_is_no_good(self, acme: Organization) -> None:
        minted = issue(acme)
        said = set()
        for change in ({"ended_at": world.now()}, {"organization_epoch": 99}, {"expires_at": world.now()}):
            with transaction.atomic():
                InitialAccessToken.objects.filter(pk=minted.row.pk).update(**change)
                with pytest.raises(InvalidToken) as caught:
                    credentials.find_initial_access_token(minted.value, world.now())
                said.add((caught.value.found, caught.value.fix))
                transaction.set_rollback(True)
        assert len(said) == 1


class TestSpendInitialAccessToken:
    def test_counts_to_the_end(self, acme: Organization) -> None:
        row = issue(acme, max_uses=2).row
        for _ in range(2):
            credentials.spend_initial_access_token(row, world.now())
        with pytest.raises(InvalidToken):
            credentials.spend_initial_access_token(row, world.now())

    def test_cannot_be_overspent_in_the_table(self, acme: Organization) -> None:
        row = issue(acme).row
        with pytest.raises(IntegrityError), transaction.atomic():
            InitialAccessToken.objects.filter(pk=row.pk).update(uses=2)

    def test_looks_at_the_row_as_it_is_now(self, acme: Organization) -> None:
        row = issue(acme).row
        InitialAccessToken.objects.filter(pk=row.pk).update(ended_at=world.now())
        with pytest.raises(InvalidToken):
            credentials.spend_initial_access_token(row, world.now())


class TestEndOfInitialAccessTokens:
    def revoke(self, row: InitialAccessToken, holder: Organization) -> InitialAccessToken:
        return credentials.revoke_initial_access_token(
            row.pk, organization_id=holder.pk, actor=world.STAN, reason="mislaid", now=world.now()
        )

    def test_is_one_event(self, acme: Organization) -> None:
        minted = issue(acme)
        assert self.revoke(minted.row, acme).end_reason == "mislaid"
        assert events(acme, Event.INITIAL_ACCESS_TOKEN_REVOKED).count() == 1
        with pytest.raises(NotFound):
            self.revoke(minted.row, acme)
        with pytest.raises(InvalidToken):
            credentials.find_initial_access_token(minted.value, world.now())

    def test_is_not_another_organization_s(self, acme: Organization) -> None:
        row = issue(acme).row
        with pytest.raises(NotFound):
            self.revoke(row, world.organization("carol"))

    def test_comes_once(self, acme: Organization) -> None:
        row = issue(acme).row
        for _ in range(2):
            credentials.expire_initial_access_token(row.pk, actor=world.STAN, now=row.expires_at)
        assert events(acme, Event.INITIAL_ACCESS_TOKEN_EXPIRED).count() == 1

    def test_does_not_come_early(self, acme: Organization) -> None:
        row = issue(acme).row
        credentials.expire_initial_access_token(row.pk, actor=world.STAN, now=world.now())
        row.refresh_from_db()
        assert row.ended_at is None


class TestClientCredentials:
    @pytest.fixture
    def client(self, acme: Organization) -> Client:
        return register(InProcess(), acme).row

    def test_end_together(self, client: Client) -> None:
        client_credentials.end_client_credentials(client, world.now())
        assert not ClientSecret.objects.filter(client=client, ended_at=None).exists()
        assert not RegistrationAccessToken.objects.filter(client=client, ended_at=None).exists()

    def test_carry_the_epochs_of_their_issue(self, client: Client) -> None:
        row = RegistrationAccessToken.objects.get(client=client)
        assert (row.organization_epoch, row.client_epoch) == (1, 1)
        assert row.ended_at is None

    def test_stay_under_containment_as_rows(self, client: Client, acme: Organization) -> None:
        """It is the epochs that end a registration access token; keys and secrets stay."""
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="x", now=world.now())
        assert ClientSecret.objects.filter(client=client, ended_at=None).exists()

    @pytest.mark.parametrize("length", [0, 1, 47, 10_000])
    def test_are_compared_whatever_is_presented(self, client: Client, length: int) -> None:
        resting = ClientSecret.objects.get(client=client).digest
        assert not credentials.matches("x" * length, resting)
        assert not credentials.matches(resting, resting)


def test_the_limit_of_a_week_is_a_setting() -> None:
    assert settings.REGISTRY.initial_access_token_seconds_limit == 7 * 86_400
