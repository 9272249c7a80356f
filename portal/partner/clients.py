"""An organization's own clients: the list with what was refused, and one client."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal import client_lists, client_page, listing
from portal.authn import viewer_of
from portal.listing import counted
from portal.log import timeline
from portal.partner.client_rows import client_row
from portal.partner.guard import allows, own, partners, stopped_environments, stops_here
from portal.permissions import Act, may
from registry import access, clock, queries
from registry.actors import Viewer
from registry.queries import ClientRow, RegistrationRow
from registry.states import Action, State

REFUSED_SHOWN = 20
EVENTS_SHOWN = 20
MONTH = timedelta(days=30)
_ISSUED = (State.ACTIVE, State.RESTRICTED)


@partners
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Which software do we have, and what was refused?"""
    query, viewer = listing.Query(request), viewer_of(request)
    asked, total = client_lists.asked(query), queries.clients(viewer).count()
    page = listing.page(query, queries.clients_found(viewer, **asked))
    sentence = f"{page.total} of {counted(total, 'client')}"
    context = {
        "summary": f"{counted(total, 'client').capitalize()}.",
        "stopped": _stopped(request, viewer),
        "filters": listing.filter_bar(query, client_lists.fields(asked), sentence),
        "clients": [client_row(row) for row in page.rows],
        "pager": page.pager,
        "refused": _refused(viewer),
    }
    return render(request, "partner/clients/list.html", context)


def _stopped(request: HttpRequest, viewer: Viewer) -> str:
    """How many of them get no token because their environment is contained, or ""."""
    contained = stopped_environments(own(request))
    count = queries.clients(viewer).filter(environment__in=contained, state__in=_ISSUED).count()
    return (
        f"{counted(count, 'client').capitalize()} in {' and '.join(contained)} stopped." if contained else ""
    )


def _refused(viewer: Viewer) -> list[dict[str, Any]]:
    """Refused registrations of the last 30 days, newest first, with every finding."""
    events = queries.refused_registrations(viewer).filter(at__gt=clock.now() - MONTH)
    return [
        {
            "id": str(event.id),
            "at": event.at,
            "environment": event.environment,
            "client_name": (event.after or {}).get("client_name", ""),
            "findings": _findings(event),
            "request_id": event.request_id,
        }
        for event in events[:REFUSED_SHOWN]
    ]


def _findings(event: Any) -> list[dict[str, str]]:
    """What the rules found; a refusal without findings (a spent token, a bad body) is its own finding."""
    recorded = (event.after or {}).get("findings") or []
    if recorded:
        return client_page.findings(recorded)
    return [
        {
            "outcome": "fail",
            "rule": "request",
            "member": "",
            "title": "The request was refused",
            "found": event.reason,
        }
    ]


@partners
@require_safe
def detail(request: HttpRequest, client_id: str) -> HttpResponse:
    """What is this software, and may it act?"""
    viewer = viewer_of(request)
    row = queries.client(viewer, client_id)
    context = {
        "client": client_page.facts(row),
        "reissue_href": _reissue_href(request, row),
        "verdict": _verdict(row, queries.registrations(viewer).filter(client=row).first()),
        **client_page.sections(
            row, queries.keys(viewer, client_id), queries.objections(viewer, client_id, clock.now())
        ),
        "entries": timeline(queries.client_events(viewer, client_id)[:EVENTS_SHOWN]),
    }
    return render(request, "partner/clients/detail.html", context)


def _reissue_href(request: HttpRequest, row: ClientRow) -> str:
    """Where an admin issues another registration access token, or "" where it is not possible now."""
    possible = access.may(client_page.standing(row), Action.READ_REGISTRATION, clock.now()).allowed
    mine = may(request, Act.ISSUE_OWN_CREDENTIAL) and allows(row.organization, Action.PORTAL_WRITE)
    return reverse("partner:client_reissue", args=[row.client_id]) if possible and mine else ""


def _verdict(row: ClientRow, registration: RegistrationRow | None) -> dict[str, str]:
    """Says whether it may act, and no reason that would help an attacker; of a rejection the reason."""
    said = access.may(client_page.standing(row), Action.ISSUE, clock.now())
    if said.allowed:
        return {
            **client_page.tone(said),
            "title": "May act",
            "text": "It gets tokens within your entitlements.",
        }
    if registration is not None and registration.outcome == "rejected":
        return {
            **client_page.tone(said),
            "title": "Its registration was rejected",
            "text": registration.reason,
        }
    return {**client_page.tone(said), "title": "May not act", "text": _why_not(row)}


def _why_not(row: ClientRow) -> str:
    if stops_here(row.organization, row.environment):
        return f"Your organization is contained in {row.environment}; only the operator can restore it."
    if row.state == State.PENDING:
        return "Nothing to do on your side: the operator decides."
    return "It gets no token now."
