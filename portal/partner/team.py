"""The organization's own people: who may sign in, and the end of somebody's access."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from portal.authn import actor_of, viewer_of
from portal.listing import counted
from portal.partner.guard import allows, own, partners
from portal.people_rows import people_rows
from portal.permissions import Act, may, requires
from registry import clock, people, queries
from registry.errors import Conflict, StandingForbids
from registry.roles import Role
from registry.states import Action


@partners
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Who signs in for us, in which role?"""
    found = list(queries.people(viewer_of(request), own(request).slug))
    admins = sum(person.is_active and person.role == Role.ORGANIZATION_ADMIN for person in found)
    ends = _end_of if may(request, Act.END_OWN_ACCESS) and _may_write(request) else None
    context = {
        "people": people_rows(found, actor_of(request), ends),
        "summary": f"{counted(admins, 'admin').capitalize()}.",
        "alone": admins == 1,
    }
    return render(request, "partner/team.html", context)


def _end_of(person_id: UUID) -> str:
    return reverse("partner:person_end", args=[person_id])


def _may_write(request: HttpRequest) -> bool:
    return allows(own(request), Action.PORTAL_WRITE)


@requires(Act.END_OWN_ACCESS)
@partners
@require_POST
def end(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """End the access of one of them; clients stay."""
    if not _may_write(request):
        raise StandingForbids("These pages are read only now.", fix="Ask the operator to end it.")
    try:
        ended = _end(request, person_id)
        messages.success(request, f"The access of {ended} has ended: signed out everywhere. Clients stay.")
    except Conflict as refusal:
        messages.error(request, f"{refusal.found} {refusal.fix}")
    return HttpResponseRedirect(reverse("partner:team"), status=303)


def _end(request: HttpRequest, person_id: UUID) -> object:
    return people.end_access(
        person_id,
        own(request).pk,
        actor=actor_of(request),
        operator_id=queries.operator_id(),
        reason="ended by an admin of the organization",
        now=clock.now(),
    )
