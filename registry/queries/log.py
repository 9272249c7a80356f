"""The audit log as people search it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from registry.actors import Viewer
from registry.errors import NotFound
from registry.models import CASE_NUMBER, Invitation, Organization, Registration, User
from registry.queries.records import audit_events, client, clients, registrations
from registry.queries.visibility import visible

# An event's id holds the instant at which it was written, `at` the one at which its request or task began.
EVERY_EVENT = Q()
_CASE_NUMBER = re.compile("R-[0-9a-fA-F]{8}")
_LONGEST_TASK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LogSearch:
    """What to look for; "" and None ask for nothing. `before` is the id of the last event already seen.

    text   an identifier finds everything about what it names: a client_id, a case or its number, a person's e-mail
           address, an organization, a request, an event; a client also by its cases and the other way round. What
           names nothing is looked for in subjects, reasons, names of events and of organizations.
    actor  an e-mail address or an id finds that actor, anything else is looked for in names
    """

    text: str = ""
    action: str = ""
    actor: str = ""
    organization: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None


def events_found(viewer: Viewer, search: LogSearch, *, limit: int) -> list[Any]:
    """At most `limit` events, those with the latest ids first; ids are unique, so that the order is strict.

    Each way in which an identifier may stand in an event has an index, and is asked by itself.
    """
    rows = audit_events(viewer).filter(_limits(viewer, search))
    found = {row.id: row for way in _ways(viewer, search.text) for row in rows.filter(way)[:limit]}
    return [found[key] for key in sorted(found, reverse=True)][:limit]


def events_condition(viewer: Viewer, search: LogSearch) -> Q:
    """The same as one condition, for who reads all of it."""
    asked = Q(pk__in=[])
    for way in _ways(viewer, search.text):
        asked |= way
    return _limits(viewer, search) & (asked if search.text else Q())


def _limits(viewer: Viewer, search: LogSearch) -> Q:
    exact = {
        "action": search.action,
        "at__gte": search.since,
        "at__lt": search.until,
        "id__lt": search.before,
    }
    conditions = Q(**{column: value for column, value in exact.items() if value})
    if search.since:
        conditions &= Q(id__gte=_first_id(search.since, -_LONGEST_TASK))
    if search.until:
        conditions &= Q(id__lt=_first_id(search.until, _LONGEST_TASK))
    if search.organization:
        conditions &= Q(organization__in=_organizations(viewer, search.organization))
    return conditions & _by(viewer, search.actor) if search.actor else conditions


def _first_id(at: datetime, later: timedelta) -> UUID:
    """The least identifier that could be made that much later than an instant (RFC 9562 §5.7), 0 before 1970."""
    milliseconds = int((at.astimezone(UTC).timestamp() + later.total_seconds()) * 1000)
    return UUID(int=max(0, milliseconds) << 80)


def _organizations(viewer: Viewer, slug: str) -> list[UUID]:
    rows = Organization.objects.filter(visible(viewer, "pk"), slug=slug)
    return list(rows.values_list("pk", flat=True))


def _people(viewer: Viewer, email: str) -> list[str]:
    rows = User.objects.filter(visible(viewer, "organization_id"), email=email.lower())
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def _by(viewer: Viewer, actor: str) -> Q:
    if "@" in actor and (people := _people(viewer, actor)):
        return Q(actor_id__in=people)
    return Q(actor_label__icontains=actor) | Q(actor_id=actor)


def _ways(viewer: Viewer, text: str) -> list[Q]:
    """Conditions of which an event fulfils one; more than one when `text` is an identifier."""
    if not text:
        return [Q()]
    return list(_identified(viewer, text)) or [_mentioning(text)]


def _identified(viewer: Viewer, text: str) -> Iterator[Q]:
    if text.startswith("req_"):
        yield Q(request_id=text)
    if organizations := _organizations(viewer, text.removeprefix("O-")):
        yield Q(organization__in=organizations)
    if names := {*_names_of_client(viewer, text), *_names_of_person(viewer, text), *_names_of_uuid(text)}:
        yield Q(subject_id__in=names)
        yield Q(actor_id__in=names)
    if (event_id := _uuid(text)) is not None:
        yield Q(pk=event_id)


def _names_of_uuid(text: str) -> Iterator[str]:
    found = _uuid(text)
    if found is not None:
        yield str(found)


def _names_of_client(viewer: Viewer, text: str) -> Iterator[str]:
    """The client_id and the cases of the client that this is the client_id, a case or the number of a case of."""
    case, rows = _uuid(text), clients(viewer).order_by()
    if case:
        held = rows.filter(registrations=case)
    elif _CASE_NUMBER.fullmatch(text):
        numbered = Registration.objects.alias(number=CASE_NUMBER).filter(number=text[2:].lower())
        held = rows.filter(pk__in=numbered.values("client"))
    else:
        held = rows.filter(client_id=text)
    for name in held.values_list("client_id", flat=True):
        yield name
        yield from _cases(viewer, name)


def _names_of_person(viewer: Viewer, text: str) -> Iterator[str]:
    """A person is the subject of events by id; invitations and refused sign-ins name the address itself."""
    if "@" not in text:
        return
    yield text.lower()
    yield from _people(viewer, text)
    invited = Invitation.objects.filter(visible(viewer, "organization_id"), email=text.lower())
    yield from (str(pk) for pk in invited.values_list("pk", flat=True))


def _cases(viewer: Viewer, client_id: str) -> list[str]:
    held = registrations(viewer).filter(client__client_id=client_id).order_by()
    return [str(pk) for pk in held.values_list("pk", flat=True)]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _mentioning(text: str) -> Q:
    about = Q(subject_id__icontains=text) | Q(organization__display_name__icontains=text)
    return about | Q(reason__icontains=text) | Q(action__icontains=text)


def event(viewer: Viewer, event_id: UUID) -> Any:
    """One event. Raises NotFound, the same for one that is not there and one that is not the viewer's."""
    found = audit_events(viewer, pk=event_id).first()
    if found is None:
        raise NotFound("There is no such event.")
    return found


def client_events(viewer: Viewer, client_id: str) -> Any:
    """Events about a client and about the registrations that made it, newest first."""
    held = client(viewer, client_id)
    return audit_events(viewer, subject_id__in=[client_id, *_cases(viewer, held.client_id)])


def organization_events(viewer: Viewer, slug: str) -> Any:
    """Events about an organization itself, newest first: not those of its clients and credentials."""
    return audit_events(viewer, subject_kind="organization", subject_id=slug)
