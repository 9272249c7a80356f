"""Changes in the team that may need a successor: another role, and leaving."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal import acts
from portal.authn import actor_of, has_factor, viewer_of
from portal.partner import forms
from portal.partner.guard import own, writers
from portal.permissions import Act, requires
from portal.shell import ROLE_WORDS
from registry import clock, queries, team
from registry.errors import NotFound
from registry.roles import Role

act_methods = require_http_methods(["GET", "HEAD", "POST"])


def _people(request: HttpRequest) -> list[Any]:
    return list(queries.people(viewer_of(request), own(request).slug).filter(is_active=True))


def _successors(people: list[Any], leaving: UUID) -> list[tuple[str, str]]:
    """Who could follow an admin; nobody follows anybody else."""
    if _one(people, leaving).role != Role.ORGANIZATION_ADMIN:
        return []
    words = ((person, ROLE_WORDS[Role(person.role)]) for person in people if person.pk != leaving)
    return [(str(person.pk), f"{person}, {word}") for person, word in words]


def _chosen(data: Mapping[str, Any]) -> UUID | None:
    return UUID(data["successor"]) if data.get("successor") else None


@requires(Act.MANAGE_OWN_TEAM)
@writers
@acts.with_factor_where_held
@act_methods
def role(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Give a person another role; the last admin names a successor."""
    people = _people(request)
    person = _one(people, person_id)
    successors, now = _successors(people, person_id), {"role": person.role}
    form = acts.bound(request, forms.RoleForm, initial=now, successors=successors)
    return acts.answer(
        request,
        form,
        lambda data: _change(request, person_id, data),
        lambda: render(request, "partner/team_role.html", _context(request, person, people, form)),
        done=f"{person} has another role now.",
        to=reverse("partner:team"),
    )


def _one(people: list[Any], person_id: UUID) -> Any:
    person = next((each for each in people if each.pk == person_id), None)
    if person is None:
        raise NotFound("There is no such person here.")
    return person


def _change(request: HttpRequest, person_id: UUID, data: Mapping[str, Any]) -> object:
    return team.change_role(
        person_id,
        own(request).pk,
        Role(data["role"]),
        successor_id=_chosen(data),
        actor=actor_of(request),
        reason=data["reason"],
        now=clock.now(),
    )


@requires(Act.LEAVE_OWN)
@writers
@acts.with_factor_where_held
@act_methods
def leave(request: HttpRequest) -> HttpResponse:
    """End one's own access; the last admin names a successor."""
    people, me = _people(request), UUID(actor_of(request).id)
    form = acts.bound(request, forms.SuccessorForm, successors=_successors(people, me))
    return acts.answer(
        request,
        form,
        lambda data: _leave(request, data),
        lambda: render(request, "partner/team_leave.html", _context(request, _one(people, me), people, form)),
        done="Your access has ended.",
        to=reverse("account_login"),
    )


def _leave(request: HttpRequest, data: Mapping[str, Any]) -> object:
    return team.leave(
        own(request).pk,
        successor_id=_chosen(data),
        actor=actor_of(request),
        operator_id=queries.operator_id(),
        reason=data["reason"],
        now=clock.now(),
    )


def _context(
    request: HttpRequest, person: Any, people: list[Any], form: forms.SuccessorForm
) -> dict[str, Any]:
    admins = [each for each in people if each.role == Role.ORGANIZATION_ADMIN]
    return {
        "person": {"name": str(person), "email": person.email, "role_word": ROLE_WORDS[Role(person.role)]},
        "is_last": [each.pk for each in admins] == [person.pk],
        "form": form,
        "step_up": acts.FRESH_FACTOR if has_factor(request) else None,
    }
