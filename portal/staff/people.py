"""People: of one organization, with invitations, and the operator's own."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import invitations
from portal.authn import actor_of, step_up, viewer_of
from portal.forms import InviteForm
from portal.people_rows import people_rows
from portal.permissions import Act, may, requires
from portal.staff import acts, forms
from portal.staff.organization_page import head
from registry import clock, queries


@requires(Act.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def of_organization(request: HttpRequest, slug: str) -> HttpResponse:
    """Who may sign in for this organization; a partner manager may invite one more."""
    if request.method == "POST":
        return invite(request, slug=slug)
    return _page(request, slug, InviteForm() if may(request, Act.ONBOARD) else None)


@requires(Act.ONBOARD)
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Mail a link by which one person joins; the link is shown nowhere else."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, InviteForm)
    return acts.answer(
        request,
        form,
        lambda data: invitations.send(request, row, **data),
        lambda: _page(request, slug, form),
        done=f"An invitation is on its way to {form.data.get('email', '')}.",
        to=reverse("staff:organization_people", args=[slug]),
    )


def _page(request: HttpRequest, slug: str, form: InviteForm | None) -> HttpResponse:
    viewer = viewer_of(request)
    _, context = head(request, slug)
    ends = partial(_end_of, slug) if may(request, Act.END_ACCESS) else None
    context |= {
        "form": form,
        "people": people_rows(queries.people(viewer, slug), actor_of(request), ends),
        "invitations": invitations.rows(queries.invitations(viewer, slug, clock.now())),
    }
    return render(request, "staff/organizations/people.html", context)


def _end_of(slug: str, person_id: UUID) -> str:
    return reverse("staff:organization_person_end", args=[slug, person_id])


def _end_of_staff(person_id: UUID) -> str:
    return reverse("staff:person_end", args=[person_id])


@requires(Act.READ_STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest) -> HttpResponse:
    """Who works here, in which role, and with what factor? An administrator may invite one more."""
    if request.method == "POST":
        return invite_staff(request)
    return _staff_page(request, forms.InviteStaffForm() if may(request, Act.INVITE_STAFF) else None)


@requires(Act.INVITE_STAFF)
@step_up
def invite_staff(request: HttpRequest) -> HttpResponse:
    """Mail a link by which one person joins the staff."""
    form = acts.bound(request, forms.InviteStaffForm)
    return acts.answer(
        request,
        form,
        lambda data: invitations.send(request, None, **data),
        lambda: _staff_page(request, form),
        done=f"An invitation is on its way to {form.data.get('email', '')}.",
        to=reverse("staff:people"),
    )


def _staff_page(request: HttpRequest, form: forms.InviteStaffForm | None) -> HttpResponse:
    viewer = viewer_of(request)
    ends = _end_of_staff if may(request, Act.END_STAFF_ACCESS) else None
    context = {
        "working": queries.staff(viewer).filter(is_active=True).count(),
        "people": people_rows(queries.staff(viewer), actor_of(request), ends),
        "invitations": invitations.rows(queries.staff_invitations(viewer, clock.now())),
        "form": form,
    }
    return render(request, "staff/people.html", context)
