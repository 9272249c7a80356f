"""Clients as the partner portal lists them."""

from typing import Any

from portal.client_page import HEALTH
from portal.partner.guard import stops_here
from registry import access
from registry.queries import ClientRow
from registry.states import Action, State


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
    if row.state not in {State.ACTIVE, State.RESTRICTED, State.PENDING}:
        return HEALTH.get(row.state, "not known")
    if stops_here(row.organization, row.environment):
        return f"stopped: contained in {row.environment}"
    standing = access.organization_standing(row.organization, row.environment)
    if not access.may_organization(standing, Action.ISSUE).allowed:
        return "gets no token: the organization may not act here now"
    return HEALTH[row.state]
