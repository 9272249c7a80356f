"""Cases: registrations that wait for a decision, and organizations that wait for approval, as one list."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast

from registry.actors import Viewer
from registry.models import DECIDED_BY_PEOPLE, Organization, Outcome, Registration, Review
from registry.queries.records import organizations, registrations, waiting
from registry.states import State, Verb

Reference = tuple[str, UUID, datetime]


def cases(
    viewer: Viewer, *, kind: str = "", environment: str = "", search: str = "", view: str = ""
) -> QuerySet[Any, Any]:
    """Rows (kind, id, since) of what waits, the oldest first; `view` is "", "second" or "decided"."""
    found, parties = registrations(viewer), organizations(viewer).filter(state=State.PENDING)
    if view == "decided":
        found, parties = found.filter(DECIDED_BY_PEOPLE), parties.none()
    else:
        found = found.filter(outcome=Outcome.PENDING)
    if view == "second":
        found, parties = found.filter(review=Review.FOUR_EYES).exclude(first_approval_by=""), parties.none()
    if search:
        about = Q(organization__display_name__icontains=search) | Q(client__name__icontains=search)
        found = found.filter(about | Q(client__client_id__icontains=search))
        parties = parties.filter(Q(display_name__icontains=search) | Q(slug__icontains=search))
    if environment:
        found, parties = found.filter(environment=environment), parties.none()
    found, parties = _of_kind(kind, found, parties)
    rows = _references(found, "client", "created_at").union(
        _references(parties, "organization", "state_since"), all=True
    )
    return rows.order_by("-since" if view == "decided" else "since", "id")


def _of_kind(
    kind: str, found: QuerySet[Registration], parties: QuerySet[Organization]
) -> tuple[QuerySet[Registration], QuerySet[Organization]]:
    """`kind` is "", "client" (a new one), "change" or "organization"."""
    if kind == "organization":
        return found.none(), parties
    if kind in _VERBS:
        return found.filter(verb=_VERBS[kind]), parties.none()
    return found, parties


_VERBS = {"client": Verb.CREATE, "change": Verb.REPLACE}


def _references(rows: QuerySet[Any], kind: str, since: str) -> QuerySet[Any, Any]:
    rows = rows.select_related(None).order_by().annotate(kind=Cast(Value(kind), CharField()), since=F(since))
    return rows.values_list("kind", "id", "since")


def cases_in_full(viewer: Viewer, references: Iterable[Reference]) -> list[Registration | Organization]:
    """The rows behind references, in their order. Two statements."""
    listed = list(references)
    rows: dict[UUID, Registration | Organization] = {}
    rows |= registrations(viewer).in_bulk([pk for kind, pk, _ in listed if kind == "client"])
    rows |= organizations(viewer).in_bulk([pk for kind, pk, _ in listed if kind == "organization"])
    return [rows[pk] for _, pk, _ in listed if pk in rows]


def cases_waiting(viewer: Viewer) -> int:
    """How many decisions are asked of people."""
    return waiting(viewer).count() + organizations(viewer).filter(state=State.PENDING).count()
