"""Clients of all organizations: the list, one client, and the acts that stop, resume or end it."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal import client_lists, listing
from portal.authn import actor_of, viewer_of
from portal.listing import Column, counted
from portal.permissions import Act, requires
from portal.staff import acts, client_context, forms
from portal.staff.organization_page import client_row
from registry import clock, lifecycle, queries
from registry.queries import ClientRow

COLUMNS = (
    Column("Client", "client"),
    Column("Organization"),
    Column("State", "state"),
    Column("Environment"),
    Column("Route"),
    Column("Keys", num=True),
    Column("Last used", "used"),
)
UNUSED: listing.Options = (("90", "for 90 days"), ("365", "for a year"))
act_methods = require_http_methods(["GET", "HEAD", "POST"])


@requires(Act.READ)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Which software may act, and in whose name?"""
    query, viewer = listing.Query(request), viewer_of(request)
    asked, sort = _asked(query), query.choice("sort", listing.sort_values(COLUMNS))
    total = queries.clients(viewer).count()
    found = queries.clients_found(viewer, sort=sort, **_sought(asked))
    page = listing.page(query, found, None if any(asked.values()) else total)
    context = {
        "summary": f"{counted(total, 'client').capitalize()}.",
        "filters": listing.filter_bar(query, _fields(asked), f"{page.total} of {counted(total, 'client')}"),
        "columns": listing.table_head(query, COLUMNS, sort),
        "any": total > 0,
    }
    shown = {"clients": [client_row(row) for row in page.rows], "pager": page.pager}
    return render(request, "staff/clients/list.html", context | shown)


def _asked(query: listing.Query) -> dict[str, str]:
    return client_lists.asked(query) | {
        "route": query.choice("route", dict(listing.ROUTE_OPTIONS)),
        "unused": query.choice("unused", dict(UNUSED)),
    }


def _sought(asked: Mapping[str, str]) -> dict[str, Any]:
    """What was asked, as the reader takes it: days without use become an instant."""
    days = asked["unused"]
    since = clock.now() - timedelta(days=int(days)) if days else None
    return {name: value for name, value in asked.items() if name != "unused"} | {"unused_since": since}


def _fields(asked: Mapping[str, str]) -> list[listing.Field]:
    return [
        *client_lists.fields(asked),
        listing.select("route", "Route", asked["route"], listing.ROUTE_OPTIONS),
        listing.select("unused", "Unused", asked["unused"], UNUSED),
    ]


@requires(Act.READ)
@require_safe
def detail(request: HttpRequest, client_id: str) -> HttpResponse:
    """What is this software, may it act, and on whose word?"""
    row = queries.client(viewer_of(request), client_id)
    return render(request, "staff/clients/detail.html", client_context.detail(request, row))


@requires(Act.CONTAIN)
@acts.with_fresh_factor
@act_methods
def suspend(request: HttpRequest, client_id: str) -> HttpResponse:
    """Stop one client, reversibly."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, forms.SuspendForm)
    return _act(request, row, form, "suspend", lifecycle.suspend_client, f"{row} is suspended.")


@requires(Act.REACTIVATE)
@acts.with_fresh_factor
@act_methods
def reactivate(request: HttpRequest, client_id: str) -> HttpResponse:
    """Let a suspended client act again; revives no old credential."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, forms.ReasonForm)
    return _act(request, row, form, "reactivate", lifecycle.reactivate_client, f"{row} is reactivated.")


@requires(Act.DEREGISTER)
@acts.with_fresh_factor
@act_methods
def deregister(request: HttpRequest, client_id: str) -> HttpResponse:
    """End one client for good; its name is typed by hand."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, forms.DeregisterForm, name=row.name or row.client_id)
    return _act(request, row, form, "deregister", lifecycle.deregister_client, f"{row} is deregistered.")


def _act(
    request: HttpRequest,
    row: ClientRow,
    form: forms.ReasonForm,
    verb: str,
    write: Callable[..., Any],
    done: str,
) -> HttpResponse:
    return acts.answer(
        request,
        form,
        lambda _: write(row.client_id, actor=actor_of(request), reason=form.said, now=clock.now()),
        lambda: render(
            request, f"staff/clients/{verb}.html", client_context.act(request, row, verb) | {"form": form}
        ),
        done=done,
        to=reverse("staff:client", args=[row.client_id]),
    )
