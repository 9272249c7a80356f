"""CVE-2026-1180, -4366, -1518, CVE-2021-26715, CVE-2020-10770: a URI in the metadata makes the server connect.

Of all that a registration carries, the key set under the organization's own domain alone is fetched, at a public
address (test_egress_targets.py, test_key_sets.py). Listeners on loopback take the place of inner services, and an audit
hook counts every connection that this process makes while it registers the same.
"""

import contextlib
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.software import InProcess

MEMBERS = (
    "jwks_uri",
    "logo_uri",
    "client_uri",
    "tos_uri",
    "policy_uri",
    "sector_identifier_uri",
    "request_uris",
    "initiate_login_uri",
    "backchannel_logout_uri",
    "backchannel_client_notification_endpoint",
    "post_logout_redirect_uris",
    "software_statement",
    "logo_uri#de",
)
LISTS = {"request_uris", "post_logout_redirect_uris"}


def spellings(port: int) -> list[str]:
    """Ways to write an inner address that a filter may miss."""
    hosts = ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "user@localhost"]
    return [f"{scheme}://{host}:{port}/latest/meta-data" for host in hosts for scheme in ("http", "https")]


def others() -> list[str]:
    return [
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "//127.0.0.1/",
    ]


def attempts(uris: list[str], holder_host: str) -> list[dict[str, Any]]:
    own = f"https://{holder_host}/x"
    return [
        {member: [uri] if member in LISTS else uri}
        for member in MEMBERS
        for uri in (uris if member == "jwks_uri" else [*uris, own])
    ]


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def nobody_called(server: socket.socket) -> bool:
    try:
        connection, _ = server.accept()
    except BlockingIOError:
        return True
    connection.close()
    return False


@pytest.mark.usefixtures("live_db")
def test_nothing_is_fetched(live_server: Live) -> None:
    intruder = Intruder(live_server)
    with listening() as server:
        tried = attempts(spellings(server.getsockname()[1]), intruder.host)
        answers = intruder.ask_each(tried, lambda members: intruder.register(**members))
        assert nobody_called(server)
    intruder.check()
    assert {answer.status for answer in answers} <= {201, 400}


_CALLS: list[str] = []
_WATCHED = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request"}
_HOOKED: list[bool] = []


def _hook(event: str, _: Any) -> None:
    if event in _WATCHED and _HOOKED:
        _CALLS.append(event)


@pytest.mark.django_db
def test_no_socket_is_opened_and_no_name_is_asked() -> None:
    door, holder = InProcess(), world.organization()
    token = world.initial_access_token(holder).value
    sys.addaudithook(_hook)
    _HOOKED.append(True)
    try:
        for members in attempts(others(), f"app.{holder.slug}.example"):
            answer = door.post("/register", bearer=token, json=world.metadata(holder, **members))
            assert answer.status in {201, 400}
    finally:
        _HOOKED.clear()
    assert _CALLS == []


@pytest.mark.usefixtures("live_db")
def test_a_key_set_elsewhere_is_refused(live_server: Live) -> None:
    intruder = Intruder(live_server)
    uris = [*others(), f"https://{intruder.host}.evil.example/jwks"]
    intruder.all_refused([{"jwks_uri": uri} for uri in uris], "invalid_client_metadata")
    assert intruder.nothing_left()


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_proved_name_with_an_inner_address_is_not_called(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns the domain says where it leads; a second address that is public changes nothing."""
    holder, calls = world.organization(), []
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("8.8.8.8", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    monkeypatch.setattr(socket.socket, "connect", lambda *call: calls.append(call))
    body = world.metadata(holder, jwks_uri=f"https://app.{holder.slug}.example/jwks")
    token = world.initial_access_token(holder).value
    answer = InProcess().post("/register", bearer=token, json=body)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert "address that is not public" in answer.json()["error_description"]
    assert calls == []
