"""Contain and restore: the whole of an organization, or one of its environments."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from portal.authn import actor_of, viewer_of
from portal.listing import counted
from portal.permissions import Act, requires
from portal.staff import acts, forms
from portal.staff.organization_acts import page_of
from portal.staff.organization_page import contained_environments, facts, may_now
from registry import clock, lifecycle, queries
from registry.events import Event
from registry.queries import WHOLE, OrganizationRow
from registry.states import Environment, State

act_methods = require_http_methods(["GET", "HEAD", "POST"])
_WORDS = {WHOLE: "the whole organization", **{each.value: f"{each} only" for each in Environment}}


@requires(Act.CONTAIN)
@acts.with_fresh_factor
@act_methods
def contain(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop everything of an organization, or of one of its environments, at this commit."""
    row = queries.organization(viewer_of(request), slug)
    reaches = _open_reaches(request, row)
    form = acts.bound(request, forms.ContainForm, scopes=reaches)
    page = partial(_contain_page, request, row, reaches, form)
    if form.is_valid() and form.is_outgrown:
        scope = form.scope_chosen
        return page(grew=f"{_capital(scope)}: {counted(reaches[scope].clients, 'client')} now.")
    write = partial(_contain, request, row, form)
    return acts.answer(request, form, write, page, done=partial(_contained_now, row), to=page_of(row))


def _contained_now(row: OrganizationRow, data: Mapping[str, Any]) -> str:
    return f"Contained: {_named(row, data['scope'])}. Nothing issued before this instant counts there."


def _open_reaches(request: HttpRequest, row: OrganizationRow) -> dict[str, queries.Reach]:
    """What would stop, by what is not contained yet."""
    found = queries.reach_by_scope(viewer_of(request), row.slug, clock.now())
    return {name: reach for name, reach in found.items() if name not in contained_environments(row)}


def _capital(scope: str) -> str:
    return _WORDS[scope][:1].upper() + _WORDS[scope][1:]


def _named(row: OrganizationRow, scope: str) -> str:
    return str(row) if scope == WHOLE else f"{row} in {scope}"


def _contain_page(
    request: HttpRequest,
    row: OrganizationRow,
    reaches: Mapping[str, queries.Reach],
    form: forms.ContainForm,
    *,
    grew: str = "",
) -> HttpResponse:
    context = _contain_context(request, row, reaches) | {"form": form, "grew": grew}
    return render(request, "staff/organizations/contain.html", context)


def _contain(
    request: HttpRequest, row: OrganizationRow, form: forms.ContainForm, data: Mapping[str, Any]
) -> object:
    call: Mapping[str, Any] = {"actor": actor_of(request), "reason": form.said, "now": clock.now()}
    if (scope := data["scope"]) == WHOLE:
        return lifecycle.contain_organization(row.pk, **call)
    return lifecycle.contain_environment(row.pk, Environment(scope), **call)


def _contain_context(
    request: HttpRequest, row: OrganizationRow, reaches: Mapping[str, queries.Reach]
) -> dict[str, Any]:
    closed = (
        "" if may_now(request, row)["contain"] else f"It is {row.state}; there is nothing left to contain."
    )
    return {
        "organization": facts(row),
        "told": "The audit log names you and your reason.",
        "step_up": acts.FRESH_FACTOR,
        "closed": closed,
        "counted": f"counted {clock.now():%H:%M:%S} UTC, counted again when you confirm",
        "scopes": [_SCOPE_HEADS[name] for name in reaches],
        "stops": [_stop(reaches, member, words, text) for member, words, text in _STOPS],
        "stays": [
            {
                "lead": "Answers already given:",
                "text": "a resource server that keeps an introspection answer goes on until it asks again.",
            },
            {"lead": "Keys and client secrets", "text": "stay registered, for a restore."},
            {"lead": "The other environment,", "text": "where only one is contained, and people's sessions."},
            {"lead": "Data already fetched", "text": "is out of our reach."},
        ],
    }


_SCOPE_HEADS = {WHOLE: "All of it", **{each.value: each.capitalize() for each in Environment}}
_STOPS = (
    ("clients", "Clients", "no token request of theirs succeeds"),
    ("access_tokens", "Access tokens", "inactive at once"),
    ("refresh_tokens", "Refresh tokens", "and every code on its way"),
    ("initial_access_tokens", "Initial access tokens", "useless at once"),
    ("registration_access_tokens", "Registration access tokens", "dead for good"),
    ("people", "People signed out", "they may come back to read"),
)


def _stop(reaches: Mapping[str, queries.Reach], member: str, words: str, text: str) -> dict[str, Any]:
    """One kind of thing that stops, with its number in each scope."""
    cells = [
        {"scope": _SCOPE_HEADS[name], "count": getattr(reach, member)} for name, reach in reaches.items()
    ]
    return {"what": words, "text": text, "cells": cells}


@requires(Act.RESTORE)
@acts.with_fresh_factor
@act_methods
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """End a containment. Another person than the one who contained; revives no old credential."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, forms.RestoreForm, scopes=_restorable(request, row))
    return acts.answer(
        request,
        form,
        lambda data: _restore(request, row, data["scope"], form.said),
        lambda: render(request, "staff/organizations/restore.html", _restore_context(request, row, form)),
        done=partial(_restored_now, row),
        to=page_of(row),
    )


def _restored_now(row: OrganizationRow, data: Mapping[str, Any]) -> str:
    return f"Restored: {_named(row, data['scope'])}. Credentials from before the cutoff stay dead."


def _contained(row: OrganizationRow) -> dict[str, str]:
    """What is contained now, and by whom: the whole, the sandbox, production."""
    whole = {WHOLE: row.contained_by} if row.state == State.SUSPENDED else {}
    return whole | {name: getattr(row, f"{name}_contained_by") for name in contained_environments(row)}


def _restorable(request: HttpRequest, row: OrganizationRow) -> list[tuple[str, str]]:
    """What is contained and was not contained by whoever asks; all of it when nothing else is left to refuse."""
    found, mine = _contained(row), actor_of(request).name
    others = [name for name, by in found.items() if by != mine] or list(found)
    return [(name, _capital(name)) for name in others]


def _restore(request: HttpRequest, row: OrganizationRow, scope: str, reason: str) -> object:
    call: Mapping[str, Any] = {"actor": actor_of(request), "reason": reason, "now": clock.now()}
    if scope == WHOLE:
        return lifecycle.restore_organization(row.pk, **call)
    return lifecycle.restore_environment(row.pk, Environment(scope), **call)


def _restore_context(request: HttpRequest, row: OrganizationRow, form: forms.RestoreForm) -> dict[str, Any]:
    scopes = [name for name, _ in form.scopes]
    return {
        "organization": facts(row),
        "contained": [_containment(request, row, scope) for scope in _contained(row)],
        "object": _named(row, scopes[0]) if len(scopes) == 1 else f"what is chosen of {row}",
        "form": form,
        "step_up": acts.FRESH_FACTOR,
        "closed": _restore_closed(request, row),
        "consequences": {
            "first_heading": "What begins again",
            "first": [
                {
                    "lead": "New tokens",
                    "text": "for its active clients there, with the secrets and keys they have.",
                },
                {"lead": "Registration", "text": "with initial access tokens that are issued from now on."},
            ],
            "second_heading": "What stays as it is",
            "second": [*_left(row, scopes), *_STAYS],
        },
    }


_STAYS = (
    {"lead": "Tokens, codes and registration access tokens", "text": "from before the cutoff stay dead."},
    {"lead": "Clients that were suspended by themselves", "text": "stay suspended."},
)


def _left(row: OrganizationRow, scopes: list[str]) -> list[dict[str, str]]:
    """An environment that is contained by itself stays so when the whole is restored."""
    alone = contained_environments(row) if WHOLE in scopes else []
    return [
        {"lead": f"Its {name},", "text": "contained by itself, until that is restored."} for name in alone
    ]


def _restore_closed(request: HttpRequest, row: OrganizationRow) -> str:
    found = _contained(row)
    if not found:
        return f"It is {row.state}; nothing of it is contained."
    if set(found.values()) == {actor_of(request).name}:
        return "You contained it; another person restores."
    return ""


def _containment(request: HttpRequest, row: OrganizationRow, scope: str) -> dict[str, Any]:
    """Who contained this scope, when and why: as the newest event about it says."""
    events = queries.organization_events(viewer_of(request), row.slug)
    if scope == WHOLE:
        event = events.filter(action=Event.ORGANIZATION_CONTAINED).first()
    else:
        event = events.filter(action=Event.ORGANIZATION_ENVIRONMENT_CONTAINED, environment=scope).first()
    return {"scope": _capital(scope), "by": event.actor_label, "at": event.at, "reason": event.reason}
