"""Home of a partner: are we ready, and what is asked of us?"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.authn import viewer_of
from portal.listing import counted
from portal.partner import checklist
from portal.partner.client_rows import client_row
from portal.partner.guard import own, partners, stopped_environments
from registry import clock, queries
from registry.queries import OrganizationRow

CLIENTS_SHOWN = 10
WEEK = timedelta(days=7)


@partners
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Are we ready, and what do you need from us?"""
    row, viewer = own(request), viewer_of(request)
    refused = queries.refused_registrations(viewer).filter(at__gt=clock.now() - WEEK).count()
    tasks, todo = checklist.tasks(request, row), _todo(request, row)
    answer = _answer(row, refused, tasks, todo)
    asked = {"tasks": tasks, "todo": todo, "refused_count": refused, "contact": _contact(row)}
    return render(request, "partner/home.html", answer | asked | _holdings(request, row))


def _holdings(request: HttpRequest, row: OrganizationRow) -> dict[str, Any]:
    """Clients, what is left of each quota, and what may be used."""
    newest = queries.clients(viewer_of(request))[:CLIENTS_SHOWN]
    return {
        "clients": [client_row(client) for client in newest],
        "quotas": _quotas(request, row),
        "entitlements": _entitlements(request, row),
    }


def _contact(row: OrganizationRow) -> dict[str, str] | None:
    """Whom to ask: the sponsor, else somebody of the operator who answers."""
    if row.sponsor:
        return {"name": f"{row.sponsor}, your sponsor", "email": row.sponsor.email}
    found = queries.operator_contact()
    return {"name": found[0], "email": found[1]} if found else None


def _answer(
    row: OrganizationRow, refused: int, tasks: Sequence[dict[str, Any]], todo: Sequence[dict[str, Any]]
) -> dict[str, str]:
    if row.state == "suspended":
        return {"headline": "Your organization is suspended", "lede": "Nothing is asked of you here."}
    if stopped := stopped_environments(row):
        return {
            "headline": f"Your {' and '.join(stopped)} is contained",
            "lede": "Only the operator can restore it; ask them what they need from you.",
        }
    if row.state in {"draft", "pending"}:
        return {
            "headline": "You are not active yet",
            "lede": f"{checklist.done(tasks)}. The sandbox is open; production waits for approval.",
        }
    if any(row["tone"] == "warn" for row in todo):
        return {
            "headline": "Terms wait for you",
            "lede": "No new client in production until they are accepted.",
        }
    if refused:
        lede = f"{counted(refused, 'registration').capitalize()} refused in 7 days, each with the rule and the fix."
        return {"headline": "Some registrations were refused", "lede": lede}
    return {"headline": "Nothing is asked of you", "lede": "Your clients and their findings stand below."}


def _todo(request: HttpRequest, row: OrganizationRow) -> list[dict[str, Any]]:
    """What is asked of them: terms that wait now, and those that will be asked for."""
    standing = queries.terms_standing(viewer_of(request), row.slug, clock.now())
    due = [standing.outstanding] if standing.outstanding else []
    address = reverse("partner:agreement")
    return [
        _row("warn", terms, "No new client in production until an admin of yours accepts them.", address)
        for terms in due
    ] + [
        _row("info", terms, "Asked for from then on; nothing stops before.", address)
        for terms in standing.announced
    ]


def _row(tone: str, terms: queries.TermsRow, why: str, address: str) -> dict[str, Any]:
    what = f"Accept {terms}"
    return {"icon": "pen", "tone": tone, "what": what, "why": why, "href": address, "due": terms.effective_at}


def _quotas(request: HttpRequest, row: OrganizationRow) -> list[dict[str, Any]]:
    """What is left of each quota, by environment, before it bites."""
    return [
        {
            "name": f"{use.name.capitalize()}, {use.environment}",
            "used": use.used,
            "limit": use.limit,
            "remaining": use.remaining,
        }
        for use in queries.quota_use(viewer_of(request), row.slug, clock.now())
    ]


def _entitlements(request: HttpRequest, row: OrganizationRow) -> list[dict[str, Any]]:
    """What the organization may use, and until when."""
    now = clock.now()
    return [
        {
            "role": held.role,
            "scopes": held.scopes,
            "valid_until": held.valid_until,
            "is_over": held.valid_until is not None and held.valid_until <= now,
        }
        for held in queries.entitlements(viewer_of(request), row.slug)
    ]
