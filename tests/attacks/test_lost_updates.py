"""CWE-362: a row that was read before somebody was cut off is written whole afterwards, and brings the access back."""

from collections.abc import Callable

import pytest

from portal.authn import AccountAdapter
from registry import lifecycle, people
from registry.models import Organization, User
from registry.roles import Role
from tests import world

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "a new long passphrase 77"


def end(user: User, holder: Organization) -> None:
    people.end_access(
        user.pk,
        holder.pk,
        actor=world.STAN,
        operator_id=world.operator().pk,
        reason="left",
        now=world.now(),
    )


def contain(user: User, holder: Organization) -> None:
    lifecycle.contain_organization(holder.pk, actor=world.STAN, reason="leak", now=world.now())


@pytest.mark.parametrize("cut_off", [end, contain])
def test_a_password_that_was_being_hashed(cut_off: Callable[[User, Organization], None]) -> None:
    acme = world.organization()
    world.person(Role.ORGANIZATION_ADMIN, acme)
    user = world.person(Role.ORGANIZATION_READER, acme)
    read_before = User.objects.get(pk=user.pk)
    cut_off(user, acme)
    after = User.objects.get(pk=user.pk)
    AccountAdapter().set_password(read_before, NEW_PASSWORD)
    now = User.objects.get(pk=user.pk)
    assert now.check_password(NEW_PASSWORD)
    assert (now.is_active, now.session_epoch) == (after.is_active, after.session_epoch)
    assert now.session_epoch > user.session_epoch
