"""What of an audit event is hashed: one JSON document, and the leaf hash over its canonical bytes.

The document has one member for each column of the event but its digest, under the column's name:

id, organization     lower case UUIDs
at                   UTC to the microsecond, `2026-11-24T10:00:00.000000Z`
before, after        null, or the object as it was written; numbers that are no safe integers stand as text
once                 null, or text
all others           text

A column that is added later enters the document only where it is not NULL, so that no leaf of the past changes.
The verifier (`portal.auditor`) knows this format by itself.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from registry import canonical_json, merkle
from registry.canonical_json import LARGEST_INTEGER, NotCanonical

_AS_THEY_ARE = (
    "action",
    "environment",
    "subject_kind",
    "subject_id",
    "actor_kind",
    "actor_id",
    "actor_label",
    "reason",
    "before",
    "after",
    "request_id",
    "policy_version",
    "once",
)
COLUMNS = ("id", "at", "organization_id", *_AS_THEY_ARE)


def document(row: Mapping[str, Any]) -> dict[str, Any]:
    """The document of an event, given as its columns."""
    members = {name: row[name] for name in _AS_THEY_ARE}
    members["id"] = str(row["id"])
    members["organization"] = str(row["organization_id"])
    members["at"] = instant(row["at"])
    return members


def leaf_hash(written: Mapping[str, Any]) -> bytes:
    """The RFC 9162 leaf hash over the canonical bytes of a document. Raises NotCanonical."""
    return merkle.leaf_hash(canonical_json.encode(written))


def instant(at: datetime) -> str:
    """An instant as the document spells it."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def facts(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`before` or `after` in the form that a jsonb column gives back unchanged.

    Instants, dates, identifiers, fractions and integers beyond 2^53 become text (RFC 8785 Appendix D).
    Raises NotCanonical for what has no such form: other types, names that are not text, U+0000, half surrogates.
    """
    return None if value is None else _object(value)


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {_name(name): _fact(item) for name, item in value.items()}


def _name(name: Any) -> str:
    if not isinstance(name, str):
        raise NotCanonical("a name is not text")
    return _characters(name)


def _fact(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _characters(str(value))
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list | tuple):
        return [_fact(item) for item in value]
    return _scalar(value)


def _scalar(value: Any) -> int | str:
    if isinstance(value, int):
        return value if abs(value) <= LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return canonical_json.number(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise NotCanonical(f"a {type(value).__name__} is not JSON")


def _characters(text: str) -> str:
    if "\0" in text:
        raise NotCanonical("text holds U+0000")
    return text
