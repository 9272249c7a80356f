"""One line for each request: method, name of the address, status, milliseconds, and who it was.

No path and no query: links that work once carry their secret there. The record is made by hand, because finding out
which line of ours logs costs more than all the rest.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

_LOGGER = logging.getLogger("portal.access")
_UNRESOLVED = "unresolved"


def address_of(request: HttpRequest) -> str:
    """The name of the address that was asked for, such as `token` or `staff:queue`; never its path."""
    match = request.resolver_match
    return (match.view_name or _UNRESOLVED) if match else _UNRESOLVED


def write(method: str | None, address: str, status: int, seconds: float, known: Mapping[str, Any]) -> None:
    """Write the line of one answered request; `known` is what portal.trail held at its end."""
    if not _LOGGER.isEnabledFor(logging.INFO):
        return
    record = logging.LogRecord(_LOGGER.name, logging.INFO, "", 0, "request", None, None)
    ms = round(seconds * 1000, 2)
    record.facts = {"method": method, "address": address, "status": status, "ms": ms, **known}
    _LOGGER.handle(record)
