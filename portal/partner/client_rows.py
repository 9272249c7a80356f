"""Clients as the partner portal lists them."""

from typing import Any

from portal.client_page import HEALTH
from registry.queries import ClientRow
from registry.states import State


def client_row(row: ClientRow) -> dict[str, Any]:
    """One client for partner/clients/table.html."""
    return {
        "client_id": row.client_id,
        "name": row.name,
        "state": row.state,
        "environment": row.environment,
        "health": health(row),
        "last_used": row.last_used_at,
    }


def health(row: ClientRow) -> str:
    """One sentence; says no reason that would help an attacker."""
    if row.state == State.ACTIVE and row.organization.state == State.SUSPENDED:
        return "gets no token: the organization is suspended"
    return HEALTH.get(row.state, "not known")
