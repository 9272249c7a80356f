"""CWE-770, CWE-367: a request is begun and not ended, so that it keeps a place, or acts when its sender may no more."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings

from registry import clock, lifecycle, tokens
from registry.models import AccessToken, Organization
from tests import world
from tests.live import Live
from tests.software import InProcess

pytestmark = pytest.mark.usefixtures("live_db")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def begun(
    live: Live, path: str, headers: Mapping[str, str], body: bytes
) -> Iterator[Callable[[bytes], bytes]]:
    """A POST of which all but the last octet is sent; call it with what ends it."""
    context = ssl.create_default_context(cafile=str(live.ca_file))
    plain = socket.create_connection(("127.0.0.1", live.port), 20)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as line:
        fields = {"Host": f"localhost:{live.port}", "Content-Length": str(len(body)), "Connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**fields, **headers}.items())
        line.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body[:-1])

        def end(last: bytes) -> bytes:
            line.sendall(last)
            return b"".join(iter(lambda: line.recv(65_536), b""))

        yield end


def service_token(live: Live, service: world.Service) -> str:
    pair = (service.client_id, service.client_secret)
    answer = live.post("/token", basic=pair, form={"grant_type": "client_credentials"})
    return str(answer.json()["access_token"])


def test_they_keep_no_place_from_anybody(live_server: Live) -> None:
    """More of them than both processes work on at a time: introspecting, revoking and containing go on."""
    acme, service, server = world.organization(), world.service(), world.resource_server()
    bearer = service_token(live_server, service)
    with ExitStack() as held:
        for _ in range(settings.WORK_SLOTS * 4):
            held.enter_context(begun(live_server, "/revoke", FORM, b"token=cat_unknown"))
        pair = (service.client_id, service.client_secret)
        answers = [
            live_server.post("/introspect", basic=server, form={"token": "x"}),
            live_server.post("/revoke", basic=pair, form={"token": "x"}),
            live_server.post(
                f"/api/v1/organizations/{acme.slug}/contain", bearer=bearer, json={"reason": "leak"}
            ),
        ]
    assert [answer.status for answer in answers] == [200] * 3


def test_one_does_not_act_for_a_token_that_ended_meanwhile(live_server: Live) -> None:
    acme, service = world.organization(), world.service()
    headers = {
        "Authorization": f"Bearer {service_token(live_server, service)}",
        "Content-Type": "application/json",
    }
    with begun(live_server, f"/api/v1/organizations/{acme.slug}/contain", headers, b'{"reason": "x"}') as end:
        lifecycle.suspend_client(service.client_id, actor=world.STAN, reason="leaked", now=clock.now())
        answer = end(b"}")
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert Organization.objects.get(pk=acme.pk).state == "active"


def test_a_body_that_breaks_off_is_not_acted_on(live_server: Live) -> None:
    """What came of it would have been a whole form."""
    service = world.service()
    value = service_token(live_server, service)
    headers = FORM | {"Authorization": world.basic(service.client_id, service.client_secret)}
    with begun(live_server, "/revoke", headers, f"token={value}".encode() + b"&a=b"):
        pass
    assert live_server.get("/healthz/live").status == 200
    assert AccessToken.objects.filter(token_checksum=tokens.checksum(value)).exists()


@pytest.mark.parametrize("sent", [b"", b"token=x"])
def test_one_that_is_shorter_than_announced_is_refused(sent: bytes) -> None:
    answer = InProcess().post("/revoke", headers={"Content-Length": "20"}, body=sent)
    assert answer.status == 400
    assert b"before its announced length" in answer.body
