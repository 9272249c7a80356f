"""The lists of the portals: searched, filtered, sorted."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Model, OrderBy, Q, QuerySet

from registry.actors import Viewer
from registry.models import SEARCHED, Client, ClientKey, KeyState, Organization, ProvedDomain
from registry.queries.records import clients, organizations
from registry.queries.visibility import number_of
from registry.states import FINAL_STATES, State

_Row = TypeVar("_Row", bound=Model)
_ORGANIZATION_COLUMNS: Mapping[str, OrderBy] = {
    "organization": F("display_name").asc(),
    "state": F("state").asc(),
    "clients": F("clients_total").asc(),
}
_CLIENT_COLUMNS: Mapping[str, OrderBy] = {
    "client": F("name").asc(),
    "state": F("state").asc(),
    "used": F("last_used_at").asc(nulls_first=True),
    "keys": F("keys_total").asc(),
}


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
    return _sorted(rows, sort, _ORGANIZATION_COLUMNS)


def contained_organizations(viewer: Viewer) -> QuerySet[Organization]:
    """Organizations that wait for somebody to restore or end them, whole or in one environment; the longest first."""
    stopped = Q(state=State.SUSPENDED) | Q(sandbox_contained=True) | Q(production_contained=True)
    return organizations(viewer).filter(stopped, state__in=_RESTORABLE).order_by("state_since")


LIVING = "living"  # not a state: every one but the final ones
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
    rows = clients(viewer).annotate(
        keys_total=number_of(ClientKey.objects.filter(state=KeyState.ACTIVE), "client")
    )
    if search:
        rows = rows.filter(_named(search))
    if state == LIVING:
        rows, state = rows.exclude(state__in=FINAL_STATES), ""
    exact = {"state": state, "environment": environment, "route": route, "organization__slug": slug}
    rows = rows.filter(**{column: value for column, value in exact.items() if value})
    if unused_since is not None:
        rows = rows.filter(unused(unused_since))
    return _sorted(rows, sort, _CLIENT_COLUMNS)


class _IsAny(Func):
    """Whether the first expression is an element of the second, an array."""

    arg_joiner = " = ANY("
    template = "%(expressions)s)"
    output_field = BooleanField()


def _named(search: str) -> Q:
    """Organizations as an array: a join, or a subquery, would keep PostgreSQL from the indexes of the others."""
    holders = ArraySubquery(Organization.objects.filter(display_name__icontains=search).values("pk"))
    found = Q(_IsAny(F("organization_id"), holders))
    for column in SEARCHED:
        found |= Q(**{f"{column}__icontains": search})
    return found


def unused(since: datetime) -> Q:
    """The condition of a client that is live, old enough to have been used, and not used after `since`."""
    quiet = Q(last_used_at__lt=since) | Q(last_used_at=None, registered_at__lt=since)
    return quiet & ~Q(state__in=FINAL_STATES)


def _sorted(rows: QuerySet[_Row], sort: str, columns: Mapping[str, OrderBy]) -> QuerySet[_Row]:
    column = columns.get(sort.removeprefix("-"))
    if column is None:
        return rows
    rows = rows.order_by(column, "pk")
    return rows.reverse() if sort.startswith("-") else rows


def part_of(rows: QuerySet[_Row], start: int, end: int) -> list[_Row]:
    """The rows of a list from one place to another. Sorted by keys alone: only these are read whole."""
    keys = list(rows.values_list("pk", flat=True)[start:end])
    found = rows.order_by().in_bulk(keys)
    return [found[key] for key in keys if key in found]
