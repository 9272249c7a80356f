"""The one table of role × act for people. What a role may not do is absent from its pages and refused on POST.

Whether an object allows the act *now* (its state, a second person) is the registry's answer, not this table's.
Services are limited by scopes instead (`portal.api`). Source: the interface design, §15.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum

from django.http import HttpRequest
from django.views.decorators.cache import cache_control

from portal import authn
from registry.roles import PARTNER_ROLES, STAFF_ROLES, Role


class Act(StrEnum):
    """What a person may want to do in a portal."""

    READ = "read"  # every organization, client, case and event
    READ_STAFF = "read staff"
    INVITE_STAFF = "invite staff"
    END_STAFF_ACCESS = "end the access of staff"
    END_ACCESS = "end the access of an organization's people"
    END_OWN_ACCESS = "end the access of people of one's own organization"
    ONBOARD = "onboard"  # create and submit organizations, attest domains, invite their people
    DECIDE = "decide"  # cases: registrations and organizations that wait
    ISSUE_CREDENTIAL = "issue credential"
    END_CREDENTIAL = "end credential"
    CONTAIN = "contain"  # an organization, an environment; suspend a client
    RESTORE = "restore"  # never what one contained oneself: the registry asks for a second person
    REACTIVATE = "reactivate"
    DEREGISTER = "deregister"
    EXPORT_AUDIT = "export audit"
    PROVE_DOMAIN = "prove a domain of one's own organization"
    READ_OWN = "read own"
    LEAVE_OWN = "end one's own access"
    MANAGE_OWN_TEAM = "invite people to one's own organization and change their roles"
    ISSUE_OWN_CREDENTIAL = "issue and end credentials of one's own organization"
    ACCEPT_TERMS = "accept terms for one's own organization"
    PUBLISH_TERMS = "publish terms"


_MANAGER = frozenset({Role.PARTNER_MANAGER})
_GUARDS = frozenset({Role.PARTNER_MANAGER, Role.SECURITY_OFFICER})

ROLES: Mapping[Act, frozenset[Role]] = {
    Act.READ: STAFF_ROLES - {Role.ADMINISTRATOR},
    Act.READ_STAFF: STAFF_ROLES,
    Act.INVITE_STAFF: frozenset({Role.ADMINISTRATOR}),
    Act.END_STAFF_ACCESS: frozenset({Role.ADMINISTRATOR}),
    Act.END_ACCESS: _GUARDS,
    Act.END_OWN_ACCESS: frozenset({Role.ORGANIZATION_ADMIN}),
    Act.ONBOARD: _MANAGER,
    Act.DECIDE: frozenset({Role.PARTNER_MANAGER, Role.APPROVER}),
    Act.ISSUE_CREDENTIAL: _MANAGER,
    Act.END_CREDENTIAL: _GUARDS,
    Act.CONTAIN: _GUARDS,
    Act.RESTORE: _GUARDS | {Role.APPROVER},
    Act.REACTIVATE: _GUARDS,
    Act.DEREGISTER: _GUARDS,
    Act.EXPORT_AUDIT: frozenset({Role.AUDITOR, Role.SECURITY_OFFICER}),
    Act.PROVE_DOMAIN: frozenset({Role.ORGANIZATION_ADMIN}),
    Act.READ_OWN: PARTNER_ROLES,
    Act.LEAVE_OWN: PARTNER_ROLES,
    Act.MANAGE_OWN_TEAM: frozenset({Role.ORGANIZATION_ADMIN}),
    Act.ISSUE_OWN_CREDENTIAL: frozenset({Role.ORGANIZATION_ADMIN}),
    Act.ACCEPT_TERMS: frozenset({Role.ORGANIZATION_ADMIN}),
    Act.PUBLISH_TERMS: _MANAGER,
}


def may(request: HttpRequest, act: Act) -> bool:
    """True if the signed-in person's role includes the act."""
    return authn.role_of(request) in ROLES[act]


def requires(act: Act) -> Callable[[authn.View], authn.View]:
    """Guard a view: strangers are sent to sign in, other roles are refused. What it shows is stored nowhere."""

    def decorate(view: authn.View) -> authn.View:
        return cache_control(no_store=True)(authn.signed_in_as(*ROLES[act])(view))

    return decorate
