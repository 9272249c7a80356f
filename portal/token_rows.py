"""Initial access tokens as both portals list them: their limits, never their values."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from portal.authn import viewer_of
from portal.permissions import Act, may
from registry import clock, queries
from registry.queries import InitialAccessTokenRow

SHOWN = 100


def listed(request: HttpRequest, slug: str, end: Act = Act.END_CREDENTIAL) -> list[dict[str, Any]]:
    """The newest initial access tokens of an organization; `end` is the act by which one is revoked here."""
    viewer, now = viewer_of(request), clock.now()
    rows = list(queries.initial_access_tokens(viewer, slug)[:SHOWN])
    names = queries.actor_names(viewer, [row.created_by for row in rows])
    may_end = may(request, end)
    return [_shown(row, names[row.created_by], state(row, now), may_end=may_end) for row in rows]


def _shown(row: InitialAccessTokenRow, created_by: str, word: str, *, may_end: bool) -> dict[str, Any]:
    return {
        "id": row.pk,
        "hint": row.hint,
        "environment": row.environment,
        "state": word,
        "uses_left": row.max_uses - row.uses,
        "max_uses": row.max_uses,
        "expires_at": row.expires_at,
        "created_by": created_by,
        "restrictions": restrictions(row),
        "may_revoke": may_end and word == "usable",
    }


def state(row: InitialAccessTokenRow, now: datetime) -> str:
    """The word for where a token stands: one that was cut off by a containment is revoked."""
    epoch = getattr(row.organization, f"{row.environment}_epoch")
    if row.end_reason == "expired" or (row.ended_at is None and now >= row.expires_at):
        return "expired"
    if row.ended_at is not None or row.organization_epoch != epoch:
        return "revoked"
    return "spent" if row.uses >= row.max_uses else "usable"


def restrictions(row: Any) -> Sequence[str]:
    """What an initial access token is bound to besides its organization, in words."""
    bound = [f"role {role}" for role in row.roles or ()]
    bound += list(row.allowed_hosts or ())
    return [*bound, f"software_id {row.software_id}"] if row.software_id else bound
