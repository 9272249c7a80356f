"""The end of a person's access: of somebody of an organization, or of somebody who works here."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from portal.authn import actor_of, viewer_of
from portal.permissions import Act, requires
from portal.shell import ROLE_WORDS
from portal.staff import acts, forms
from registry import clock, people, queries
from registry.errors import NotFound
from registry.roles import Role


@requires(Act.END_ACCESS)
@require_POST
def of_organization(request: HttpRequest, slug: str, person_id: UUID) -> HttpResponse:
    """End the access of one of an organization's people; its clients stay."""
    row = queries.organization(viewer_of(request), slug)
    return acts.at_once(
        request,
        lambda: _end(request, person_id, row.pk, "ended by staff"),
        done="Access ended: signed out everywhere, and no way back in. Clients stay.",
        to=reverse("staff:organization_people", args=[slug]),
    )


@requires(Act.END_STAFF_ACCESS)
@acts.with_fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest, staff_id: UUID) -> HttpResponse:
    """End the access of somebody who works here."""
    found = _colleague(request, staff_id)
    form = acts.bound(request, forms.ReasonForm)
    return acts.answer(
        request,
        form,
        lambda _: _end(request, staff_id, None, form.said),
        lambda: render(request, "staff/person_end.html", _context(request, found, form)),
        done=f"The access of {found} has ended: signed out everywhere, and no way back in.",
        to=reverse("staff:people"),
    )


def _colleague(request: HttpRequest, staff_id: UUID) -> Any:
    found = queries.staff(viewer_of(request)).filter(pk=staff_id).first()
    if found is None:
        raise NotFound("There is no such person here.")
    return found


def _end(request: HttpRequest, person_id: UUID, organization_id: UUID | None, reason: str) -> object:
    return people.end_access(
        person_id,
        organization_id,
        actor=actor_of(request),
        operator_id=queries.operator_id(),
        reason=reason,
        now=clock.now(),
    )


def _context(request: HttpRequest, found: Any, form: forms.ReasonForm) -> dict[str, Any]:
    return {
        "person": {"name": str(found), "email": found.email, "role_word": ROLE_WORDS[Role(found.role)]},
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "closed": _closed(request, found),
        "consequences": {
            "first_heading": "What ends",
            "first": [
                {"lead": "Every session", "text": "at once, wherever it is open."},
                {"lead": "Signing in,", "text": "with password and factor alike."},
                {
                    "lead": "Open invitations",
                    "text": "to them and by them, and what software holds for them.",
                },
            ],
            "second_heading": "What stays",
            "second": [
                {"lead": "What they did", "text": "stays in the audit log under their name."},
                {"lead": "Organizations, clients and cases", "text": "stay as they are."},
            ],
        },
    }


def _closed(request: HttpRequest, found: Any) -> str:
    if not found.is_active:
        return "The access of this person has ended already."
    if str(found.pk) == actor_of(request).id:
        return "Nobody ends their own access; another administrator does."
    if people.is_last_administrator(found, queries.staff(viewer_of(request)), actor_of(request)):
        return "This is the last administrator; invite a successor first."
    return ""
