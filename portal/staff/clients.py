"""Clients of all organizations: the list, one client, and the acts that stop, resume or end it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal import listing
from portal.authn import actor_of, step_up, viewer_of
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
    Column("Keys", "keys", num=True),
    Column("Last used", "used"),
)
UNUSED: listing.Options = (("90", "for 90 days"), ("365", "for a year"))
act_methods = require_http_methods(["GET", "HEAD", "POST"])


@requires(Act.READ)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Which software may act, and in whose name?"""
    query, viewer = listing.Query(request), viewer_of(request)
    search, state = query.text("q"), query.choice("state", dict(listing.STATE_OPTIONS))
    environment = query.choice("environment", dict(listing.ENVIRONMENT_OPTIONS))
    route, unused = query.choice("route", dict(listing.ROUTE_OPTIONS)), query.choice("unused", dict(UNUSED))
    sort = query.choice("sort", listing.sort_values(COLUMNS))
    since = clock.now() - timedelta(days=int(unused)) if unused else None
    found = queries.clients_found(
        viewer,
        search=search,
        state=state,
        environment=environment,
        route=route,
        unused_since=since,
        sort=sort,
    )
    page, total = listing.page(query, found), queries.clients(viewer).count()
    bar = [
        listing.search(search, "Name, client_id, software_id, organization"),
        listing.select("state", "State", state, listing.STATE_OPTIONS),
        listing.select("environment", "Environment", environment, listing.ENVIRONMENT_OPTIONS),
        listing.select("route", "Route", route, listing.ROUTE_OPTIONS),
        listing.select("unused", "Unused", unused, UNUSED),
    ]
    context = {
        "summary": f"{counted(total, 'client').capitalize()}.",
        "filters": listing.filter_bar(query, bar, f"{page.total} of {counted(total, 'client')}"),
        "clients": [client_row(row) for row in page.rows],
        "columns": listing.table_head(query, COLUMNS, sort),
        "pager": page.pager,
        "any": total > 0,
    }
    return render(request, "staff/clients/list.html", context)


@requires(Act.READ)
@require_safe
def detail(request: HttpRequest, client_id: str) -> HttpResponse:
    """What is this software, may it act, and on whose word?"""
    row = queries.client(viewer_of(request), client_id)
    return render(request, "staff/clients/detail.html", client_context.detail(request, row))


@requires(Act.CONTAIN)
@step_up
@act_methods
def suspend(request: HttpRequest, client_id: str) -> HttpResponse:
    """Stop one client, reversibly."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, forms.SuspendForm)
    return _act(request, row, form, "suspend", lifecycle.suspend_client, f"{row} is suspended.")


@requires(Act.REACTIVATE)
@step_up
@act_methods
def reactivate(request: HttpRequest, client_id: str) -> HttpResponse:
    """Let a suspended client act again; revives no old credential."""
    row = queries.client(viewer_of(request), client_id)
    form = acts.bound(request, forms.ReasonForm)
    return _act(request, row, form, "reactivate", lifecycle.reactivate_client, f"{row} is reactivated.")


@requires(Act.DEREGISTER)
@step_up
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
