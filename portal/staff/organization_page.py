"""What every page of one organization shows: who it is, its numbers, what this person may do to it now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.authn import viewer_of
from portal.log import by_day
from portal.permissions import Act, may
from portal.staff.forms import REVIEWS
from registry import access, clock, queries
from registry.queries import OrganizationRow
from registry.states import (
    FINAL_STATES,
    Action,
    Environment,
    OrganizationEvent,
    State,
    organization_state_after,
)

_REVIEWS = dict(REVIEWS)
_CONTAINED = {"sandbox_contained": "sandbox", "production_contained": "production"}


def facts(row: OrganizationRow) -> dict[str, Any]:
    """The organization as templates name its members."""
    number = row.registration_number
    return {
        "slug": row.slug,
        "display_name": row.display_name,
        "legal_name": row.legal_name,
        "legal_identifier": f"LEI {number}" if row.registration_scheme == "lei" else number,
        "country": row.country,
        "website": row.website,
        "state": row.state,
        "contained": contained_environments(row),
        "sandbox_review": _REVIEWS[row.sandbox_review],
        "production_review": _REVIEWS[row.production_review],
        "sponsor_name": str(row.sponsor) if row.sponsor else "",
        "is_operator": row.is_operator,
        "since": row.created_at.date(),
        "contract_end": row.contract_end,
        "cutoff_at": row.cutoff_at,
    }


def contained_environments(row: OrganizationRow) -> list[str]:
    """Environments that are contained by themselves."""
    return [word for column, word in _CONTAINED.items() if getattr(row, column)]


def _allows(row: OrganizationRow, event: OrganizationEvent) -> bool:
    return organization_state_after(row.state, event, before=row.state_before) is not None


def may_now(request: HttpRequest, row: OrganizationRow) -> dict[str, bool]:
    """What this person's role and this organization's state allow together."""
    partly = bool(contained_environments(row))
    return {
        "change": may(request, Act.ONBOARD) and row.state not in FINAL_STATES,
        "submit": may(request, Act.ONBOARD) and _allows(row, OrganizationEvent.SUBMIT),
        "approve": may(request, Act.DECIDE) and _allows(row, OrganizationEvent.APPROVE),
        "contain": may(request, Act.CONTAIN) and _allows(row, OrganizationEvent.CONTAIN),
        "restore": may(request, Act.RESTORE) and (partly or _allows(row, OrganizationEvent.RESTORE)),
        "register_by_hand": may(request, Act.ONBOARD)
        and bool(open_environments(row))
        and not row.is_operator,
        "issue_token": may(request, Act.ISSUE_CREDENTIAL) and bool(open_environments(row)),
    }


def open_environments(row: OrganizationRow) -> list[str]:
    """Environments in which it may register now."""
    return [
        environment.value
        for environment in Environment
        if access.may_organization(access.organization_standing(row, environment), Action.REGISTER).allowed
    ]


def head(request: HttpRequest, slug: str) -> tuple[OrganizationRow, dict[str, Any]]:
    """The row, and the context that every tab shares. Raises NotFound."""
    viewer, now = viewer_of(request), clock.now()
    row = queries.organization(viewer, slug)
    reach = queries.reach(viewer, slug, now)
    domains = queries.proved_domains(viewer, slug).count()
    return row, {
        "organization": facts(row),
        "facts": _strip(row, reach, queries.last_used(viewer, slug)),
        "counts": {"clients": reach.clients, "people": reach.people, "domains": domains},
        "may": may_now(request, row),
        "environments": [environment.value for environment in Environment],
    }


def _strip(row: OrganizationRow, reach: queries.Reach, used: datetime | None) -> list[dict[str, Any]]:
    clients = reverse("staff:organization_clients", args=[row.slug])
    waiting = f"{reverse('staff:queue')}?q={row.slug}"
    return [
        {"term": "Clients", "value": reach.clients, "href": clients},
        {"term": "Live access tokens", "value": reach.access_tokens, "note": "now"},
        {"term": "Initial access tokens", "value": reach.initial_access_tokens, "href": f"{clients}#iat"},
        {"term": "Last used", "value": f"{used:%d %b %Y %H:%M} UTC" if used else "never"},
        {"term": "Cases", "value": "open the queue", "href": waiting},
    ]


def log_days(events: Iterable[Any]) -> list[dict[str, Any]]:
    return by_day(events, event_address)


def event_address(event: Any) -> str:
    return reverse("staff:audit_event", args=[event.id])


def stopped(row: Any) -> str:
    """What stops a client whatever its own state says, or ""."""
    if row.state in FINAL_STATES:
        return ""
    if row.organization.state == State.SUSPENDED:
        return "organization contained"
    contained = row.environment in contained_environments(row.organization)
    return f"{row.environment} contained" if contained else ""


def client_row(row: Any) -> dict[str, Any]:
    """One client for parts/client_rows.html."""
    return {
        "client_id": row.client_id,
        "name": row.name,
        "organization_name": row.organization.display_name,
        "organization_slug": row.organization.slug,
        "state": row.state,
        "stopped": stopped(row),
        "environment": row.environment,
        "route": row.route,
        "key_count": row.keys_total,
        "last_used": row.last_used_at,
        "href": reverse("staff:client", args=[row.client_id]),
    }
