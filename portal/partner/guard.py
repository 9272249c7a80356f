"""Who comes in: people of an organization whose relation has not ended. Everything else is a closed page."""

from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.authn import View
from portal.permissions import Act, requires
from registry import access
from registry.errors import StandingForbids
from registry.queries import OrganizationRow
from registry.states import FINAL_STATES, Action, Environment, State


def own(request: HttpRequest) -> OrganizationRow:
    """The organization of the signed-in person, read with the person in this request."""
    return cast(OrganizationRow, cast(Any, request.user).organization)


def allows(row: OrganizationRow, action: Action) -> bool:
    """True if the organization may do this in its portal, whatever the environment."""
    standings = (access.organization_standing(row, environment) for environment in Environment)
    return any(access.may_organization(standing, action).allowed for standing in standings)


def open_environments(row: OrganizationRow) -> list[str]:
    """Environments in which it may register now."""
    return [
        environment.value
        for environment in Environment
        if access.may_organization(access.organization_standing(row, environment), Action.REGISTER).allowed
    ]


def stopped_environments(row: OrganizationRow) -> list[str]:
    """Environments that are contained by themselves while the organization goes on."""
    return [environment.value for environment in Environment if stops_here(row, environment)]


def stops_here(row: OrganizationRow, environment: str) -> bool:
    """True if this environment is contained by itself while the organization goes on."""
    contained = row.production_contained if environment == Environment.PRODUCTION else row.sandbox_contained
    return bool(contained) and row.state not in {State.SUSPENDED, *FINAL_STATES}


def partners(view: View) -> View:
    """Guard a view of the partner portal."""

    @requires(Act.READ_OWN)
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not allows(own(request), Action.PORTAL_READ):
            return render(request, "partner/closed.html", status=403)
        return view(request, *args, **kwargs)

    return guarded


def require_writing(request: HttpRequest) -> None:
    """Raise StandingForbids while these pages are read only."""
    if not allows(own(request), Action.PORTAL_WRITE):
        raise StandingForbids("These pages are read only now.", fix="Ask the operator to do it.")


def writers(view: View) -> View:
    """Guard a view by which something changes."""

    @partners
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require_writing(request)
        return view(request, *args, **kwargs)

    return guarded
