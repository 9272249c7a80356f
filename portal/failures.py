"""What each operation answers while something that it stands on is lost: the one table.

A test takes PostgreSQL, the broker and the mail server away and walks it (tests/journeys/test_operation_failures.py).
Nothing fails open: whatever PostgreSQL decides is unavailable without it, never allowed, and never a 401, on which
clients throw their tokens away. The broker carries no decision, so that its loss changes no answer.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Fate(StrEnum):
    """What becomes of a request.

    AS_EVER      answered as ever: from the database, or without need of what is lost
    UNAVAILABLE  503 with Retry-After, in the form that callers of the path read
    REFUSED      refused in words on the page that asked; nothing was done
    """

    AS_EVER = "as ever"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"


class Without(NamedTuple):
    """The fate of one operation without each dependency."""

    database: Fate
    broker: Fate
    mail: Fate


RETRY_AFTER_SECONDS = 5
STOPPED_RETRY_AFTER_SECONDS = 60  # while the stop switch is thrown

_NEEDS_NOTHING = Without(database=Fate.AS_EVER, broker=Fate.AS_EVER, mail=Fate.AS_EVER)
_NEEDS_THE_DATABASE = Without(database=Fate.UNAVAILABLE, broker=Fate.AS_EVER, mail=Fate.AS_EVER)
_NEEDS_MAIL_TOO = Without(database=Fate.UNAVAILABLE, broker=Fate.AS_EVER, mail=Fate.REFUSED)

# Names of addresses (urls.py); "api" and "portal" stand for all of their kind.
FATES: Mapping[str, Without] = {
    "live": _NEEDS_NOTHING,
    "metadata": _NEEDS_NOTHING,
    "client_configuration": _NEEDS_THE_DATABASE,
    "ready": _NEEDS_THE_DATABASE,
    "revoke": _NEEDS_THE_DATABASE,
    "introspect": _NEEDS_THE_DATABASE,
    "token": _NEEDS_THE_DATABASE,
    "register": _NEEDS_THE_DATABASE,
    "authorize": _NEEDS_THE_DATABASE,
    "logo": _NEEDS_THE_DATABASE,
    "account_login": _NEEDS_THE_DATABASE,
    "api": _NEEDS_THE_DATABASE,
    "organization_contain": _NEEDS_THE_DATABASE,
    "portal": _NEEDS_THE_DATABASE,
    "organization_people": _NEEDS_MAIL_TOO,
}
