"""CVE-2026-9705 (Keycloak): a registration access token re-opens a client that an administrator stopped."""

from collections.abc import Callable
from typing import Any

import pytest

from registry import lifecycle
from registry.models import Client, ClientSecret, RegistrationAccessToken
from tests import world
from tests.live import Live
from tests.software import machine

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.mark.parametrize(
    ("stop", "status"),
    [
        (lifecycle.suspend_client, 403),
        (lifecycle.revoke_client, 401),
        (lifecycle.deregister_client, 401),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_it_stays_stopped(live_server: Live, stop: Callable[..., Any], status: int, method: str) -> None:
    software = machine(live_server, world.organization())
    stop(software.client_id, actor=world.STAN, reason="stolen", now=world.now())
    before = _everything(software.client_id)
    answer = live_server.request(
        method,
        f"/register/{software.client_id}",
        bearer=software.information["registration_access_token"],
        json=dict(software.information) | {"state": "active", "enabled": True},
    )
    assert answer.status == (status if method in {"GET", "PUT", "DELETE"} else 405)
    assert software.client_id.encode() not in answer.body
    assert _everything(software.client_id) == before


def _everything(client_id: str) -> list[Any]:
    return [
        *Client.objects.filter(client_id=client_id).values(),
        *ClientSecret.objects.filter(client__client_id=client_id).values(),
        *RegistrationAccessToken.objects.filter(client__client_id=client_id).values(),
    ]
