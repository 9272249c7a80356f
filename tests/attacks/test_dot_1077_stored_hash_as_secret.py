"""django-oauth-toolkit #1077: what rests in the database is accepted as if it were the secret itself."""

from typing import Any

import pytest

from registry.models import (
    AccessToken,
    ClientSecret,
    Grant,
    InitialAccessToken,
    RefreshToken,
    RegistrationAccessToken,
    ResourceServer,
)
from tests import world
from tests.live import Live
from tests.portal.protocol.reading import error
from tests.software import Software, code_by_hand, is_active, register, somebody

pytestmark = pytest.mark.usefixtures("live_db")


def with_prefix(resting: str) -> list[str]:
    return [
        resting,
        *(f"{prefix}{resting}" for prefix in ("pcs_", "pri_", "prr_", "prs_", "cat_", "crt_", "sha256$")),
    ]


def test_nothing_that_rests_opens_anything(live_server: Live) -> None:
    acme, server = world.organization(), world.resource_server()
    app = register(live_server, acme)
    token = world.initial_access_token(acme).row
    issued = app.exchange(code_by_hand(app, somebody())).json()
    code_by_hand(app, somebody())
    secret = ClientSecret.objects.get(client__client_id=app.client_id).digest
    for value in with_prefix(secret):
        stolen = Software(live_server, app.information | {"client_secret": value})
        assert error(stolen.refresh(issued["refresh_token"])) == (401, "invalid_client")
    for value in with_prefix(InitialAccessToken.objects.get(pk=token.pk).digest):
        answer = live_server.post("/register", bearer=value, json=world.metadata(acme))
        assert error(answer) == (401, "invalid_token")
    for value in with_prefix(ResourceServer.objects.get(identifier=server[0]).digest):
        answer = live_server.post("/introspect", basic=(server[0], value), form={"token": "x"})
        assert error(answer) == (401, "invalid_client")
    for value in with_prefix(AccessToken.objects.get(organization=acme).token_checksum):
        assert not is_active(live_server, server, value)
    for value in with_prefix(RefreshToken.objects.get(organization=acme).token_checksum):
        assert error(app.refresh(value)) == (400, "invalid_grant")
    for value in with_prefix(Grant.objects.get(organization=acme, spent_at=None).code):
        assert error(app.exchange(value)) == (400, "invalid_grant")


def test_no_value_rests(live_server: Live) -> None:
    acme = world.organization()
    app, token = register(live_server, acme), world.initial_access_token(acme)
    code = code_by_hand(app, somebody())
    issued = app.exchange(code_by_hand(app, somebody())).json()
    rows: list[Any] = [
        *InitialAccessToken.objects.filter(organization=acme).values(),
        *RegistrationAccessToken.objects.filter(client__organization=acme).values(),
        *ClientSecret.objects.filter(client__organization=acme).values(),
        *AccessToken.objects.filter(organization=acme).values(),
        *RefreshToken.objects.filter(organization=acme).values(),
        *Grant.objects.filter(organization=acme).values(),
    ]
    resting = str(rows)
    shown = [
        token.value,
        app.secret,
        app.information["registration_access_token"],
        issued["access_token"],
        issued["refresh_token"],
        code,
    ]
    for value in shown:
        assert value not in resting
        assert value.partition("_")[2] not in resting or "_" not in value
