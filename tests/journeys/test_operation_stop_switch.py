"""The officer throws the switch: from the next request on nothing is issued, and everything that stops goes on."""

from collections.abc import Iterator
from typing import Any

import pytest

from registry import issuance
from registry.roles import Role
from tests import world
from tests.live import Answer, Live
from tests.portal.signed_in import as_role

pytestmark = pytest.mark.usefixtures("live_db")
FORM = {"grant_type": "client_credentials"}


@pytest.fixture
def software(live_server: Live) -> tuple[str, str]:
    iat = world.initial_access_token(world.organization()).value
    made = live_server.post("/register", bearer=iat, json=world.machine_metadata()).json()
    return made["client_id"], made["client_secret"]


@pytest.fixture
def _resumed(live_db: None) -> Iterator[None]:
    """This database keeps what is committed: whatever happens, the switch is turned back."""
    yield
    if issuance.stopped() is not None:
        issuance.resume_issuing(actor=world.PAUL, reason="the test is over", now=world.now())


def _paused(answer: Answer) -> bool:
    told: Any = answer.json()
    return (answer.status, answer.headers["Retry-After"], told["error"]) == (
        503,
        "60",
        "temporarily_unavailable",
    )


@pytest.mark.usefixtures("_resumed")
def test_nothing_is_issued_and_everything_that_stops_goes_on(
    live_server: Live, software: tuple[str, str]
) -> None:
    iat, server = world.initial_access_token(world.organization()).value, world.resource_server()
    value = live_server.post("/token", basic=software, form=FORM).json()["access_token"]

    issuance.stop_issuing(actor=world.STAN, reason="key leaked", now=world.now())

    assert _paused(live_server.post("/token", basic=software, form=FORM))
    assert _paused(live_server.post("/register", bearer=iat, json=world.machine_metadata()))
    page = live_server.get(f"/authorize/?client_id={software[0]}&response_type=code")
    assert (page.status, page.headers["Retry-After"]) == (503, "60")
    assert live_server.post("/introspect", basic=server, form={"token": value}).json()["active"] is True
    assert live_server.post("/revoke", basic=software, form={"token": value}).status == 200
    assert live_server.post("/introspect", basic=server, form={"token": value}).json() == {"active": False}
    assert live_server.post("/token", basic=(software[0], "wrong"), form=FORM).status == 401

    issuance.resume_issuing(actor=world.PAUL, reason="new key", now=world.now())
    assert live_server.post("/token", basic=software, form=FORM).status == 200


@pytest.mark.usefixtures("_resumed")
def test_both_portals_say_so_and_partners_are_not_told_why() -> None:
    acme = world.organization()
    staff, partner = as_role(Role.AUDITOR), as_role(Role.ORGANIZATION_ADMIN, acme)
    issuance.stop_issuing(actor=world.STAN, reason="key leaked", now=world.now())
    shown, told = staff.get("/staff/").content.decode(), partner.get("/partner/").content.decode()
    assert "Nothing is issued." in shown
    assert "key leaked" in shown
    assert "Nothing is issued." in told
    assert "key leaked" not in told
    issuance.resume_issuing(actor=world.PAUL, reason="new key", now=world.now())
    assert "Nothing is issued." not in staff.get("/staff/").content.decode()
