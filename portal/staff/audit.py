"""The audit log: search in the whole history, one event, and an export of what a search finds."""

from dataclasses import replace
from functools import partial
from tempfile import TemporaryFile
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal import listing, log
from portal.authn import actor_of, viewer_of
from portal.permissions import Act, may, requires
from portal.staff import acts, audit_query
from portal.staff.audit_query import Asked
from portal.staff.forms import ReasonForm
from portal.staff.organization_page import event_address, log_days
from registry import audit_export, clock, queries
from registry.audit_export import MOST_EVENTS, Export, NothingSequenced, Selection, TooManyEvents
from registry.audit_identity import AuditKeyMissing

PAGE_SIZE = 50


@requires(Act.READ)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Who did what to whom, and why?"""
    asked = audit_query.read(request)
    found = queries.events_found(viewer_of(request), asked.search, limit=PAGE_SIZE + 1)
    shown = listing.counted(len(found[:PAGE_SIZE]), "event")
    context = {
        "filters": listing.filter_bar(asked.query, asked.fields, f"{shown} on this page, newest first"),
        "days": log_days(found[:PAGE_SIZE]),
        "pager": _pager(asked.query, found),
        "export_href": _export_address(asked) if _may_export(request, asked) else "",
    }
    return render(request, "staff/audit/search.html", context)


def _may_export(request: HttpRequest, asked: Asked) -> bool:
    """Not what cannot be read: all that is left of such a search is more than was meant."""
    return may(request, Act.EXPORT_AUDIT) and not asked.is_wrong


def _export_address(asked: Asked) -> str:
    address = reverse("staff:audit_export")
    return f"{address}?{urlencode(asked.words)}" if asked.words else address


@requires(Act.EXPORT_AUDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """What a search finds, all of it, as a file that anybody can verify with the public key."""
    asked, form = audit_query.read(request), acts.bound(request, ReasonForm)
    page = partial(_export_page, request, asked, form)
    if asked.is_wrong or request.method != "POST" or not form.is_valid():
        return page("")
    try:
        made = audit_export.begin(
            _selection(request, asked), actor=actor_of(request), reason=form.said, now=clock.now()
        )
    except (NothingSequenced, AuditKeyMissing, TooManyEvents) as cause:
        return page(_CLOSED[type(cause)])
    return _file(made)


_CLOSED: dict[type[Exception], str] = {
    NothingSequenced: "Nothing of the log is signed yet. Its worker does so once a second: see /healthz/ready.",
    AuditKeyMissing: "This process has no AUDIT_KEY, which signs exports. Use manage.py export_audit where it is set.",
    TooManyEvents: f"These are more than {MOST_EVENTS:,} events. Search for a part, or use manage.py export_audit.",
}

_UNREAD = "The search cannot be read as it was written. Go back and correct it."


def _selection(request: HttpRequest, asked: Asked) -> Selection:
    """Organization and days stand in the first line, where a verifier reads them; the rest is said in words.

    On whichever page of the search somebody stood, all pages are exported.
    """
    viewer, search = viewer_of(request), replace(asked.search, before=None)
    words = {name: value for name, value in asked.words.items() if name in {"q", "event", "actor"}}
    return Selection(
        queries.organization(viewer, search.organization) if search.organization else None,
        search.since,
        search.until,
        queries.events_condition(viewer, search) if words else queries.EVERY_EVENT,
        words,
    )


def _file(made: Export) -> HttpResponse:
    """Written whole before its first octet is sent: whoever reads slowly keeps nothing from others."""
    now = clock.now()
    file = TemporaryFile()  # noqa: SIM115  # the answer closes it
    made.write(file, now=now)
    file.seek(0)
    name = f"audit-{now:%Y%m%dT%H%M%SZ}.jsonl"
    answer = FileResponse(file, as_attachment=True, filename=name, content_type="application/x-ndjson")
    return cast(HttpResponse, answer)  # its sibling; guards hand on either


def _export_page(request: HttpRequest, asked: Asked, form: ReasonForm, closed: str) -> HttpResponse:
    back = reverse("staff:audit")
    context = {
        "form": form,
        "selected": [(field.label, field.shown_value) for field in asked.fields if field.name in asked.words],
        "back_href": f"{back}?{urlencode(asked.words)}" if asked.words else back,
        "closed": closed or (_UNREAD if asked.is_wrong else ""),
    }
    return render(request, "staff/audit/export.html", context, status=409 if closed else 200)


def _pager(query: listing.Query, found: list[Any]) -> dict[str, str]:
    """In the order of the events' ids, of which no two are the same: no event is on two pages or on none."""
    shown = found[:PAGE_SIZE]
    pager = {"sentence": f"{listing.counted(len(shown), 'event')}, newest first"}
    if query.text("before"):
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
