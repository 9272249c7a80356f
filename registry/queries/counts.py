"""Counts: what is live now, how much of a quota is used, who relies on what."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from registry.actors import Viewer
from registry.models import (
    AccessToken,
    Client,
    InitialAccessToken,
    KeyState,
    Quota,
    RefreshToken,
    RegistrationAccessToken,
)
from registry.queries.lists import unused
from registry.queries.records import (
    client,
    clients,
    id_of,
    initial_access_tokens,
    organizations,
    people,
    quotas,
    usable,
)
from registry.states import FINAL_STATES, Environment, Route


@dataclass(frozen=True, slots=True)
class ClientFigures:
    """How many clients there are by state; live ones without use; live ones made by hand."""

    by_state: Mapping[str, int]
    unused: int
    by_hand: int


def client_figures(viewer: Viewer, unused_since: datetime) -> ClientFigures:
    """Two statements, each of which an index answers alone."""
    rows = clients(viewer).order_by()
    by_hand = Count("pk", filter=Q(route=Route.MANUAL) & ~Q(state__in=FINAL_STATES))
    states = list(rows.values("state").annotate(total=Count("pk"), by_hand=by_hand))
    return ClientFigures(
        {row["state"]: row["total"] for row in states},
        rows.filter(unused(unused_since)).count(),
        sum(row["by_hand"] for row in states),
    )


def organizations_by_state(viewer: Viewer) -> Mapping[str, int]:
    """How many organizations are in each state."""
    return dict(organizations(viewer).order_by().values_list("state").annotate(Count("pk")))


_LIVE = ~Q(state__in=FINAL_STATES)


@dataclass(frozen=True, slots=True)
class Reach:
    """What is live now and would stop: of an organization, or of one client."""

    clients: int
    access_tokens: int
    refresh_tokens: int
    registration_access_tokens: int
    initial_access_tokens: int = 0
    people: int = 0


WHOLE = "organization"


def reach(viewer: Viewer, slug: str, now: datetime, environment: str = "") -> Reach:
    """The live belongings of an organization, in both environments or one; people belong to no environment."""
    held, here = id_of(viewer, slug), {"environment": environment} if environment else {}
    signing_in = people(viewer, slug).filter(is_active=True)
    return _reach(
        Client.objects.filter(organization=held, **here),
        now,
        initial_access_tokens=initial_access_tokens(viewer, slug).filter(usable(now), **here).count(),
        people=0 if environment else signing_in.count(),
    )


def reach_by_scope(viewer: Viewer, slug: str, now: datetime) -> Mapping[str, Reach]:
    """The live belongings by what can be contained: `WHOLE`, and each environment."""
    here = {environment.value: reach(viewer, slug, now, environment) for environment in Environment}
    return {WHOLE: reach(viewer, slug, now), **here}


def client_reach(viewer: Viewer, client_id: str, now: datetime) -> Reach:
    """The live belongings of one client."""
    return _reach(Client.objects.filter(pk=client(viewer, client_id).pk), now)


def _reach(holders: QuerySet[Client], now: datetime, **more: int) -> Reach:
    access_tokens = AccessToken.objects.filter(application__in=holders, expires__gt=now)
    refresh_tokens = RefreshToken.objects.filter(
        application__in=holders, revoked=None, absolute_until__gt=now, idle_until__gt=now
    )
    registration_access_tokens = RegistrationAccessToken.objects.filter(client__in=holders, ended_at=None)
    return Reach(
        clients=holders.filter(_LIVE).count(),
        access_tokens=access_tokens.filter(_of_this_epoch("application")).count(),
        refresh_tokens=refresh_tokens.filter(_of_this_epoch("application")).count(),
        registration_access_tokens=registration_access_tokens.filter(_of_this_epoch("client")).count(),
        **more,
    )


def _of_this_epoch(holder: str) -> Q:
    """Issued under the epochs that stand now; `holder` is the column that points to the client."""
    condition = Q()
    for environment in Environment:
        condition |= Q(
            **{
                f"{holder}__environment": environment,
                "organization_epoch": F(f"{holder}__organization__{environment}_epoch"),
            }
        )
    return condition & Q(client_epoch=F(f"{holder}__epoch"))


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """How much of one quota an organization uses in one environment."""

    environment: str
    name: str
    used: int
    limit: int

    @property
    def remaining(self) -> int:
        """What is left; never less than nothing, although a quota may be set below what is held."""
        return max(0, self.limit - self.used)


def quotas_in_use(viewer: Viewer, slug: str, now: datetime) -> QuerySet[Quota]:
    """Quotas with what is used: `clients_used`, `keys_used` by the client with most, `tokens_used`, `hour_used`.

    One statement beside the one that knows the organization.
    """
    here = {"organization": OuterRef("organization"), "environment": OuterRef("environment")}
    held = Client.objects.filter(_LIVE, **here)
    recent = Client.objects.filter(registered_at__gt=now - timedelta(hours=1), **here)
    keyed = held.annotate(number=Count("keys", filter=Q(keys__state=KeyState.ACTIVE))).order_by("-number")
    return quotas(viewer, slug).annotate(
        clients_used=_number(held),
        hour_used=_number(recent),
        tokens_used=_number(InitialAccessToken.objects.filter(usable(now), **here)),
        keys_used=Coalesce(Subquery(keyed.values("number")[:1]), 0),
    )


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("organization").annotate(number=Count("*")).values("number")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


def quota_use(viewer: Viewer, slug: str, now: datetime) -> list[QuotaUse]:
    """Clients, keys of one client, live initial access tokens and registrations of this hour against their quotas."""
    uses = []
    for row in quotas_in_use(viewer, slug, now):
        used: Any = row  # annotated
        uses += [
            QuotaUse(row.environment, "clients", used.clients_used, row.clients),
            QuotaUse(row.environment, "keys of one client", used.keys_used, row.keys_per_client),
            QuotaUse(row.environment, "initial access tokens", used.tokens_used, row.initial_access_tokens),
            QuotaUse(row.environment, "registrations this hour", used.hour_used, row.registrations_per_hour),
        ]
    return uses


def last_used(viewer: Viewer, slug: str) -> datetime | None:
    """When any client of an organization was last used."""
    found: datetime | None = (
        clients(viewer).filter(organization__slug=slug).aggregate(at=Max("last_used_at"))["at"]
    )
    return found


def clients_by_scope(viewer: Viewer, slug: str) -> Mapping[str, int]:
    """How many live clients of an organization may ask for each scope."""
    texts = _live(viewer, slug).values_list("metadata__scope", flat=True)
    return Counter(scope for text in texts if text for scope in set(text.split(" ")))


def clients_by_domain(viewer: Viewer, slug: str, domains: Iterable[str]) -> Mapping[str, int]:
    """How many live clients of an organization have a redirection URI at or under each of these domains."""
    names = list(domains)
    counted: Counter[str] = Counter()
    for uris in _live(viewer, slug).values_list("redirect_uris", flat=True):
        hosts = {urlsplit(uri).hostname or "" for uri in uris.split()}
        counted.update(name for name in names if any(_is_under(host, name) for host in hosts))
    return counted


def _is_under(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _live(viewer: Viewer, slug: str) -> QuerySet[Any, Any]:
    return clients(viewer).filter(_LIVE, organization__slug=slug)
