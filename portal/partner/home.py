"""Home of a partner: are we ready, and what is asked of us?"""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.authn import viewer_of
from portal.listing import counted
from portal.partner.client_rows import client_row
from portal.partner.guard import own, partners, stopped_environments
from registry import clock, queries
from registry.actors import Viewer
from registry.queries import OrganizationRow

CLIENTS_SHOWN = 10
WEEK = timedelta(days=7)


@partners
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Are we ready, and what do you need from us?"""
    row, viewer = own(request), viewer_of(request)
    refused = queries.refused_registrations(viewer).filter(at__gt=clock.now() - WEEK).count()
    context = {
        **_answer(row, refused),
        "tasks": _tasks(row, viewer),
        "todo": [],
        "clients": [client_row(client) for client in queries.clients(viewer)[:CLIENTS_SHOWN]],
        "refused_count": refused,
        "contact": _contact(row),
    }
    return render(request, "partner/home.html", context)


def _contact(row: OrganizationRow) -> dict[str, str] | None:
    """Whom to ask: the sponsor, else somebody of the operator who answers."""
    if row.sponsor:
        return {"name": f"{row.sponsor}, your sponsor", "email": row.sponsor.email}
    found = queries.operator_contact()
    return {"name": found[0], "email": found[1]} if found else None


def _answer(row: OrganizationRow, refused: int) -> dict[str, str]:
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
            "lede": "The sandbox is open; production waits for approval.",
        }
    if refused:
        lede = f"{counted(refused, 'registration').capitalize()} refused in 7 days, each with the rule and the fix."
        return {"headline": "Some registrations were refused", "lede": lede}
    return {"headline": "Nothing is asked of you", "lede": "Your clients and their findings stand below."}


def _tasks(row: OrganizationRow, viewer: Viewer) -> list[dict[str, Any]]:
    """What is left until the organization is active; nothing once it is."""
    if row.state not in {"draft", "pending"}:
        return []
    proved = queries.proved_domains(viewer, row.slug).exists()
    registered = queries.clients(viewer).exists()
    submitted = row.state == "pending"
    return [
        _task("Legal facts are recorded", "By the operator, with you.", "done"),
        _task(
            "A domain is proved",
            "You show that it is yours; hosts of redirection URIs have to be under it.",
            "done" if proved else "not started",
            now=not proved,
            step=(reverse("partner:domains"), "Prove a domain"),
        ),
        _task(
            "A first client is registered in the sandbox",
            "Your application registers itself with an initial access token.",
            "done" if registered else "not started" if proved else "cannot start yet",
            now=proved and not registered,
        ),
        _task(
            "The organization is approved",
            "Two people of the operator decide.",
            "waits for us" if submitted else "not started",
        ),
    ]


def _task(
    title: str, note: str, word: str, *, now: bool = False, step: tuple[str, str] = ("", "")
) -> dict[str, Any]:
    """One line of the checklist; `step` is where to do it and the words for that, shown while it is the next one."""
    href, verb = step if now else ("", "")
    return {"title": title, "note": note, "word": word, "now": now, "href": href, "verb": verb}
