"""What is known of the request or task under way, for every line that it writes into the log.

It begins with an id; whoever finds out who acts adds it. It never holds a credential.
"""

from typing import Any

from structlog import contextvars


def begin(**facts: str) -> None:
    """Forget the request before, which ran in the same thread, and begin with these facts."""
    contextvars.clear_contextvars()
    contextvars.bind_contextvars(**facts)


def know(**facts: str) -> None:
    """Add what has been found out, such as `client` and `organization`."""
    contextvars.bind_contextvars(**facts)


def end() -> dict[str, Any]:
    """All that was known; nothing of it is in the next lines."""
    known = contextvars.get_contextvars()
    contextvars.clear_contextvars()
    return known
