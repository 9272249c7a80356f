"""People as both portals list them: role, factor, last sign-in, and whether their access can be ended."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from portal.shell import ROLE_WORDS
from registry.actors import Actor
from registry.people import is_last_administrator
from registry.roles import Role

Address = Callable[[UUID], str]


def people_rows(
    found: Iterable[Any], reader: Actor, ends: Address | None, roles: Address | None = None
) -> list[dict[str, Any]]:
    """For parts/people_table.html; `ends` gives the address of the act, None where this reader may not end any.

    roles  gives the address where a person's role is changed, None likewise
    """
    listed = list(found)
    return [_row(person, listed, reader, ends, roles) for person in listed]


def _row(
    person: Any, listed: list[Any], reader: Actor, ends: Address | None, roles: Address | None
) -> dict[str, Any]:
    kept = _why_kept(person, listed, reader)
    return {
        "name": str(person),
        "email": person.email,
        "role_word": ROLE_WORDS[Role(person.role)],
        "factor": _factor(person.factors),
        "last_sign_in": person.last_login,
        "since": person.date_joined.date(),
        "state_word": "" if person.is_active else "access ended",
        "kept": kept,
        "role_href": roles(person.pk) if roles and person.is_active else "",
        "end_href": ends(person.pk) if ends and person.is_active and not kept else "",
    }


def _why_kept(person: Any, listed: list[Any], reader: Actor) -> str:
    """Why nobody, or not this reader, ends their access."""
    if is_last_administrator(person, listed, reader):
        return "the last administrator"
    return "you" if str(person.pk) == reader.id else ""


def _factor(count: int) -> dict[str, str]:
    return {"outcome": "pass", "text": "code"} if count else {"outcome": "warn", "text": "password only"}
