"""The way out: whom it calls, what it takes back, and that a hostile server gains nothing."""

import contextlib
import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live_settings
from pytest_django.fixtures import Settings

from portal.config.environment import EgressPeer
from registry import egress
from registry import fetch_failures as failures
from registry.egress import Limits
from tests import peers
from tests.peers import Peer

JSON = frozenset({"application/json"})
QUICK = Limits(seconds=0.3, body_octets=1000, header_octets=1000)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> peers.Authority:
    return peers.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def context(authority: peers.Authority) -> ssl.SSLContext:
    return authority.server("rp.example")


Fetch = Callable[..., egress.Fetched]


@pytest.fixture
def fetch(authority: peers.Authority, settings: Settings) -> Fetch:
    """Fetch from a server of this test as `rp.example`, which the deployment allows at its port."""

    def call(
        peer: Peer, path: str = "/jwks", limits: Limits = QUICK, host: str = "rp.example"
    ) -> egress.Fetched:
        allowed = (EgressPeer(host, peer.port, str(authority.file)),)
        settings.REGISTRY = replace(live_settings.REGISTRY, egress_allow=allowed)
        url = f"https://{host}:{peer.port}{path}"
        return egress.get(url, media_types=JSON, limits=limits, resolve=loopback)

    return call


def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


class TestFetch:
    def test_brings_one_document(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        said = peers.answer(b'{"keys":[]}', "Application/JSON; charset=utf-8", Cache_Control="max-age=60")
        with peers.saying(context, said) as peer:
            fetched = fetch(peer, "/jwks?x=1")
        assert (fetched.status, fetched.media_type, fetched.body) == (200, "application/json", b'{"keys":[]}')
        assert fetched.headers["cache-control"] == "max-age=60"
        assert peer.paths == ["/jwks?x=1"]

    def test_names_the_host_and_asks_for_the_type(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        with peers.saying(context, peers.answer(b"{}")) as peer:
            fetch(peer)
        lines = peer.requests[0].decode().split("\r\n")
        assert f"Host: rp.example:{peer.port}" in lines
        assert "Accept: application/json" in lines
        assert "Accept-Encoding: identity" in lines
        assert not [line for line in lines if line.lower().startswith(("cookie", "authorization"))]

    def test_of_nothing_is_of_nothing(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        with peers.saying(context, peers.answer(b"")) as peer:
            assert fetch(peer).body == b""

    def test_keeps_the_connection(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        with peers.saying(context, peers.answer(b"{}"), close=False) as peer:
            for _ in range(3):
                fetch(peer)
            assert (len(peer.requests), peer.connections) == (3, 1)

    def test_keeps_it_for_that_name_alone(self, fetch: Fetch, authority: peers.Authority) -> None:
        with peers.saying(authority.server("a.example"), peers.answer(b"{}"), close=False) as peer:
            fetch(peer, host="a.example")
            with pytest.raises(failures.CertificateRefused):
                fetch(peer, host="b.example")
            assert len(peer.requests) == 1

    def test_reads_a_body_of_the_limit_and_no_more(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        with peers.saying(context, peers.answer(b" " * 1000)) as peer:
            assert len(fetch(peer).body) == 1000
        with peers.saying(context, peers.answer(b" " * 1001)) as peer, pytest.raises(failures.TooLarge):
            fetch(peer)

    def test_reads_chunks(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        with peers.saying(context, head + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n") as peer:
            assert fetch(peer).body == b"{}"


def dripping(channel: ssl.SSLSocket, before: bytes, drop: bytes) -> None:
    channel.sendall(before)
    with contextlib.suppress(OSError):
        for _ in range(60):
            channel.sendall(drop)
            time.sleep(0.05)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SLOW = {
    "a status line, drop by drop": (b"HTTP/1.1 2", b"0"),
    "a header, drop by drop": (HEAD + b"X: ", b"x"),
    "headers, one after another": (HEAD, b"X: y\r\n"),
    "interim answers without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body, drop by drop": (HEAD + b"Content-Length: 900\r\n\r\n", b" "),
    "chunks, drop by drop": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a size of a chunk, drop by drop": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
}


class TestSlowServer:
    @pytest.mark.parametrize(("before", "drop"), SLOW.values(), ids=SLOW.keys())
    def test_gains_no_time(self, fetch: Fetch, context: ssl.SSLContext, before: bytes, drop: bytes) -> None:
        def talk(channel: ssl.SSLSocket, peer: Peer) -> None:
            peers.heard(channel, peer)
            dripping(channel, before, drop)

        with peers.speaking(context, talk) as peer:
            started = time.monotonic()
            with pytest.raises(failures.TooSlow):
                fetch(peer, limits=replace(QUICK, seconds=0.2))
            assert 0.15 < time.monotonic() - started < 0.7

    def test_that_says_nothing_is_left(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        with (
            peers.speaking(context, lambda channel, peer: time.sleep(0.4)) as peer,
            pytest.raises(failures.TooSlow),
        ):
            fetch(peer, limits=replace(QUICK, seconds=0.2))

    def test_without_a_handshake_is_left(self, fetch: Fetch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(failures.TooSlow):
            fetch(Peer(listener.getsockname()[1]), limits=replace(QUICK, seconds=0.2))


def flood(start: bytes, part: bytes) -> Callable[[ssl.SSLSocket, Peer], None]:
    def talk(channel: ssl.SSLSocket, peer: Peer) -> None:
        peers.heard(channel, peer)
        channel.sendall(start)
        for _ in range(10_000):
            channel.sendall(part)

    return talk


LARGE = {
    "chunks without end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b" " * 4096 + b"\r\n"),
    "ten gibibytes, as announced": (HEAD + b"Content-Length: 10737418240\r\n\r\n", b" " * 65_536),
    "a length beyond numbers": (HEAD + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n", b" "),
    "a header without end": (HEAD + b"X: ", b"x" * 65_536),
    "headers that are too large": (HEAD + b"X: " + b"x" * 1000 + b"\r\n\r\n", b" "),
    "interim answers without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "one long extension of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 4096),
    "trailers without end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 100),
}


class TestLargeAnswer:
    @pytest.mark.parametrize(("start", "part"), LARGE.values(), ids=LARGE.keys())
    def test_is_left(self, fetch: Fetch, context: ssl.SSLContext, start: bytes, part: bytes) -> None:
        with peers.speaking(context, flood(start, part)) as peer, pytest.raises(failures.TooLarge):
            fetch(peer, limits=replace(QUICK, seconds=2))

    def test_announced_is_not_waited_for(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        said = HEAD + b"Content-Length: 10737418240\r\n\r\n"
        with peers.saying(context, said, close=False) as peer, pytest.raises(failures.TooLarge):
            fetch(peer)

    def test_that_is_compressed_is_not_opened(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        bomb = gzip.compress(b" " * 500_000)
        assert len(bomb) < QUICK.body_octets
        with (
            peers.saying(context, peers.answer(bomb, Content_Encoding="gzip")) as peer,
            pytest.raises(failures.WrongMediaType),
        ):
            fetch(peer)


class TestAnswer:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
    def test_that_redirects_is_not_followed(self, fetch: Fetch, context: ssl.SSLContext, status: int) -> None:
        with peers.saying(context, peers.answer(b"{}")) as target:
            said = peers.answer(b"", status=status, Location=f"https://rp.example:{target.port}/")
            with peers.saying(context, said) as peer, pytest.raises(failures.Redirected):
                fetch(peer)
            assert (target.connections, len(peer.requests)) == (0, 1)

    @pytest.mark.parametrize(
        ("status", "is_transient"),
        [(status, False) for status in (201, 204, 206, 401, 404, 410)]
        + [(status, True) for status in (408, 425, 429, 500, 503)],
    )
    def test_with_another_status_is_refused(
        self, fetch: Fetch, context: ssl.SSLContext, status: int, is_transient: bool
    ) -> None:
        with (
            peers.saying(context, peers.answer(b"{}", status=status)) as peer,
            pytest.raises(failures.WrongStatus, match=str(status)) as caught,
        ):
            fetch(peer)
        assert (caught.value.status, caught.value.is_transient) == (status, is_transient)

    @pytest.mark.parametrize(
        "media_type", ["text/html", "", "application/jsonx", "application/json, text/html"]
    )
    def test_of_another_type_is_refused(self, fetch: Fetch, context: ssl.SSLContext, media_type: str) -> None:
        with (
            peers.saying(context, peers.answer(b"{}", media_type)) as peer,
            pytest.raises(failures.WrongMediaType),
        ):
            fetch(peer)

    def test_of_two_types_is_refused(self, fetch: Fetch, context: ssl.SSLContext) -> None:
        said = HEAD + b"Content-Type: text/html\r\nContent-Length: 2\r\n\r\n{}"
        with peers.saying(context, said) as peer, pytest.raises(failures.WrongMediaType):
            fetch(peer)

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"SSH-2.0-x\r\n\r\n",
            HEAD,
            HEAD + b"\r\n{}",
            HEAD + b"Content-Length: 9\r\n\r\n{}",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ],
    )
    def test_that_breaks_off_is_a_failed_connection(
        self, fetch: Fetch, context: ssl.SSLContext, said: bytes
    ) -> None:
        with peers.saying(context, said) as peer, pytest.raises(failures.ConnectionFailed):
            fetch(peer)

    def test_of_who_closes_at_once_is_a_failed_connection(
        self, fetch: Fetch, context: ssl.SSLContext
    ) -> None:
        with (
            peers.speaking(context, lambda channel, peer: None) as peer,
            pytest.raises(failures.ConnectionFailed),
        ):
            fetch(peer)

    def test_of_nobody_is_a_failed_connection(self, fetch: Fetch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with pytest.raises(failures.ConnectionFailed):
            fetch(Peer(port))


class TestCertificate:
    def test_of_another_name_is_refused(self, fetch: Fetch, authority: peers.Authority) -> None:
        with peers.saying(authority.server("evil.example"), peers.answer(b"{}")) as peer:
            with pytest.raises(failures.CertificateRefused):
                fetch(peer)
            assert peer.requests == []

    def test_of_an_unknown_authority_is_refused(self, fetch: Fetch, tmp_path: Path) -> None:
        with peers.saying(peers.authority(tmp_path).server("rp.example"), peers.answer(b"{}")) as peer:
            with pytest.raises(failures.CertificateRefused):
                fetch(peer)
            assert peer.requests == []

    def test_is_wanted_for_the_name_that_was_asked_for(
        self, fetch: Fetch, authority: peers.Authority
    ) -> None:
        seen: list[str | None] = []
        context = authority.server("rp.example")
        context.sni_callback = lambda channel, name, _: seen.append(name)
        with peers.saying(context, peers.answer(b"{}")) as peer:
            fetch(peer)
        assert seen == ["rp.example"]


def _all(base: type[failures.FetchFailed]) -> Iterator[type[failures.FetchFailed]]:
    for each in base.__subclasses__():
        yield each
        yield from _all(each)


def test_every_failure_says_what_and_what_to_do() -> None:
    told: dict[str, Any] = {each.__name__: (each.found, each.fix) for each in _all(failures.FetchFailed)}
    assert len(told) == 10
    assert all(found and fix for found, fix in told.values())
    assert len({fix for _, fix in told.values()}) == 10
