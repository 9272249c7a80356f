"""The review queue, and the decision about one case."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal import listing
from portal.authn import actor_of, viewer_of
from portal.listing import Column, counted
from portal.permissions import Act, may, requires
from portal.staff import acts, case_page, forms
from portal.staff.organization_acts import approve_now
from registry import clock, decisions, lifecycle, preconditions, queries
from registry.queries import OrganizationRow, RegistrationRow

COLUMNS = [Column(text) for text in ("Case", "What", "Rules", "State", "Waits since", "Environment")]
KINDS: listing.Options = (("client", "New client"), ("change", "Change"), ("organization", "Organization"))
VIEWS = (("", "All waiting"), ("second", "Second person"), ("decided", "Decided"))


@requires(Act.READ)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Which decision is next?"""
    query, viewer = listing.Query(request), viewer_of(request)
    asked, waiting = _asked(query), queries.cases_waiting(viewer)
    page = listing.page(query, queries.cases(viewer, **asked), read=_references)
    context = {
        "summary": f"{counted(waiting, 'case').capitalize()} wait{'s' if waiting == 1 else ''}.",
        "views": [_view(request, query, word, text, asked["view"]) for word, text in VIEWS],
        "filters": listing.filter_bar(query, _fields(asked), counted(page.total, "case")),
        "cases": [case_page.row(row, clock.now()) for row in queries.cases_in_full(viewer, page.rows)],
        "columns": listing.table_head(query, COLUMNS, ""),
        "waiting_count": waiting,
    }
    return render(request, "staff/queue/list.html", context | {"pager": page.pager})


def _references(rows: Any, start: int, end: int) -> list[Any]:
    """They are narrow; `cases_in_full` reads what they refer to."""
    return list(rows[start:end])


def _asked(query: listing.Query) -> dict[str, str]:
    return {
        "view": query.choice("view", dict(VIEWS)),
        "search": query.text("q"),
        "kind": query.choice("kind", dict(KINDS)),
        "environment": query.choice("environment", dict(listing.ENVIRONMENT_OPTIONS)),
    }


def _fields(asked: Mapping[str, str]) -> list[listing.Field]:
    return [
        listing.search(asked["search"], "Organization, client"),
        listing.select("kind", "Kind", asked["kind"], KINDS),
        listing.select("environment", "Environment", asked["environment"], listing.ENVIRONMENT_OPTIONS),
    ]


def _view(request: HttpRequest, query: listing.Query, word: str, text: str, current: str) -> dict[str, Any]:
    return {
        "text": text,
        "count": queries.cases(viewer_of(request), view=word).count(),
        "href": query.href(view=word),
        "current": word == current,
    }


@requires(Act.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, registration_id: UUID) -> HttpResponse:
    """Should this client be trusted, on this evidence?"""
    if request.method == "POST":
        return decide(request, registration_id=registration_id)
    row = queries.registration(viewer_of(request), registration_id)
    return _case(request, row, forms.DecisionForm() if may(request, Act.DECIDE) else None)


@requires(Act.DECIDE)
def decide(request: HttpRequest, registration_id: UUID) -> HttpResponse:
    """Approve or reject a waiting registration, with a reason."""
    row = queries.registration(viewer_of(request), registration_id)
    form = acts.bound(request, forms.DecisionForm)
    return acts.answer(
        request,
        form,
        lambda data: _decide(request, row, data["decision"], form),
        lambda: _case(request, row, form),
        done=f"The decision on {case_page.number(row)} is recorded.",
        to=reverse("staff:case", args=[row.pk]),
    )


def _decide(request: HttpRequest, row: RegistrationRow, decision: str, form: forms.DecisionForm) -> object:
    with preconditions.registration_as_seen(row, form.edition_seen):
        return _DECISIONS[decision](row.pk, actor=actor_of(request), reason=form.said, now=clock.now())


_DECISIONS = {"approve": decisions.approve, "reject": decisions.reject}


def _case(request: HttpRequest, row: RegistrationRow, form: forms.DecisionForm | None) -> HttpResponse:
    if form is not None:
        form.show(preconditions.edition_of_registration(row, row.client))
    return render(
        request, "staff/queue/case.html", case_page.registration_context(request, row) | {"form": form}
    )


@requires(Act.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def organization_case(request: HttpRequest, slug: str) -> HttpResponse:
    """Should this organization become active, on this evidence?"""
    if request.method == "POST":
        return decide_organization(request, slug=slug)
    row = queries.organization(viewer_of(request), slug)
    return _organization_case(request, row, forms.DecisionForm() if may(request, Act.DECIDE) else None)


@requires(Act.DECIDE)
def decide_organization(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve a pending organization, or send it back to draft, with a reason."""
    row = queries.organization(viewer_of(request), slug)
    form = acts.bound(request, forms.DecisionForm)
    return acts.answer(
        request,
        form,
        lambda data: _decide_organization(request, row, data["decision"], form),
        lambda: _organization_case(request, row, form),
        done=f"The decision on {row} is recorded.",
        to=reverse("staff:organization", args=[slug]),
    )


def _decide_organization(
    request: HttpRequest, row: OrganizationRow, decision: str, form: forms.DecisionForm
) -> object:
    if decision == "approve":
        return approve_now(request, row, form)
    with preconditions.organization_as_seen(row.pk, form.edition_seen):
        return lifecycle.reject_organization(
            row.pk, actor=actor_of(request), reason=form.said, now=clock.now()
        )


def _organization_case(
    request: HttpRequest, row: OrganizationRow, form: forms.DecisionForm | None
) -> HttpResponse:
    if form is not None:
        form.show(preconditions.edition(row))
    return render(
        request, "staff/queue/case.html", case_page.organization_context(request, row) | {"form": form}
    )
