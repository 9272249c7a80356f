"""What one actor alone cannot do: weaken a review that is in force, end a relation."""

import pytest

from registry import lifecycle, onboarding
from registry.errors import FourEyesRequired, InvalidInput
from registry.models import Organization
from registry.states import Environment, State
from tests import world

pytestmark = pytest.mark.django_db

ORDER = ("automatic", "one_person", "four_eyes")
REVIEWS = ("sandbox_review", "production_review")
WEAKER = [(before, after) for n, before in enumerate(ORDER) for after in ORDER[:n]]
NOT_WEAKER = [(before, after) for n, before in enumerate(ORDER) for after in ORDER[n:]]


def change(row, **changes):
    return onboarding.change_organization(row.pk, changes, actor=world.STAN, now=world.now())


def review(row, name):
    return getattr(Organization.objects.get(pk=row.pk), name)


@pytest.mark.parametrize("name", REVIEWS)
class TestWeakerReview:
    @pytest.mark.parametrize(("before", "after"), WEAKER)
    def test_is_refused_once_an_organization_is_approved(self, name, before, after):
        row = world.organization(**{name: before})
        with pytest.raises(FourEyesRequired):
            change(row, display_name="New", **{name: after})
        assert review(row, name) == before
        assert review(row, "display_name") == "Acme"

    @pytest.mark.parametrize(("before", "after"), WEAKER)
    def test_is_possible_in_a_draft_which_another_person_approves(self, name, before, after):
        row = world.organization(active=False, **{name: before})
        change(row, **{name: after})
        assert review(row, name) == after
        world.approved(row)

    @pytest.mark.parametrize(("before", "after"), NOT_WEAKER)
    def test_a_stronger_or_equal_one_is_always_possible(self, name, before, after):
        row = world.organization(**{name: before})
        change(row, **{name: after})
        assert review(row, name) == after

    @pytest.mark.parametrize("state", [State.PENDING, State.SUSPENDED])
    def test_is_refused_while_it_waits_and_while_it_is_stopped(self, name, state):
        row = world.organization(active=False, **{name: "four_eyes"})
        by = {"actor": world.STAN, "reason": "x", "now": world.now()}
        if state == State.PENDING:
            lifecycle.submit_organization(row.pk, evidence="extract", **by)
        else:
            lifecycle.contain_organization(row.pk, **by)
        with pytest.raises(FourEyesRequired):
            change(row, **{name: "automatic"})

    @pytest.mark.parametrize("value", ["", "none", None, "AUTOMATIC", 0])
    def test_what_is_no_review_is_refused(self, name, value):
        with pytest.raises(InvalidInput):
            change(world.organization(), **{name: value})


class TestRevoke:
    def revoke(self, row, actor, *, four_eyes=True):
        return lifecycle.revoke_organization(
            row.pk, four_eyes=four_eyes, actor=actor, reason="end", now=world.now()
        )

    def contain(self, row, actor):
        lifecycle.contain_organization(row.pk, actor=actor, reason="leak", now=world.now())

    def test_what_another_contained(self):
        row = world.organization()
        self.contain(row, world.STAN)
        assert self.revoke(row, world.PAUL).state == State.REVOKED

    def test_not_what_oneself_contained(self):
        row = world.organization()
        self.contain(row, world.STAN)
        with pytest.raises(FourEyesRequired):
            self.revoke(row, world.STAN)
        assert self.revoke(row, world.STAN, four_eyes=False).state == State.REVOKED

    def test_not_what_nobody_contained(self):
        with pytest.raises(FourEyesRequired):
            self.revoke(world.organization(), world.PAUL)

    def test_not_what_was_contained_and_restored(self):
        row = world.organization()
        self.contain(row, world.STAN)
        lifecycle.restore_organization(row.pk, actor=world.PAUL, reason="done", now=world.now())
        with pytest.raises(FourEyesRequired):
            self.revoke(row, world.PAUL)

    def test_not_what_is_contained_in_one_environment_alone(self):
        row = world.organization()
        lifecycle.contain_environment(
            row.pk, Environment.SANDBOX, actor=world.STAN, reason="leak", now=world.now()
        )
        with pytest.raises(FourEyesRequired):
            self.revoke(row, world.PAUL)

    def test_nor_by_containing_one_environment_after_another_contained_all(self):
        """Whoever revokes cannot put another name where the own one stands."""
        row = world.organization()
        self.contain(row, world.PAUL)
        lifecycle.contain_environment(
            row.pk, Environment.SANDBOX, actor=world.STAN, reason="leak", now=world.now()
        )
        with pytest.raises(FourEyesRequired):
            self.revoke(row, world.PAUL)
