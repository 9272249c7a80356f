"""Roles of people, as data; what each may do stands in `portal.permissions`."""

from enum import StrEnum


class Role(StrEnum):
    PARTNER_MANAGER = "partner_manager"
    APPROVER = "approver"
    SECURITY_OFFICER = "security_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    ORGANIZATION_ADMIN = "organization_admin"
    ORGANIZATION_DEVELOPER = "organization_developer"
    ORGANIZATION_READER = "organization_reader"
    END_USER = "end_user"


STAFF_ROLES = frozenset(
    {Role.PARTNER_MANAGER, Role.APPROVER, Role.SECURITY_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR}
)
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR, Role.ORGANIZATION_ADMIN})
PARTNER_ROLES = frozenset({Role.ORGANIZATION_ADMIN, Role.ORGANIZATION_DEVELOPER, Role.ORGANIZATION_READER})
