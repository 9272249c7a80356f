"""Clients that nobody uses: told of, restricted, suspended, each step in its time and none left out."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from registry import lifecycle, loading, notices, queries, staleness, tokens
from registry.actors import Viewer
from registry.events import Event
from registry.models import Client, Grant, Notice, NoticeKind, RefreshToken
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment, State
from tests import side_by_side, world

EVERYTHING = Viewer(Role.AUDITOR, None)
DAY = timedelta(days=1)


class Story:
    """One client and the days that pass; each day the sweep runs, and owed mails go out."""

    def __init__(self) -> None:
        self.began = self.now = world.now()
        made = manual.register(
            world.organization().pk,
            Environment.SANDBOX,
            world.machine_metadata(),
            justification="a test",
            valid_until=None,
            actor=world.STAN,
            now=self.began,
        )
        self.client_id = made.client_id

    @property
    def client(self) -> Client:
        return Client.objects.get(client_id=self.client_id)

    def day(self, number: int, *, mails: bool = True) -> "Story":
        """Go to this day and sweep."""
        self.now = self.began + number * DAY
        staleness.follow_unused(ids=[self.client_id], limit=10, now=self.now)
        if mails:
            notices.send_due(limit=10, now=self.now)
        return self

    def use(self) -> None:
        acting = loading.acting_client(self.client_id, self.now)
        assert acting is not None
        loading.note_use(acting, self.now)

    def events(self) -> list[str]:
        """What the task did, in order."""
        found = queries.audit_events(EVERYTHING, subject_id=self.client_id).filter(actor_kind="system")
        return [str(action) for action in found.order_by("id").values_list("action", flat=True)]


@pytest.fixture
def story(db: None) -> Story:
    return Story()


class TestSteps:
    def test_nothing_happens_before_the_first_limit(self, story: Story) -> None:
        assert story.day(89).events() == []

    def test_ninety_days_of_silence_are_told_once(self, story: Story) -> None:
        story.day(90).day(91)
        assert story.events() == [Event.CLIENT_UNUSED_SEEN]
        assert [notice.kind for notice in Notice.objects.filter(client=story.client)] == ["client_unused"]

    def test_a_hundred_and_twenty_days_restrict(self, story: Story) -> None:
        story.day(90).day(119)
        assert story.client.state == State.ACTIVE
        assert story.day(120).client.state == State.RESTRICTED

    def test_a_hundred_and_eighty_days_suspend(self, story: Story) -> None:
        story.day(90).day(120).day(179)
        assert story.client.state == State.RESTRICTED
        assert story.day(180).client.state == State.SUSPENDED
        assert story.events() == [
            Event.CLIENT_UNUSED_SEEN,
            Event.CLIENT_RESTRICTED,
            Event.CLIENT_LIFTED,
            Event.CLIENT_SUSPENDED,
        ]

    def test_each_step_is_owed_a_mail(self, story: Story) -> None:
        story.day(90).day(120).day(180)
        kinds = (
            Notice.objects.filter(client=story.client).order_by("created_at").values_list("kind", flat=True)
        )
        assert list(kinds) == [
            NoticeKind.CLIENT_UNUSED,
            NoticeKind.CLIENT_RESTRICTED,
            NoticeKind.CLIENT_SUSPENDED,
        ]

    def test_nothing_comes_after_the_last(self, story: Story) -> None:
        story.day(90).day(120).day(180)
        assert len(story.day(400).events()) == 4


class TestNoStepIsLeftOut:
    def test_a_sweep_that_comes_a_year_late_begins_with_the_notice(self, story: Story) -> None:
        assert story.day(365).events() == [Event.CLIENT_UNUSED_SEEN]
        assert story.day(394).client.state == State.ACTIVE
        assert story.day(395).client.state == State.RESTRICTED
        assert story.day(454).client.state == State.RESTRICTED
        assert story.day(455).client.state == State.SUSPENDED

    def test_nobody_is_restricted_before_the_mail_went_out(self, story: Story) -> None:
        story.day(90, mails=False).day(130, mails=False)
        assert story.client.state == State.ACTIVE
        story.day(131).day(160)
        assert story.client.state == State.ACTIVE
        assert story.day(161).client.state == State.RESTRICTED


class TestUse:
    def test_begins_everything_anew(self, story: Story) -> None:
        story.day(90)
        story.use()
        story.day(179)
        assert story.events() == [Event.CLIENT_UNUSED_SEEN]
        assert story.day(180).events() == [Event.CLIENT_UNUSED_SEEN] * 2

    def test_lifts_the_restriction(self, story: Story) -> None:
        story.day(90).day(120)
        story.now += DAY
        story.use()
        assert story.day(121).client.state == State.ACTIVE
        assert story.events()[-1] == Event.CLIENT_LIFTED

    def test_after_the_restriction_keeps_from_being_suspended(self, story: Story) -> None:
        story.day(90).day(120)
        story.use()
        assert story.day(180).client.state != State.SUSPENDED

    def test_a_live_refresh_token_is_use(self, story: Story) -> None:
        _refresh_token(story, until=story.began + 400 * DAY)
        assert story.day(200).events() == []

    def test_a_refresh_token_that_ended_is_none(self, story: Story) -> None:
        _refresh_token(story, until=story.began + 100 * DAY)
        assert story.day(101).events() == [Event.CLIENT_UNUSED_SEEN]

    def test_a_refresh_token_that_died_with_its_organization_is_none(self, story: Story) -> None:
        _refresh_token(story, until=story.began + 400 * DAY)
        organization = story.client.organization_id
        lifecycle.contain_organization(organization, actor=world.STAN, reason="leak", now=story.now)
        lifecycle.restore_organization(organization, actor=world.PAUL, reason="over", now=story.now)
        assert story.day(90).events() == [Event.CLIENT_UNUSED_SEEN]


class TestPeople:
    def test_whom_they_restricted_stays_restricted(self, story: Story) -> None:
        lifecycle.restrict_client(story.client_id, actor=world.STAN, reason="audit", now=story.began)
        story.use()
        assert story.day(300).client.state == State.RESTRICTED
        assert story.events() == []

    def test_whom_they_reactivated_has_all_days_again(self, story: Story) -> None:
        story.day(90).day(120).day(180)
        lifecycle.reactivate_client(story.client_id, actor=world.PAUL, reason="needed", now=story.now)
        assert story.day(269).client.state == State.ACTIVE
        assert story.day(270).events()[-1] == Event.CLIENT_UNUSED_SEEN

    def test_a_request_that_waits_is_not_unused(self, story: Story) -> None:
        Client.objects.filter(client_id=story.client_id).update(state=State.PENDING)
        assert story.day(300).events() == []


def test_two_processes_tell_each_client_once(
    clone_database: Callable[[], AbstractContextManager[str]], tmp_path: Path
) -> None:
    with clone_database():
        stories = [Story() for _ in range(10)]
        later = side_by_side.clock_shifted_by(tmp_path, days=91)
        side_by_side.run("follow_unused_clients", environment=later)
        assert [story.events() for story in stories] == [[Event.CLIENT_UNUSED_SEEN]] * 10
        assert Notice.objects.count() == 10


def _refresh_token(story: Story, *, until: datetime) -> None:
    acting, user = loading.acting_client(story.client_id, story.began), world.person(Role.END_USER)
    assert acting is not None
    grant = Grant(user=user, family=None)
    value = tokens.new_refresh_token()
    tokens.begin_family(acting.row, acting.standing, value, grant=grant, scope="x", now=story.began)
    RefreshToken.objects.filter(user=user).update(idle_until=until, absolute_until=until)
