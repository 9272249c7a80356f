"""A change of a client as pages show it: lines that come and go, beside what other clients of the organization do."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from portal.client_page import members
from portal.listing import counted

Document = Mapping[str, Any]


def diff(before: Document, after: Document, others: Sequence[Document]) -> dict[str, Any]:
    """`changes` and `unchanged` of parts/diff.html; `others` are the metadata that make the norm."""
    names = sorted(before.keys() | after.keys())
    changed = [name for name in names if before.get(name) != after.get(name)]
    same = {name: after[name] for name in names if name not in changed}
    return {
        "changes": [_change(name, before, after, others) for name in changed],
        "unchanged": members(same),
    }


def _change(name: str, before: Document, after: Document, others: Sequence[Document]) -> dict[str, Any]:
    old, new = lines(before.get(name)), lines(after.get(name))
    return {
        "member": name,
        "same": [line for line in new if line in old],
        "removed": [line for line in old if line not in new],
        "added": [line for line in new if line not in old],
        "norm": norm(name, before, after, others),
    }


def lines(value: Any) -> list[str]:
    """One line for each thing that a member lists; none for a member that is not there."""
    if value is None:
        return []
    if isinstance(value, Mapping) and "keys" in value:
        value = value["keys"]
    return [_line(one) for one in (value if isinstance(value, list) else [value])]


def _line(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def norm(name: str, before: Document, after: Document, others: Sequence[Document]) -> dict[str, str] | None:
    """How many of the others have all that a change adds; None where there is no other, or nothing is added.

    Keys belong to one client each (K2), and have no norm.
    """
    wanted = _compared(name, after) - _compared(name, before)
    if not others or not wanted or name == "jwks":
        return None
    like = sum(wanted <= _compared(name, other) for other in others)
    what = "host" if name == "redirect_uris" else "value"
    return {
        "outcome": "pass" if like else "warn",
        "word": "Known here" if like else "New here",
        "note": f"{like} of {counted(len(others), 'other client')} "
        f"{'uses' if like == 1 else 'use'} this {what}",
    }


def _compared(name: str, document: Document) -> set[str]:
    """What is alike in two clients: hosts of redirection URIs, single scopes, else whole lines."""
    found = lines(document.get(name))
    if name == "redirect_uris":
        return {urlsplit(uri).netloc or urlsplit(uri).scheme for uri in found}
    return {part for line in found for part in line.split()} if name == "scope" else set(found)
