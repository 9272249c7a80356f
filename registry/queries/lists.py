"""The lists of the portals: searched, filtered, sorted."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, F, Model, Q, QuerySet

from registry.actors import Viewer
from registry.models import Client, KeyState, Organization, ProvedDomain
from registry.queries.records import clients, organizations
from registry.states import FINAL_STATES, State

_Row = TypeVar("_Row", bound=Model)


def organizations_found(
    viewer: Viewer, *, search: str = "", state: str = "", sort: str = ""
) -> QuerySet[Organization]:
    """Organizations by name, registration number or domain; `sort` is a column, "-" before it turns it round."""
    rows = organizations(viewer).prefetch_related("entitlements")
    if search:
        named = (
            Q(display_name__icontains=search) | Q(legal_name__icontains=search) | Q(slug__icontains=search)
        )
        numbered = Q(registration_number__icontains=search)
        holding = Q(
            pk__in=ProvedDomain.objects.filter(domain__icontains=search, ended_at=None).values("organization")
        )
        rows = rows.filter(named | numbered | holding)
    if state:
        rows = rows.filter(state=state)
    return _sorted(rows, sort, {"organization": "display_name", "state": "state", "clients": "clients_total"})


def contained_organizations(viewer: Viewer) -> QuerySet[Organization]:
    """Organizations that wait for somebody to restore or end them, whole or in one environment; the longest first."""
    stopped = Q(state=State.SUSPENDED) | Q(sandbox_contained=True) | Q(production_contained=True)
    return organizations(viewer).filter(stopped, state__in=_RESTORABLE).order_by("state_since")


_RESTORABLE = [state for state in State if state not in FINAL_STATES]


def clients_found(
    viewer: Viewer,
    *,
    search: str = "",
    state: str = "",
    environment: str = "",
    route: str = "",
    slug: str = "",
    unused_since: datetime | None = None,
    sort: str = "",
) -> QuerySet[Client]:
    """Clients by client_id, software_id, name or organization; `unused_since` keeps those not used after it."""
    rows = clients(viewer).annotate(keys_total=Count("keys", filter=Q(keys__state=KeyState.ACTIVE)))
    if search:
        named = Q(name__icontains=search) | Q(organization__display_name__icontains=search)
        rows = rows.filter(named | Q(client_id__icontains=search) | Q(software_id__icontains=search))
    exact = {"state": state, "environment": environment, "route": route, "organization__slug": slug}
    rows = rows.filter(**{column: value for column, value in exact.items() if value})
    if unused_since is not None:
        rows = rows.filter(_unused(unused_since))
    return _sorted(
        rows, sort, {"client": "name", "state": "state", "used": "last_used_at", "keys": "keys_total"}
    )


def _unused(since: datetime) -> Q:
    """Live, old enough to have been used, and not used after `since`."""
    quiet = Q(last_used_at__lt=since) | Q(last_used_at=None, registered_at__lt=since)
    return quiet & ~Q(state__in=FINAL_STATES)


def _sorted(rows: QuerySet[_Row], sort: str, columns: Mapping[str, str]) -> QuerySet[_Row]:
    column = columns.get(sort.removeprefix("-"))
    if column is None:
        return rows
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_first=True)
    return rows.order_by(order, "pk")
