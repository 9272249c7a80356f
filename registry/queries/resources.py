"""What the resources of the API read, where it differs from what people see on a page."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from registry.actors import Viewer
from registry.errors import Finding, InvalidInput, NotFound
from registry.models import Contact, InitialAccessToken, Organization, Quota, Registration
from registry.queries.records import (
    audit_events,
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


def registrations_found(
    viewer: Viewer, *, outcome: str = "", environment: str = "", organization: str = ""
) -> QuerySet[Registration]:
    """Registrations by decision, environment and slug of the organization."""
    exact = {"outcome": outcome, "environment": environment, "organization__slug": organization}
    return registrations(viewer).filter(**{column: value for column, value in exact.items() if value})


def events_about(
    viewer: Viewer,
    *,
    organization: str = "",
    action: str = "",
    subject: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Any:
    """Audit events by exact values; `since` is included, `until` is not."""
    exact = {
        "organization__slug": organization,
        "action": action,
        "subject_id": subject,
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
