"""The audit log as people search it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from registry.actors import Viewer
from registry.errors import NotFound
from registry.queries.records import audit_events, client, registrations


@dataclass(frozen=True, slots=True)
class LogSearch:
    """What to look for; "" and None ask for nothing. `before` is the id of the last event already seen."""

    text: str = ""
    action: str = ""
    actor: str = ""
    organization: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None


def events_found(viewer: Viewer, search: LogSearch, *, limit: int) -> list[Any]:
    """At most `limit` events, newest first."""
    return list(audit_events(viewer).filter(_conditions(search))[:limit])


def _conditions(search: LogSearch) -> Q:
    exact = {
        "action": search.action,
        "organization__slug": search.organization,
        "at__gte": search.since,
        "at__lt": search.until,
        "id__lt": search.before,
    }
    conditions = Q(**{column: value for column, value in exact.items() if value})
    if search.actor:
        conditions &= Q(actor_label__icontains=search.actor) | Q(actor_id=search.actor)
    return conditions & _mentioning(search.text) if search.text else conditions


def _mentioning(text: str) -> Q:
    about = Q(subject_id__icontains=text) | Q(organization__display_name__icontains=text)
    return about | Q(reason__icontains=text) | Q(action__icontains=text) | Q(request_id=text)


def event(viewer: Viewer, event_id: UUID) -> Any:
    """One event. Raises NotFound, the same for one that is not there and one that is not the viewer's."""
    found = audit_events(viewer, pk=event_id).first()
    if found is None:
        raise NotFound("There is no such event.")
    return found


def client_events(viewer: Viewer, client_id: str) -> Any:
    """Events about a client and about the registrations that made it, newest first."""
    held = registrations(viewer).filter(client=client(viewer, client_id)).order_by()
    subjects = [client_id, *(str(pk) for pk in held.values_list("pk", flat=True))]
    return audit_events(viewer, subject_id__in=subjects)


def organization_events(viewer: Viewer, slug: str) -> Any:
    """Events about an organization itself, newest first: not those of its clients and credentials."""
    return audit_events(viewer, subject_kind="organization", subject_id=slug)
