"""CVE-2026-9803: a malformed Authorization header ends in a server error instead of a challenge."""

import pytest

from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.portal.protocol.reading import error

pytestmark = pytest.mark.usefixtures("live_db")
HEADERS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer  ",
    "bearer\t",
    "Bearer a b",
    "Bearer a,b",
    'Bearer "a"',
    "Bearer =",
    "Bearer a=b",
    "Bearer \xff\xfe",
    "Bearer \u00e9",
    "Bearer " + "a" * 6000,
    "Bearer pri_",
    "Bearer\tabc",
    "Bearer: abc",
    "Token abc",
    "Basic YTpi",
    "Basic",
    "Digest username=x",
    "Negotiate",
    "DPoP abc",
    "x",
    " ",
    ":",
    "Bearer Bearer",
    "Bearer null",
    "Bearer undefined",
    "Bearer ../../etc/passwd",
    "Bearer %00",
    "Bearer ' OR '1'='1",
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_is_challenged(live_server: Live, header: str) -> None:
    world.operator()
    answer = live_server.post("/register", headers={"Authorization": header}, json={})
    assert error(answer) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] in {"Bearer", 'Bearer error="invalid_token"'}


def test_two_headers_are_no_credential(live_server: Live) -> None:
    intruder = Intruder(live_server)
    headers = [("Authorization", f"Bearer {intruder.token}")] * 2
    answer = live_server.post("/register", headers=headers, json=world.machine_metadata())
    assert error(answer) == (401, "invalid_token")


@pytest.mark.parametrize("octets", [b"\x00", b"\x80\x81", b"\x7f", b"\r\n X: y", b"\x0b"])
def test_control_characters_never_reach_us(live_server: Live, octets: bytes) -> None:
    world.operator()
    received = live_server.raw(
        b"POST /register HTTP/1.1\r\nHost: localhost:%d\r\nAuthorization: Bearer a%sb\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        % (live_server.port, octets)
    )
    assert received.split(b" ", 2)[1] in {b"400", b"401"}


def test_the_token_stands_nowhere_else(live_server: Live) -> None:
    """RFC 6750 §2.2, §2.3: neither in the query nor in the body."""
    intruder = Intruder(live_server)
    body = world.machine_metadata(access_token=intruder.token)
    answer = live_server.post(f"/register?access_token={intruder.token}", json=body)
    assert error(answer) == (401, "invalid_token")
    assert intruder.nothing_left()
