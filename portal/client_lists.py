"""Lists of clients: what their query string may ask, and the filter bar that shows it. The same in both portals."""

from collections.abc import Mapping
from typing import Any

from portal import listing

Asked = Mapping[str, str]
STATES: listing.Options = (("living", "Living"), *listing.STATE_OPTIONS)


def asked(query: listing.Query) -> dict[str, Any]:
    """What the query string asks for, under the names that `queries.clients_found` takes."""
    return {
        "search": query.text("q"),
        "state": query.choice("state", dict(STATES)),
        "environment": query.choice("environment", dict(listing.ENVIRONMENT_OPTIONS)),
    }


def fields(said: Asked) -> list[listing.Field]:
    return [
        listing.search(said["search"], "Name, client_id, software_id"),
        listing.select("state", "State", said["state"], STATES),
        listing.select("environment", "Environment", said["environment"], listing.ENVIRONMENT_OPTIONS),
    ]
