"""The records themselves: each list and each single row, as far as the viewer may see it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from registry import audit
from registry.actors import Viewer
from registry.errors import NotFound
from registry.events import Event
from registry.models import (
    Client,
    ClientKey,
    ClientSecret,
    Contact,
    DomainChallenge,
    Entitlement,
    InitialAccessToken,
    Invitation,
    ManualException,
    Organization,
    Outcome,
    ProvedDomain,
    Quota,
    Registration,
    RegistrationAccessToken,
    User,
)
from registry.queries.visibility import number_of, visible
from registry.roles import STAFF_ROLES
from registry.states import FINAL_STATES, Environment


def organizations(viewer: Viewer) -> QuerySet[Organization]:
    return (
        Organization.objects.filter(visible(viewer, "pk"))
        .select_related("sponsor")
        .annotate(clients_total=number_of(Client.objects.exclude(state__in=FINAL_STATES), "organization"))
        .order_by("display_name", "pk")
    )


def organization(viewer: Viewer, slug: str) -> Organization:
    """Raises NotFound, the same for one that is not there and one that is not the viewer's."""
    found = organizations(viewer).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such organization.")
    return found


def id_of(viewer: Viewer, slug: str) -> UUID:
    """Raises NotFound as `organization` does, and reads no more than it needs."""
    found = Organization.objects.filter(visible(viewer, "pk"), slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound("There is no such organization.")
    return found


def entitlements(viewer: Viewer, slug: str) -> QuerySet[Entitlement]:
    return Entitlement.objects.filter(organization=id_of(viewer, slug)).order_by("role")


def quotas(viewer: Viewer, slug: str) -> QuerySet[Quota]:
    return Quota.objects.filter(organization=id_of(viewer, slug)).order_by("-environment")


def proved_domains(viewer: Viewer, slug: str) -> QuerySet[ProvedDomain]:
    return ProvedDomain.objects.filter(organization=id_of(viewer, slug), ended_at=None).order_by("domain")


def domain_challenges(viewer: Viewer, slug: str, now: datetime) -> QuerySet[DomainChallenge]:
    """Proofs that were begun and may still be finished."""
    still = DomainChallenge.objects.filter(ended_at=None, expires_at__gt=now)
    return still.filter(organization=id_of(viewer, slug)).select_related("organization").order_by("domain")


def contacts(viewer: Viewer, slug: str) -> QuerySet[Contact]:
    return Contact.objects.filter(organization=id_of(viewer, slug)).order_by("kind")


def people(viewer: Viewer, slug: str) -> QuerySet[User, User]:
    """People of an organization; `factors` counts their second factors."""
    return (
        User.objects.filter(organization=id_of(viewer, slug))
        .annotate(factors=Count("authenticator"))
        .order_by("name")
    )


def invitations(viewer: Viewer, slug: str, now: datetime) -> QuerySet[Invitation]:
    """Invitations that were not accepted and have not ended."""
    rows = Invitation.objects.filter(organization=id_of(viewer, slug), accepted_at=None, expires_at__gt=now)
    return rows.order_by("expires_at")


def staff_invitations(viewer: Viewer, now: datetime) -> QuerySet[Invitation]:
    """Invitations to the operator's own staff that were not accepted and have not ended."""
    rows = Invitation.objects.filter(role__in=STAFF_ROLES, accepted_at=None, expires_at__gt=now)
    return (rows if viewer.sees_everything else rows.none()).order_by("expires_at")


def staff(viewer: Viewer) -> QuerySet[User, User]:
    """The operator's own people; nobody for a partner."""
    rows = User.objects.filter(role__in=STAFF_ROLES) if viewer.sees_everything else User.objects.none()
    return rows.annotate(factors=Count("authenticator")).order_by("name")


def initial_access_tokens(viewer: Viewer, slug: str) -> QuerySet[InitialAccessToken]:
    rows = InitialAccessToken.objects.filter(organization=id_of(viewer, slug)).select_related("organization")
    return rows.order_by("-created_at", "-pk")


def usable(now: datetime) -> Q:
    """The condition of an initial access token that can be spent: live, uses left, not cut off."""
    uncut = Q()
    for environment in Environment:
        epoch = F(f"organization__{environment}_epoch")
        uncut |= Q(environment=environment, organization_epoch=epoch)
    return uncut & Q(ended_at=None, expires_at__gt=now, uses__lt=F("max_uses"))


def clients(viewer: Viewer) -> QuerySet[Client]:
    return (
        Client.objects.filter(visible(viewer, "organization_id"))
        .select_related("organization")
        .order_by("-registered_at", "-pk")
    )


def client(viewer: Viewer, client_id: str) -> Client:
    """Raises NotFound, the same for one that is not there and one that is not the viewer's."""
    found = clients(viewer).filter(client_id=client_id).first() if "\x00" not in client_id else None
    if found is None:
        raise NotFound("There is no such client.")
    return found


def manual_exception(viewer: Viewer, client_id: str) -> ManualException | None:
    """The exception under which a client stands now; None where there is none, or it is over."""
    rows = ManualException.objects.filter(client=client(viewer, client_id), ended_at=None)
    return rows.select_related("sponsor").first()


def exceptions_ending(viewer: Viewer, now: datetime, within: timedelta) -> QuerySet[ManualException]:
    """Living exceptions whose clients expire soon, or have expired and wait for somebody; the first end first."""
    rows = ManualException.objects.filter(ended_at=None, client__valid_until__lt=now + within)
    seen = rows.filter(visible(viewer, "client__organization_id")).exclude(client__state__in=FINAL_STATES)
    return seen.select_related("client__organization").order_by("client__valid_until")


def keys(viewer: Viewer, client_id: str) -> QuerySet[ClientKey]:
    return client(viewer, client_id).keys.order_by("-created_at", "kid")


def secrets(viewer: Viewer, client_id: str) -> QuerySet[ClientSecret]:
    """Rows of client secrets, never their values: those rest as digests."""
    return client(viewer, client_id).secrets.order_by("-created_at")


def registration_access_tokens(viewer: Viewer, client_id: str) -> QuerySet[RegistrationAccessToken]:
    return client(viewer, client_id).registration_access_tokens.order_by("-created_at")


def registrations(viewer: Viewer) -> QuerySet[Registration]:
    return (
        Registration.objects.filter(visible(viewer, "organization_id"))
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
    return registrations(viewer).filter(outcome=Outcome.PENDING).order_by("created_at", "id")


def waiting_beside(viewer: Viewer, row: Registration) -> tuple[Registration | None, Registration | None]:
    """The waiting registrations after and before one, as `waiting` orders them: by an index that knows who waits."""
    later = Q(created_at__gte=row.created_at) & (Q(created_at__gt=row.created_at) | Q(id__gt=row.pk))
    earlier = Q(created_at__lte=row.created_at) & (Q(created_at__lt=row.created_at) | Q(id__lt=row.pk))
    rows = waiting(viewer)
    return rows.filter(later).first(), rows.filter(earlier).last()


def audit_events(viewer: Viewer, **conditions: Any) -> Any:
    """Audit events, newest first, with their organization."""
    return (
        audit.history(**conditions).filter(visible(viewer, "organization_id")).select_related("organization")
    )


def refused_registrations(viewer: Viewer) -> Any:
    """Refused registration requests: they left nothing behind but these events."""
    return audit_events(viewer, action=Event.REGISTRATION_REFUSED)


def expiring_initial_access_tokens(viewer: Viewer, now: datetime) -> QuerySet[InitialAccessToken]:
    """Live ones that end within two days and have uses left."""
    return (
        InitialAccessToken.objects.filter(visible(viewer, "organization_id"))
        .filter(usable(now), expires_at__lt=now + timedelta(days=2))
        .select_related("organization")
        .order_by("expires_at")
    )


def actor_names(viewer: Viewer, names: Iterable[str]) -> Mapping[str, str]:
    """What people read in place of names such as `person:7f…` in columns; the name itself where none is known.

    Partners read no names of the operator's people.
    """
    wanted = set(names)
    ids = [
        part
        for kind, _, part in (name.partition(":") for name in wanted)
        if kind == "person" and _is_uuid(part)
    ]
    found = User.objects.filter(visible(viewer, "organization_id"), pk__in=ids)
    known = {f"person:{user.pk}": str(user) for user in found}
    return {name: known.get(name, name.partition(":")[2] or name) for name in wanted}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def database_answers() -> bool:
    """True, or Django's OperationalError when PostgreSQL cannot be reached."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))
