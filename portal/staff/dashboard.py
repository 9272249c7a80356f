"""Overview: what needs a person today, and the numbers behind it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.authn import viewer_of
from portal.listing import counted
from portal.permissions import Act, may, requires
from portal.staff import case_page
from portal.staff.organization_page import contained_environments
from registry import clock, queries
from registry.actors import Viewer
from registry.queries import ClientFigures, OrganizationRow
from registry.states import State

CASES_SHOWN = 8
UNUSED = timedelta(days=90)
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


@requires(Act.READ_STAFF)
@require_safe
def monday(request: HttpRequest) -> HttpResponse:
    """What needs a person today?"""
    if not may(request, Act.READ):
        return HttpResponseRedirect(reverse("staff:people"))
    return render(request, "staff/dashboard.html", _context(viewer_of(request), clock.now()))


def _context(viewer: Viewer, now: datetime) -> dict[str, Any]:
    waiting = queries.cases_waiting(viewer)
    cases = queries.cases_in_full(viewer, queries.cases(viewer)[:CASES_SHOWN])
    rows = [case_page.row(case, now) for case in cases]
    organizations = queries.organizations_by_state(viewer)
    clients = queries.client_figures(viewer, now - UNUSED)
    return {
        "headline": _headline(waiting, rows, now),
        "next_case_href": rows[0]["href"] if rows else "",
        "work": list(chain(_contained(viewer), _ending(viewer, now), (_work(row) for row in rows))),
        "waiting_count": waiting,
        "stats": [*_stats(waiting, organizations, clients), _refused(viewer, now)],
        "organization_states": _states(organizations, "organization"),
        "client_states": _states(clients.by_state, "client"),
        "expiring_tokens": [_token(row) for row in queries.expiring_initial_access_tokens(viewer, now)],
    }


def _headline(waiting: int, rows: list[dict[str, Any]], now: datetime) -> str:
    if not rows:
        return "Nothing waits."
    age = now - min(row["opened_at"] for row in rows)
    oldest = (
        f"{age.days} d"
        if age.days
        else f"{age.seconds // 3600} h"
        if age.seconds >= 3600
        else "under an hour"
    )
    return f"{counted(waiting, 'case').capitalize()} wait{'s' if waiting == 1 else ''}; the oldest {oldest}."


def _contained(viewer: Viewer) -> list[dict[str, Any]]:
    """Organizations that wait for somebody to restore or end them, the longest first."""
    found = queries.contained_organizations(viewer)
    return [
        {
            "icon": "siren",
            "tone": "stop",
            "what": f"{row} is contained{_where(row)}",
            "why": f"{_why(row)}Another person than the one who contained may restore it.",
            "href": reverse("staff:organization", args=[row.slug]),
            "due": row.state_since,
        }
        for row in found[:CASES_SHOWN]
    ]


def _ending(viewer: Viewer, now: datetime) -> list[dict[str, Any]]:
    """Clients made by hand whose exception ends within a month: somebody renews it, or moves them."""
    return [
        {
            "icon": "clock",
            "tone": "warn",
            "what": f"Exception ends: {held.client}",
            "why": f"{held.client.organization}. Then it is suspended, unless it is renewed or moved.",
            "href": reverse("staff:client", args=[held.client.client_id]),
            "due": held.client.valid_until,
        }
        for held in queries.exceptions_ending(viewer, now, MONTH)[:CASES_SHOWN]
    ]


def _where(row: OrganizationRow) -> str:
    """Nothing for the whole organization, else which part."""
    return "" if row.state == State.SUSPENDED else f" in {' and '.join(contained_environments(row))}"


def _why(row: OrganizationRow) -> str:
    """The reason stands with the state; that of one environment is on the page of its restoring."""
    return f"{row.state_reason.rstrip('.')}. " if row.state == State.SUSPENDED else ""


_UNTIL_DECIDED = {
    "change": "Until somebody decides, it goes on as it is.",
    "new client": "Until somebody decides, it gets no token.",
    "organization": "Until somebody decides, production stays closed to it.",
}


def _work(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "icon": "two" if row["state"] == "second person" else "inbox",
        "tone": "warn" if row["overdue"] else "info",
        "what": f"{row['kind'].capitalize()}: {row['title']}",
        "why": f"{row['organization_name']}. {_UNTIL_DECIDED[row['kind']]}",
        "href": row["href"],
        "due": row["opened_at"],
    }


def _stats(waiting: int, organizations: Mapping[str, int], clients: ClientFigures) -> list[dict[str, Any]]:
    of_organizations, of_clients = reverse("staff:organizations"), reverse("staff:clients")
    return [
        {"value": waiting, "label": "cases wait", "href": reverse("staff:queue")},
        {
            "value": organizations.get(State.SUSPENDED, 0),
            "of": sum(organizations.values()),
            "label": "organizations suspended",
            "href": f"{of_organizations}?state=suspended",
        },
        {
            "value": clients.unused,
            "label": "clients unused for 90 days",
            "href": f"{of_clients}?unused=90",
        },
        {
            "value": clients.by_hand,
            "label": "living clients made by hand",
            "note": "should fall",
            "href": f"{of_clients}?route=manual&state=living",
        },
    ]


def _refused(viewer: Viewer, now: datetime) -> dict[str, Any]:
    since = (now - WEEK).date().isoformat()
    return {
        "value": queries.refused_registrations(viewer).filter(at__gt=now - WEEK).count(),
        "label": "registrations refused in 7 days",
        "href": f"{reverse('staff:audit')}?event=registration.request.refused&from={since}",
    }


def _states(counts: Mapping[str, int], noun: str) -> dict[str, Any]:
    address = reverse(f"staff:{noun}s")
    rows = [
        {"state": state.value, "count": counts.get(state, 0), "href": f"{address}?state={state}"}
        for state in State
    ]
    active, total = counts.get(State.ACTIVE, 0), sum(counts.values())
    return {
        "sentence": f"{active} of {counted(total, noun)} active",
        "rows": [row for row in rows if row["count"]],
    }


def _token(row: Any) -> dict[str, Any]:
    return {
        "organization_name": row.organization.display_name,
        "organization_slug": row.organization.slug,
        "environment": row.environment,
        "uses_left": row.max_uses - row.uses,
        "max_uses": row.max_uses,
        "expires_at": row.expires_at,
    }
