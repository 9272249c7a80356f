"""The audit log: search in the whole history, and one event."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal import listing, log
from portal.authn import viewer_of
from portal.permissions import Act, requires
from portal.staff.organization_page import event_address, log_days
from registry import queries
from registry.events import Event

PAGE_SIZE = 50
ACTIONS: listing.Options = tuple((action.value, action.value) for action in sorted(Event))


@requires(Act.READ)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Who did what to whom, and why?"""
    query = listing.Query(request)
    said = {name: query.text(name) for name in ("q", "actor", "organization", "from", "to", "before")}
    said["event"] = query.choice("event", dict(ACTIONS))
    found = queries.events_found(viewer_of(request), _search(said), limit=PAGE_SIZE + 1)
    context = {
        "filters": listing.filter_bar(
            query, _fields(said), f"{len(found[:PAGE_SIZE])} on this page, newest first"
        ),
        "days": log_days(found[:PAGE_SIZE]),
        "pager": _pager(query, found, said["before"]),
    }
    return render(request, "staff/audit/search.html", context)


def _search(said: dict[str, str]) -> queries.LogSearch:
    until = _day(said["to"])
    return queries.LogSearch(
        text=said["q"],
        action=said["event"],
        actor=said["actor"],
        organization=said["organization"],
        since=_day(said["from"]),
        until=until + timedelta(days=1) if until else None,
        before=_uuid(said["before"]),
    )


def _day(text: str) -> datetime | None:
    """The first instant of a day written as 2026-11-23; None for anything else."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _fields(said: dict[str, str]) -> list[listing.Field]:
    return [
        listing.search(said["q"], "Subject, reason, organization, request"),
        listing.select("event", "Event", said["event"], ACTIONS),
        listing.Field("actor", "Actor", said["actor"]),
        listing.Field("organization", "Organization", said["organization"], mono=True),
        listing.Field("from", "From (2026-11-23)", said["from"]),
        listing.Field("to", "To, that day included", said["to"]),
    ]


def _pager(query: listing.Query, found: list[Any], before: str) -> dict[str, str]:
    shown = found[:PAGE_SIZE]
    pager = {"sentence": f"{listing.counted(len(shown), 'event')}, newest first"}
    if before:
        pager["previous_href"] = query.href(before="")
    if len(found) > PAGE_SIZE:
        pager["next_href"] = query.href(before=str(shown[-1].id))
    return pager


@requires(Act.READ)
@require_safe
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Everything that was recorded of one event."""
    row = queries.event(viewer_of(request), event_id)
    shown = log.as_shown(row, event_address(row)) | {
        "text": log.sentence(row),
        "subject": log.subject(row),
        "subject_href": _subject_address(row),
    }
    return render(request, "staff/audit/event.html", {"event": shown})


_SUBJECT_PAGES = {
    "organization": "staff:organization",
    "client": "staff:client",
    "registration": "staff:case",
}


def _subject_address(row: Any) -> str:
    name = _SUBJECT_PAGES.get(row.subject_kind)
    return reverse(name, args=[row.subject_id]) if name else ""
