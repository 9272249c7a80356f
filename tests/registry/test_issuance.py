"""The stop switch: thrown once, told once, read with the standing and in no statement more."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import access, credentials, issuance, loading, queries
from registry.actors import Viewer
from registry.errors import InvalidInput, IssuanceStopped, TransitionRefused
from registry.events import Event
from registry.models import Organization
from registry.roles import Role
from registry.routes import manual
from registry.states import Action, Cell, Environment, State
from tests import world

pytestmark = pytest.mark.django_db
STAFF = Viewer(Role.AUDITOR, None)
REASON = "the key of the token endpoint leaked"


def stop() -> None:
    world.operator()
    issuance.stop_issuing(actor=world.STAN, reason=REASON, now=world.now())


def resume() -> None:
    issuance.resume_issuing(actor=world.PAUL, reason="a new key is in use", now=world.now())


def client(holder: Organization) -> str:
    made = manual.register(
        holder.pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        justification="a test",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return made.client_id


def verdict(client_id: str, action: Action) -> access.Verdict:
    acting = loading.acting_client(client_id, world.now())
    assert acting is not None
    return access.may(acting.standing, action, world.now())


class TestSwitch:
    def test_is_on_until_it_is_thrown_and_after_it_is_turned_back(self) -> None:
        assert issuance.stopped() is None
        stop()
        stopped = issuance.stopped()
        assert stopped is not None
        assert stopped.reason == REASON
        resume()
        assert issuance.stopped() is None

    def test_leaves_an_event_each_way(self) -> None:
        stop()
        resume()
        told = (
            queries.audit_events(STAFF, subject_kind="issuance")
            .order_by("id")
            .values_list("action", "reason")
        )
        assert list(told) == [
            (Event.ISSUANCE_STOPPED, REASON),
            (Event.ISSUANCE_RESUMED, "a new key is in use"),
        ]

    def test_cannot_be_thrown_twice(self) -> None:
        stop()
        with pytest.raises(TransitionRefused):
            stop()

    def test_cannot_be_turned_back_when_it_is_on(self) -> None:
        with pytest.raises(TransitionRefused):
            resume()

    def test_needs_a_reason(self) -> None:
        world.operator()
        with pytest.raises(InvalidInput):
            issuance.stop_issuing(actor=world.STAN, reason=" ", now=world.now())
        assert issuance.stopped() is None

    def test_can_be_thrown_again_after_it_was_turned_back(self) -> None:
        stop()
        resume()
        stop()
        assert issuance.stopped() is not None


class TestDecision:
    @pytest.mark.parametrize("action", [Action.AUTHORIZE, Action.ISSUE, Action.REFRESH])
    def test_what_issues_pauses(self, action: Action) -> None:
        made = client(world.organization())
        assert verdict(made, action).allowed
        stop()
        assert (verdict(made, action).allowed, verdict(made, action).is_pause) == (False, True)

    @pytest.mark.parametrize(
        "action", [Action.INTROSPECT, Action.USE, Action.REVOKE_TOKEN, Action.PORTAL_WRITE]
    )
    def test_everything_else_goes_on(self, action: Action) -> None:
        made = client(world.organization())
        stop()
        assert verdict(made, action).allowed

    def test_who_may_not_anyway_is_told_so(self) -> None:
        standing = access.Standing(
            access.OrganizationStanding(
                world.operator().pk, State.SUSPENDED, "sandbox", contained=False, epoch=1
            ),
            "c_1",
            State.ACTIVE,
            1,
            None,
            issuing_stopped=True,
        )
        found = access.may(standing, Action.ISSUE, world.now())
        assert (found.cell, found.is_pause) == (Cell.NO, False)

    def test_registration_pauses(self) -> None:
        token = world.initial_access_token(world.organization()).value
        stop()
        with pytest.raises(IssuanceStopped):
            credentials.find_initial_access_token(token, world.now())

    def test_is_read_in_the_statement_of_the_standing(self) -> None:
        made, token = client(world.organization()), world.initial_access_token(world.organization()).value
        stop()
        with CaptureQueriesContext(connection) as asked:
            verdict(made, Action.ISSUE)
        assert len(asked) == 1
        with CaptureQueriesContext(connection) as asked, pytest.raises(IssuanceStopped):
            credentials.find_initial_access_token(token, world.now())
        assert len(asked) == 1


class TestCommand:
    def test_stops_and_resumes(self, capsys: pytest.CaptureFixture[str]) -> None:
        world.operator()
        call_command("stop_issuing", reason=REASON)
        assert issuance.stopped() is not None
        call_command("stop_issuing", reason="over", resume=True)
        assert issuance.stopped() is None
        assert capsys.readouterr().out.splitlines() == ["Nothing is issued any more.", "Issuing again."]

    def test_says_what_hinders_it(self) -> None:
        world.operator()
        with pytest.raises(CommandError, match="resume is not possible"):
            call_command("stop_issuing", reason="over", resume=True)
