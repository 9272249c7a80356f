"""Which endpoint of the protocol leaves which event: one for what changes something, none for what only asks.

An endpoint that is not in the table fails: whoever adds one decides what it leaves.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from portal.protocol.urls import urlpatterns
from registry import queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import User
from registry.roles import Role
from tests import world
from tests.live import Answer
from tests.software import InProcess, Software, code_by_hand

pytestmark = pytest.mark.django_db


class Cast:
    """What every request of the table may use."""

    def __init__(self, door: InProcess, app: Software, batch: Software, user: User) -> None:
        self.door, self.app, self.batch, self.user = door, app, batch, user
        self.server = world.resource_server()
        self.token = world.initial_access_token(app.row.organization).value
        self.value = batch.token().json()["access_token"]
        self.issued = app.exchange(code_by_hand(app, user)).json()
        self.code = code_by_hand(app, user)

    def configure(self, method: str, **document: Any) -> Answer:
        app = self.app
        value = app.information["registration_access_token"]
        return self.door.request(method, f"/register/{app.client_id}", bearer=value, json=document)


Ask = Callable[[Cast], Answer]
TABLE: list[tuple[str, Ask, int, list[Event]]] = [
    ("metadata", lambda c: c.door.get("/.well-known/oauth-authorization-server"), 200, []),
    ("live", lambda c: c.door.get("/healthz/live"), 200, []),
    ("ready", lambda c: c.door.get("/healthz/ready"), 200, []),
    (
        "register",
        lambda c: c.door.post("/register", bearer=c.token, json=world.machine_metadata()),
        201,
        [Event.REGISTRATION_GRANTED],
    ),
    (
        "register",
        lambda c: c.door.post("/register", bearer=c.token, json={"scope": "admin"}),
        400,
        [Event.REGISTRATION_REFUSED],
    ),
    ("register", lambda c: c.door.post("/register", json={}), 401, [Event.REGISTRATION_REFUSED]),
    (
        "client_configuration",
        lambda c: c.door.get(f"/register/{c.app.client_id}"),
        401,
        [Event.CHANGE_REFUSED],
    ),
    ("client_configuration", lambda c: c.configure("GET"), 200, []),
    (
        "client_configuration",
        lambda c: c.configure("PUT", client_id=c.app.client_id, scope="admin"),
        400,
        [Event.CHANGE_REFUSED],
    ),
    (
        "client_configuration",
        lambda c: c.configure("PUT", **c.app.information | {"client_name": "Ledger 2"}),
        200,
        [Event.CHANGE_APPLIED, Event.REGISTRATION_ACCESS_TOKEN_ROTATED],
    ),
    ("client_configuration", lambda c: c.configure("DELETE"), 204, [Event.CLIENT_DEREGISTERED]),
    ("token", lambda c: c.batch.token(), 200, []),
    ("token", lambda c: c.app.exchange(c.code), 200, []),
    ("token", lambda c: c.app.refresh(c.issued["refresh_token"]), 200, []),
    ("token", lambda c: c.batch.token(scope="admin"), 400, []),
    (
        "token",
        lambda c: c.door.post(
            "/token", basic=(c.app.client_id, "x"), form={"grant_type": "refresh_token", "refresh_token": "x"}
        ),
        401,
        [Event.CLIENT_AUTHENTICATION_REFUSED],
    ),
    ("introspect", lambda c: c.door.post("/introspect", basic=c.server, form={"token": c.value}), 200, []),
    (
        "introspect",
        lambda c: c.door.post("/introspect", basic=(c.server[0], "x"), form={"token": c.value}),
        401,
        [Event.RESOURCE_SERVER_AUTHENTICATION_REFUSED],
    ),
    ("revoke", lambda c: c.batch.revoke(c.value), 200, [Event.TOKEN_REVOKED]),
    ("revoke", lambda c: c.app.revoke(c.issued["refresh_token"]), 200, [Event.TOKEN_REVOKED]),
    ("revoke", lambda c: c.batch.revoke("cat_unknown"), 200, []),
    ("authorize", lambda c: c.door.get("/authorize/"), 400, []),
    ("logo", lambda c: c.door.get("/logos/none.png"), 404, []),
]


def told() -> Counter[str]:
    return Counter(queries.audit_events(Viewer(Role.AUDITOR, None)).values_list("action", flat=True))


@pytest.mark.parametrize(
    ("name", "ask", "status", "events"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_leaves_its_events(
    door: InProcess,
    app: Software,
    batch: Software,
    user: User,
    name: str,
    ask: Ask,
    status: int,
    events: list[Event],
) -> None:
    cast = Cast(door, app, batch, user)
    before = told()
    assert ask(cast).status == status
    assert told() - before == Counter(event.value for event in events)


def test_the_table_knows_every_endpoint() -> None:
    """Consent leaves its event in `test_authorize`, which needs a person."""
    assert {name for name, *_ in TABLE} == {pattern.name for pattern in urlpatterns}
