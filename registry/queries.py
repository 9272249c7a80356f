"""The read side. Every function takes who reads first and returns only what that viewer may see."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, QuerySet

from registry import audit
from registry.actors import Viewer
from registry.errors import NotFound
from registry.events import Event
from registry.models import (
    Client,
    Entitlement,
    InitialAccessToken,
    Organization,
    Outcome,
    ProvedDomain,
    Quota,
    Registration,
    User,
)
from registry.states import State


def operator_id() -> UUID:
    """The operator's own organization, which carries the acts of the whole operator."""
    return Organization.objects.values_list("pk", flat=True).get(slug=settings.REGISTRY.operator_slug)


def operator_organization() -> Organization:
    """The operator's own organization, as a row."""
    return Organization.objects.get(slug=settings.REGISTRY.operator_slug)


def _visible(viewer: Viewer, column: str) -> Q:
    """The condition that limits a query to what a viewer may see; nothing at all for everybody else."""
    if viewer.sees_everything:
        return Q()
    if viewer.organization_id is not None:
        return Q(**{column: viewer.organization_id})
    return Q(pk__in=[])


def organizations(viewer: Viewer) -> QuerySet[Organization]:
    return (
        Organization.objects.filter(_visible(viewer, "pk"))
        .select_related("sponsor")
        .annotate(clients_total=Count("clients", filter=~Q(clients__state__in=[State.REVOKED, State.OFFBOARDED])))
        .order_by("display_name", "pk")
    )


def organization(viewer: Viewer, slug: str) -> Organization:
    """Raises NotFound, the same for one that is not there and one that is not the viewer's."""
    found = organizations(viewer).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such organization.")
    return found


def entitlements(viewer: Viewer, slug: str) -> QuerySet[Entitlement]:
    return organization(viewer, slug).entitlements.order_by("role")


def quotas(viewer: Viewer, slug: str) -> QuerySet[Quota]:
    return organization(viewer, slug).quotas.order_by("-environment")


def proved_domains(viewer: Viewer, slug: str) -> QuerySet[ProvedDomain]:
    return organization(viewer, slug).proved_domains.filter(ended_at=None).order_by("domain")


def people(viewer: Viewer, slug: str) -> QuerySet[User]:
    return organization(viewer, slug).people.order_by("name")


def initial_access_tokens(viewer: Viewer, slug: str) -> QuerySet[InitialAccessToken]:
    return organization(viewer, slug).initial_access_tokens.order_by("-created_at", "-pk")


def clients(viewer: Viewer) -> QuerySet[Client]:
    return (
        Client.objects.filter(_visible(viewer, "organization_id"))
        .select_related("organization")
        .order_by("-registered_at", "-pk")
    )


def client(viewer: Viewer, client_id: str) -> Client:
    """Raises NotFound, the same for one that is not there and one that is not the viewer's."""
    found = clients(viewer).filter(client_id=client_id).first() if "\x00" not in client_id else None
    if found is None:
        raise NotFound("There is no such client.")
    return found


def registrations(viewer: Viewer) -> QuerySet[Registration]:
    return (
        Registration.objects.filter(_visible(viewer, "organization_id"))
        .select_related("organization", "client", "initial_access_token")
        .order_by("-id")
    )


def registration(viewer: Viewer, registration_id: UUID) -> Registration:
    found = registrations(viewer).filter(pk=registration_id).first()
    if found is None:
        raise NotFound("There is no such registration.")
    return found


def waiting(viewer: Viewer) -> QuerySet[Registration]:
    """Registrations that nobody decided yet, oldest first."""
    return registrations(viewer).filter(outcome=Outcome.PENDING).order_by("id")


def audit_events(viewer: Viewer, **conditions: Any) -> Any:
    """Audit events, newest first, with their organization."""
    return (
        audit.history(**conditions).filter(_visible(viewer, "organization_id")).select_related("organization")
    )


def refused_registrations(viewer: Viewer) -> Any:
    """Refused registration requests: they left nothing behind but these events."""
    return audit_events(viewer, action=Event.REGISTRATION_REFUSED)


def counts_by_state(viewer: Viewer, subject: str) -> dict[str, int]:
    """How many organizations, or clients, are in each state."""
    rows = {"organizations": Organization.objects, "clients": Client.objects}[subject]
    column = {"organizations": "pk", "clients": "organization_id"}[subject]
    found = rows.filter(_visible(viewer, column)).values_list("state").annotate(Count("pk")).order_by("state")
    return dict(found)


def expiring_initial_access_tokens(viewer: Viewer, now: datetime) -> QuerySet[InitialAccessToken]:
    """Live ones that end within two days."""
    return (
        InitialAccessToken.objects.filter(_visible(viewer, "organization_id"))
        .filter(ended_at=None, expires_at__gt=now, expires_at__lt=now + timedelta(days=2))
        .select_related("organization")
        .order_by("expires_at")
    )


def database_answers() -> bool:
    """True, or Django's OperationalError when PostgreSQL cannot be reached."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)
