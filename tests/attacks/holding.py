"""Clients in the hands of whoever holds their registration access token, as the attacks on RFC 7592 need them."""

from typing import Any

from registry import decisions
from registry.models import (
    Client,
    ClientKey,
    ClientSecret,
    Organization,
    Registration,
    RegistrationAccessToken,
)
from registry.states import Environment
from tests import world
from tests.live import Live
from tests.portal.protocol.holder import Manager
from tests.software import register


def reviewed(door: Live, holder: Organization | None = None, **options: Any) -> Manager:
    """A client in production, approved, whose changes of risk wait for one person."""
    holder = holder or world.organization(production_review="one_person")
    software = register(door, holder, environment=Environment.PRODUCTION, **options)
    row = Registration.objects.get(client__client_id=software.client_id)
    decisions.approve(row.pk, actor=world.PAUL, reason="known", now=world.now())
    return Manager(software)


def latest(manager: Manager) -> Registration:
    """The newest request about a client: its registration, or a change of it."""
    return Registration.objects.filter(client=manager.software.row).latest("created_at", "pk")


def everything(client_id: str) -> list[Any]:
    """All that rests of one client and its credentials, but for notes of use."""
    noted = {"first_used_at", "last_used_at"}
    rows = [
        *Client.objects.filter(client_id=client_id).values(),
        *ClientKey.objects.filter(client__client_id=client_id).order_by("pk").values(),
        *ClientSecret.objects.filter(client__client_id=client_id).order_by("pk").values(),
        *RegistrationAccessToken.objects.filter(client__client_id=client_id).order_by("pk").values(),
        *Registration.objects.filter(client__client_id=client_id).order_by("pk").values(),
    ]
    return [{name: value for name, value in row.items() if name not in noted} for row in rows]


def live_tokens(client_id: str) -> int:
    """Registration access tokens of a client that nobody ended; the one in its grace counts."""
    return RegistrationAccessToken.objects.filter(client__client_id=client_id, ended_at=None).count()
