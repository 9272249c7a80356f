"""The table of role × act, written down a second time."""

import pytest

from portal.permissions import ROLES, Act
from registry.roles import PARTNER_ROLES, STAFF_ROLES, Role

DECIDES = {Act.DECIDE, Act.ONBOARD, Act.ISSUE_CREDENTIAL, Act.RESTORE, Act.REACTIVATE, Act.DEREGISTER}


def acts(role: Role) -> set[Act]:
    return {act for act, roles in ROLES.items() if role in roles}


def test_every_act_has_a_row() -> None:
    assert set(ROLES) == set(Act)


def test_an_auditor_only_reads_and_takes_copies_of_the_log() -> None:
    assert acts(Role.AUDITOR) == {Act.READ, Act.READ_STAFF, Act.EXPORT_AUDIT}


def test_an_administrator_reads_people_and_decides_nothing() -> None:
    assert acts(Role.ADMINISTRATOR) == {Act.READ_STAFF, Act.INVITE_STAFF, Act.END_STAFF_ACCESS}


def test_an_approver_decides_and_is_a_second_person() -> None:
    assert acts(Role.APPROVER) == {Act.READ, Act.READ_STAFF, Act.DECIDE, Act.RESTORE}


def test_a_security_officer_stops_things_and_decides_no_case() -> None:
    stops = {Act.END_ACCESS, Act.CONTAIN, Act.END_CREDENTIAL, Act.RESTORE, Act.REACTIVATE, Act.DEREGISTER}
    assert acts(Role.SECURITY_OFFICER) == {Act.READ, Act.READ_STAFF, Act.EXPORT_AUDIT} | stops


OF_ADMINS = {
    Act.END_OWN_ACCESS,
    Act.PROVE_DOMAIN,
    Act.MANAGE_OWN_TEAM,
    Act.ISSUE_OWN_CREDENTIAL,
    Act.ACCEPT_TERMS,
}


@pytest.mark.parametrize("role", sorted(PARTNER_ROLES))
def test_partners_read_their_own(role: Role) -> None:
    assert acts(role) - OF_ADMINS == {Act.READ_OWN, Act.LEAVE_OWN}
    assert (acts(role) >= OF_ADMINS) is (role == Role.ORGANIZATION_ADMIN)


def test_an_admin_of_an_organization_ends_access_to_it() -> None:
    assert ROLES[Act.END_OWN_ACCESS] == {Role.ORGANIZATION_ADMIN}
    assert ROLES[Act.PROVE_DOMAIN] == {Role.ORGANIZATION_ADMIN}


def test_end_users_have_no_portal() -> None:
    assert acts(Role.END_USER) == set()


def test_nobody_outside_staff_acts() -> None:
    assert all(ROLES[act] <= STAFF_ROLES for act in DECIDES)
