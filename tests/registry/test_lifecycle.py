"""The writer of states: each verb, its event, its epochs, and who may not do it alone."""

import pytest

from registry import access, lifecycle, queries
from registry.actors import Viewer
from registry.errors import FourEyesRequired, InvalidInput, NotFound, TransitionRefused
from registry.events import Event
from registry.models import Organization, User
from registry.roles import Role
from registry.states import Environment, State
from tests import world

pytestmark = pytest.mark.django_db
STAFF = Viewer(Role.AUDITOR, None)


def actions(organization: Organization) -> list[str]:
    return list(queries.audit_events(STAFF, organization=organization).values_list("action", flat=True))


class TestApproval:
    def test_a_draft_becomes_pending_then_active(self) -> None:
        acme = world.organization(active=False)
        assert acme.state == State.DRAFT
        lifecycle.submit_organization(
            acme.pk, evidence="extract", actor=world.STAN, reason="", now=world.now()
        )
        done = lifecycle.approve_organization(
            acme.pk, four_eyes=True, actor=world.PAUL, reason="checked", now=world.now()
        )
        assert done.state == State.ACTIVE

    def test_whoever_submitted_cannot_approve(self) -> None:
        acme = world.organization(active=False)
        lifecycle.submit_organization(
            acme.pk, evidence="extract", actor=world.STAN, reason="", now=world.now()
        )
        with pytest.raises(FourEyesRequired):
            lifecycle.approve_organization(
                acme.pk, four_eyes=True, actor=world.STAN, reason="checked", now=world.now()
            )

    def test_one_person_is_enough_where_policy_says_so(self) -> None:
        acme = world.organization(active=False)
        lifecycle.submit_organization(
            acme.pk, evidence="extract", actor=world.STAN, reason="", now=world.now()
        )
        done = lifecycle.approve_organization(
            acme.pk, four_eyes=False, actor=world.STAN, reason="checked", now=world.now()
        )
        assert done.state == State.ACTIVE

    def test_a_draft_cannot_be_approved(self) -> None:
        acme = world.organization(active=False)
        with pytest.raises(TransitionRefused):
            lifecycle.approve_organization(
                acme.pk, four_eyes=True, actor=world.PAUL, reason="x", now=world.now()
            )

    def test_submission_needs_evidence(self) -> None:
        acme = world.organization(active=False)
        with pytest.raises(InvalidInput):
            lifecycle.submit_organization(acme.pk, evidence=" ", actor=world.STAN, reason="", now=world.now())


class TestContainment:
    def test_both_environments_get_a_new_epoch_and_sessions_end(self) -> None:
        acme = world.organization()
        alice = world.person(Role.ORGANIZATION_ADMIN, acme)
        done = lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        assert (done.state, done.sandbox_epoch, done.production_epoch) == (State.SUSPENDED, 2, 2)
        assert User.objects.get(pk=alice.pk).session_epoch == alice.session_epoch + 1

    def test_it_leaves_one_event(self) -> None:
        acme = world.organization()
        before = len(actions(acme))
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        assert actions(acme)[: len(actions(acme)) - before] == [Event.ORGANIZATION_CONTAINED]

    def test_it_needs_a_reason(self) -> None:
        acme = world.organization()
        with pytest.raises(InvalidInput):
            lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="", now=world.now())
        assert Organization.objects.get(pk=acme.pk).state == State.ACTIVE

    def test_a_contained_organization_cannot_be_contained_again(self) -> None:
        acme = world.organization()
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        with pytest.raises(TransitionRefused):
            lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())

    def test_one_environment_stops_and_the_other_goes_on(self) -> None:
        acme = world.organization()
        done = lifecycle.contain_environment(
            acme.pk, Environment.PRODUCTION, actor=world.STAN, reason="leak", now=world.now()
        )
        production = access.organization_standing(done, Environment.PRODUCTION)
        sandbox = access.organization_standing(done, Environment.SANDBOX)
        assert (production.contained, production.epoch) == (True, 2)
        assert (sandbox.contained, sandbox.epoch) == (False, 1)


class TestRestore:
    def test_whoever_contained_an_environment_cannot_restore_it_after_others_contained_the_whole(
        self,
    ) -> None:
        acme = world.organization()
        sandbox = Environment.SANDBOX
        lifecycle.contain_environment(acme.pk, sandbox, actor=world.STAN, reason="leak", now=world.now())
        lifecycle.contain_organization(acme.pk, actor=world.PAUL, reason="drill", now=world.now())
        lifecycle.restore_organization(acme.pk, actor=world.STAN, reason="over", now=world.now())
        with pytest.raises(FourEyesRequired):
            lifecycle.restore_environment(acme.pk, sandbox, actor=world.STAN, reason="mine", now=world.now())
        done = lifecycle.restore_environment(
            acme.pk, sandbox, actor=world.PAUL, reason="over", now=world.now()
        )
        assert (done.state, done.sandbox_contained) == (State.ACTIVE, False)

    def test_whoever_contained_cannot_restore(self) -> None:
        acme = world.organization()
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        with pytest.raises(FourEyesRequired):
            lifecycle.restore_organization(acme.pk, actor=world.STAN, reason="over", now=world.now())

    def test_a_pending_organization_comes_back_pending(self) -> None:
        acme = world.organization(active=False)
        lifecycle.submit_organization(
            acme.pk, evidence="extract", actor=world.STAN, reason="", now=world.now()
        )
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="odd", now=world.now())
        done = lifecycle.restore_organization(acme.pk, actor=world.PAUL, reason="over", now=world.now())
        assert done.state == State.PENDING

    def test_the_epochs_stay_new(self) -> None:
        acme = world.organization()
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        done = lifecycle.restore_organization(acme.pk, actor=world.PAUL, reason="over", now=world.now())
        assert (done.state, done.sandbox_epoch) == (State.ACTIVE, 2)


def test_an_unknown_organization_is_not_found() -> None:
    with pytest.raises(NotFound):
        lifecycle.contain_organization(
            world.operator().pk.__class__(int=0), actor=world.STAN, reason="x", now=world.now()
        )
