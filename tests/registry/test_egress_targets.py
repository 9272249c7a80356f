"""Whom the way out calls: URLs, names and addresses that it refuses, and the proxy that it may go through."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

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

    def call(peer: Peer) -> egress.Fetched:
        allowed = (EgressPeer("rp.example", peer.port, str(authority.file)),)
        settings.REGISTRY = replace(live_settings.REGISTRY, egress_allow=allowed)
        url = f"https://rp.example:{peer.port}/"
        return egress.get(url, media_types=JSON, limits=QUICK, resolve=lambda *_: ["127.0.0.1"])

    return call


def never(host: str, port: int) -> Sequence[str]:
    raise AssertionError(host)


FORBIDDEN_URLS = [
    "",
    "rp.example",
    "//rp.example/",
    "http://rp.example/",
    "ftp://rp.example/",
    "file:///etc/passwd",
    "https:///jwks",
    "https://user@rp.example/",
    "https://@rp.example/",
    "https://rp.example@evil.example/",
    "https://rp.example/#x",
    "https://rp.example/#",
    "https://rp.example\\@evil.example/",
    "https://rp.example/a b",
    "https://rp.example/\r\nX: y",
    "https://bücher.example/",
    "https://rp.example:/",
    "https://rp.example:80/",
    "https://rp.example:22/",
    "https://rp.example:0/",
    "https://rp.example:65536/",
    "https://rp.example:443443443443/",
    "https://rp.example:x/",
    "https://rp.example./",
    "https://localhost/",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://8.8.8.8/",
    "https://[2606:4700::1111]/",
    "https://-a.example/",
    "https://a_b.example/",
    "https://%72p.example/",
    "https://rp.example/" + "x" * 2030,
]


class TestUrl:
    @pytest.mark.parametrize("url", FORBIDDEN_URLS)
    def test_of_another_kind_is_not_even_resolved(self, url: str) -> None:
        with pytest.raises(failures.UrlForbidden):
            egress.get(url, media_types=JSON, limits=QUICK, resolve=never)

    @pytest.mark.parametrize(
        "url", ["https://rp.example", "HTTPS://RP.example:443/a/../b?c", "https://rp.example:8443/"]
    )
    def test_of_a_public_name_is_resolved(self, url: str) -> None:
        asked = []

        def resolve(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return []

        with pytest.raises(failures.NameNotResolved):
            egress.get(url, media_types=JSON, limits=QUICK, resolve=resolve)
        assert asked == ["rp.example."]

    def test_of_an_entry_is_that_host_and_port_alone(self, settings: Settings) -> None:
        settings.REGISTRY = replace(live_settings.REGISTRY, egress_allow=(EgressPeer("intranet", 9443, ""),))
        for url in ("https://intranet/", "https://intranet:9444/", "https://a.intranet:9443/"):
            with pytest.raises(failures.UrlForbidden):
                egress.get(url, media_types=JSON, limits=QUICK, resolve=never)

    def test_of_a_port_of_the_deployment_is_called(self, settings: Settings) -> None:
        settings.REGISTRY = replace(live_settings.REGISTRY, egress_ports=frozenset({9000}))
        with pytest.raises(failures.NameNotResolved):
            egress.get("https://rp.example:9000/", media_types=JSON, resolve=lambda *_: [])
        with pytest.raises(failures.UrlForbidden):
            egress.get("https://rp.example/", media_types=JSON, resolve=never)


class TestAddress:
    @pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:8.8.8.8", "fe80::1%1"])
    def test_of_a_special_range_is_refused(self, address: str) -> None:
        with pytest.raises(failures.AddressForbidden):
            egress.get("https://rp.example/", media_types=JSON, limits=QUICK, resolve=lambda *_: [address])

    @pytest.mark.parametrize("addresses", [["127.0.0.1", "8.8.8.8"], ["8.8.8.8", "2606:4700::1111", "::1"]])
    def test_beside_a_public_one_is_found(self, addresses: list[str]) -> None:
        with pytest.raises(failures.AddressForbidden):
            egress.get("https://rp.example/", media_types=JSON, limits=QUICK, resolve=lambda *_: addresses)

    def test_is_asked_for_once_and_kept(
        self, authority: peers.Authority, context: ssl.SSLContext, settings: Settings
    ) -> None:
        """DNS rebinding: whatever the name says the second time, nobody asks it."""
        answers = iter([["127.0.0.1"]])
        with peers.saying(context, peers.answer(b"{}")) as peer:
            allowed = (EgressPeer("rp.example", peer.port, str(authority.file)),)
            settings.REGISTRY = replace(live_settings.REGISTRY, egress_allow=allowed)
            url = f"https://rp.example:{peer.port}/"
            assert egress.get(url, media_types=JSON, resolve=lambda *_: next(answers)).status == 200
        assert list(answers) == []


class TestResolver:
    def test_that_hangs_is_left(self) -> None:
        stop = threading.Event()
        try:
            with pytest.raises(failures.NameNotResolved):
                egress.get(
                    "https://rp.example/",
                    media_types=JSON,
                    limits=replace(QUICK, seconds=0.1),
                    resolve=lambda *_: [str(stop.wait(2))],
                )
        finally:
            stop.set()

    def test_that_knows_no_such_name_is_told(self) -> None:
        def resolve(host: str, port: int) -> Sequence[str]:
            raise socket.gaierror(socket.EAI_NONAME, "no")

        with pytest.raises(failures.NameNotResolved):
            egress.get("https://rp.example/", media_types=JSON, limits=QUICK, resolve=resolve)

    def test_of_the_system_is_the_default(self) -> None:
        assert "127.0.0.1" in egress.system_addresses("localhost", 443)


@contextlib.contextmanager
def proxy(target: int, asked: list[str]) -> Iterator[int]:
    """A proxy that carries one tunnel to `target`, wherever it was asked to go."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as ends:
        thread = threading.Thread(target=_carry, args=(listener, target, asked, ends), daemon=True)
        thread.start()
        yield listener.getsockname()[1]


def _carry(listener: socket.socket, target: int, asked: list[str], ends: contextlib.ExitStack) -> None:
    near, _ = listener.accept()
    far = socket.create_connection(("127.0.0.1", target))
    for end in (near, far):
        ends.callback(end.close)
        ends.callback(end.shutdown, socket.SHUT_RDWR)
    asked.append(near.recv(4096).decode().partition("\r\n")[0])
    near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    threading.Thread(target=_copy, args=(far, near), daemon=True).start()
    _copy(near, far)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65_536):
            sink.sendall(part)


class TestProxy:
    def test_is_asked_for_the_address_that_was_checked(
        self,
        authority: peers.Authority,
        context: ssl.SSLContext,
        monkeypatch: pytest.MonkeyPatch,
        settings: Settings,
    ) -> None:
        asked: list[str] = []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        egress._context.cache_clear()
        with peers.saying(context, peers.answer(b"{}")) as peer, proxy(peer.port, asked) as port:
            settings.REGISTRY = replace(
                live_settings.REGISTRY, egress_proxy=f"http://127.0.0.1:{port}", egress_allow=()
            )
            fetched = egress.get("https://rp.example/", media_types=JSON, resolve=lambda *_: ["8.8.8.8"])
        egress._context.cache_clear()
        assert fetched.body == b"{}"
        assert [line.rpartition(" ")[0] for line in asked] == ["CONNECT 8.8.8.8:443"]

    def test_of_the_environment_is_not_believed(
        self, fetch: Fetch, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        with peers.saying(context, peers.answer(b"{}")) as peer:
            assert fetch(peer).status == 200
