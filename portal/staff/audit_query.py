"""What the query string of the audit pages asks for: one reading, for the list and for the export."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from portal import listing
from registry import queries
from registry.events import Event

ACTIONS: listing.Options = tuple((action.value, action.value) for action in sorted(Event))


@dataclass(frozen=True, slots=True)
class Asked:
    """A query string, its fields as they are shown again, and what it asks of the log. What is wrong asks nothing."""

    query: listing.Query
    fields: list[listing.Field]
    search: queries.LogSearch

    @property
    def is_wrong(self) -> bool:
        return any(field.error for field in self.fields)

    @property
    def words(self) -> dict[str, str]:
        """What limits the events, by the name of its field."""
        return {field.name: field.value for field in self.fields if field.value and not field.error}


def read(request: HttpRequest) -> Asked:
    query = listing.Query(request)
    said = {name: query.text(name) for name in ("q", "actor", "organization")}
    action = query.choice("event", dict(ACTIONS))
    since, until = query.day("from"), query.day("to")
    if since.begin and until.begin and until.begin < since.begin:
        until = query.without("to", listing.Day(until.text, error="This day is before the first one."))
    search = queries.LogSearch(
        text=said["q"],
        action=action,
        actor=said["actor"],
        organization=said["organization"],
        since=since.begin,
        until=until.end,
        before=_uuid(query.text("before")),
    )
    fields = [
        listing.search(said["q"], "Identifier, e-mail address, or text"),
        listing.select("event", "Event", action, ACTIONS),
        listing.Field("actor", "Actor", said["actor"]),
        listing.Field("organization", "Organization", said["organization"], mono=True),
        listing.Field("from", "From (2026-11-23)", since.text, error=since.error),
        listing.Field("to", "To, that day included", until.text, error=until.error),
    ]
    return Asked(query, fields, search)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
