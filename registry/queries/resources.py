"""What the resources of the API read, where it differs from what people see on a page."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from registry.actors import Viewer
from registry.errors import Finding, InvalidInput, NotFound
from registry.models import (
    Client,
    ClientKey,
    Contact,
    InitialAccessToken,
    Organization,
    Quota,
    Registration,
)
from registry.queries.lists import clients_found, organizations_found
from registry.queries.records import (
    audit_events,
    clients,
    initial_access_tokens,
    organizations,
    registrations,
    staff,
)


def organization_in_full(viewer: Viewer, slug: str) -> Organization:
    """An organization with its contacts and quotas. Three statements. Raises NotFound."""
    parts = (
        Prefetch("contacts", Contact.objects.order_by("kind")),
        Prefetch("quotas", Quota.objects.order_by("-environment")),
    )
    found = organizations(viewer).prefetch_related(*parts).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such organization.")
    return found


def initial_access_token(viewer: Viewer, slug: str, token_id: UUID) -> InitialAccessToken:
    """One initial access token of an organization. Raises NotFound."""
    rows = initial_access_tokens(viewer, slug).select_related("organization")
    found = rows.filter(pk=token_id).first()
    if found is None:
        raise NotFound("There is no such initial access token.")
    return found


def organizations_listed(
    viewer: Viewer, *, search: str = "", state: str = "", **exact: str
) -> QuerySet[Organization]:
    """Organizations as people find them, and by exact country, registration scheme and number."""
    return organizations_found(viewer, search=search, state=state).filter(**exact)


def organizations_named(viewer: Viewer, slugs: Collection[str]) -> Mapping[str, Organization]:
    """Organizations by slug; those that are not there, or not the viewer's, are left out. One statement."""
    return {row.slug: row for row in organizations(viewer).filter(slug__in=slugs)}


def clients_listed(
    viewer: Viewer, *, key: str = "", software_id: str = "", **wanted: Any
) -> QuerySet[Client]:
    """Clients as people find them, and by exact software_id and by the thumbprint of a key, whatever its state."""
    rows = clients_found(viewer, **wanted)
    if software_id:
        rows = rows.filter(software_id=software_id)
    if key:
        rows = rows.filter(pk__in=ClientKey.objects.filter(thumbprint=key).values("client"))
    return rows


def clients_named(viewer: Viewer, client_ids: Collection[str]) -> Mapping[str, Client]:
    """Clients by client_id; those that are not there, or not the viewer's, are left out. One statement."""
    return {row.client_id: row for row in clients(viewer).filter(client_id__in=client_ids)}


def registrations_found(
    viewer: Viewer,
    *,
    outcome: str = "",
    environment: str = "",
    organization: str = "",
    client_id: str = "",
    route: str = "",
    decided_from: datetime | None = None,
    decided_to: datetime | None = None,
) -> QuerySet[Registration]:
    """Registrations by exact values; `decided_from` is included, `decided_to` is not."""
    exact = {
        "outcome": outcome,
        "environment": environment,
        "organization__slug": organization,
        "client__client_id": client_id,
        "route": route,
        "decided_at__gte": decided_from,
        "decided_at__lt": decided_to,
    }
    return registrations(viewer).filter(**{column: value for column, value in exact.items() if value})


def events_about(
    viewer: Viewer,
    *,
    organization: str = "",
    action: str = "",
    subject: str = "",
    actor: str = "",
    request_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    """Audit events by exact values; `since` is included, `until` is not."""
    exact = {
        "organization__slug": organization,
        "action": action,
        "subject_id": subject,
        "actor_id": actor,
        "request_id": request_id,
        "at__gte": since,
        "at__lt": until,
    }
    return audit_events(viewer, **{column: value for column, value in exact.items() if value})


def staff_id(viewer: Viewer, email: str) -> UUID:
    """The person of the operator with this e-mail address. Raises InvalidInput when there is none."""
    found = staff(viewer).filter(email=email.lower()).values_list("pk", flat=True).first()
    if found is None:
        finding = Finding(
            "sponsor", "is nobody of the operator", "Name a staff person.", "api.sponsor", "product"
        )
        raise InvalidInput(findings=[finding])
    return found
