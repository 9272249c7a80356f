"""The organization's own people: who may sign in, whom they invite, and the end of somebody's access."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal import acts, invitations
from portal.authn import actor_of, viewer_of
from portal.forms import InviteForm
from portal.listing import counted
from portal.partner.guard import allows, own, partners, require_writing, writers
from portal.people_rows import people_rows
from portal.permissions import Act, may, requires
from registry import clock, people, queries
from registry.errors import Conflict
from registry.roles import Role
from registry.states import Action

TEAM = "partner:team"


@partners
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Who signs in for us, in which role? An admin may invite one more."""
    if request.method == "POST":
        return invite(request)
    return _page(request, InviteForm() if _may(request, Act.MANAGE_OWN_TEAM) else None)


@requires(Act.MANAGE_OWN_TEAM)
@writers
@acts.with_factor_where_held
def invite(request: HttpRequest) -> HttpResponse:
    """Mail a link by which one person joins; the link is shown nowhere else."""
    form = acts.bound(request, InviteForm)
    return acts.answer(
        request,
        form,
        lambda data: invitations.send(request, own(request), **data),
        lambda: _page(request, form),
        done=f"An invitation is on its way to {form.data.get('email', '')}.",
        to=reverse(TEAM),
    )


def _page(request: HttpRequest, form: InviteForm | None) -> HttpResponse:
    viewer, row = viewer_of(request), own(request)
    found = list(queries.people(viewer, row.slug))
    admins = sum(person.is_active and person.role == Role.ORGANIZATION_ADMIN for person in found)
    context = {
        "people": _rows(request, found),
        "invitations": invitations.rows(queries.invitations(viewer, row.slug, clock.now())),
        "may_withdraw": _may(request, Act.MANAGE_OWN_TEAM),
        "may_leave": _may(request, Act.LEAVE_OWN),
        "summary": f"{counted(admins, 'admin').capitalize()}.",
        "alone": admins == 1,
        "form": form,
    }
    return render(request, "partner/team.html", context)


def _rows(request: HttpRequest, found: list[Any]) -> list[dict[str, Any]]:
    ends = _end_of if _may(request, Act.END_OWN_ACCESS) else None
    roles = _role_of if _may(request, Act.MANAGE_OWN_TEAM) else None
    return people_rows(found, actor_of(request), ends, roles)


def _end_of(person_id: UUID) -> str:
    return reverse("partner:person_end", args=[person_id])


def _role_of(person_id: UUID) -> str:
    return reverse("partner:person_role", args=[person_id])


def _may(request: HttpRequest, act: Act) -> bool:
    return may(request, act) and allows(own(request), Action.PORTAL_WRITE)


@requires(Act.MANAGE_OWN_TEAM)
@writers
@acts.with_factor_where_held
@require_POST
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """End an open invitation: its link works no more."""
    return acts.at_once(
        request,
        lambda: people.withdraw_invitation(
            invitation_id,
            own(request).pk,
            actor=actor_of(request),
            reason="withdrawn by an admin of the organization",
            now=clock.now(),
        ),
        done="Withdrawn: the link works no more.",
        to=reverse(TEAM),
    )


@requires(Act.END_OWN_ACCESS)
@partners
@require_POST
def end(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """End the access of one of them; clients stay."""
    require_writing(request)
    try:
        ended = _end(request, person_id)
        messages.success(request, f"The access of {ended} has ended: signed out everywhere. Clients stay.")
    except Conflict as refusal:
        messages.error(request, f"{refusal.found} {refusal.fix}")
    return HttpResponseRedirect(reverse(TEAM), status=303)


def _end(request: HttpRequest, person_id: UUID) -> object:
    return people.end_access(
        person_id,
        own(request).pk,
        actor=actor_of(request),
        operator_id=queries.operator_id(),
        reason="ended by an admin of the organization",
        now=clock.now(),
    )
