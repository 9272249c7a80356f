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
        """True when something was asked that `search` does not ask, so that it finds more than was meant."""
        sent, known = self.query.names(), {"before", *(field.name for field in self.fields)}
        strange = len(sent) > len(known.intersection(sent))  # a name that no field has, or one twice
        return strange or any(field.error for field in self.fields)

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
    wrong = _wrong(query, *said, "event")
    asked = {name: "" if name in wrong else value for name, value in said.items()}
    search = queries.LogSearch(
        text=asked["q"],
        action=action,
        actor=asked["actor"],
        organization=asked["organization"],
        since=since.begin,
        until=until.end,
        before=_uuid(query.text("before")),
    )
    fields = [
        listing.search(said["q"], "Identifier, e-mail address, or text", error=wrong.get("q", "")),
        listing.select("event", "Event", action, ACTIONS, error=wrong.get("event", "")),
        listing.Field("actor", "Actor", said["actor"], error=wrong.get("actor", "")),
        listing.Field(
            "organization",
            "Organization",
            said["organization"],
            mono=True,
            error=wrong.get("organization", ""),
        ),
        listing.Field("from", "From (2026-11-23)", since.text, error=since.error),
        listing.Field("to", "To, that day included", until.text, error=until.error),
    ]
    return Asked(query, fields, search)


def _wrong(query: listing.Query, *names: str) -> dict[str, str]:
    """What is wrong with each text that was cut and each choice that there is not; none of them is in a link."""
    unread = [name for name in names if not query.is_read(name)]
    return {name: query.without(name, _UNREAD.get(name, _NO_TEXT)) for name in unread}


_UNREAD = {"event": "There is no event of this name."}
_NO_TEXT = f"Write at most {listing.MAX_TEXT} characters, and none that nobody can read."


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
