"""Where a request came from, given its peer, what was said, and whose word counts."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from portal import origin
from portal.config.environment import env_networks

EDGE, INNER, CLIENT, LIE = "192.0.2.10", "10.1.2.3", "203.0.113.7", "198.51.100.1"
PROXIES = [ip_network(EDGE), ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48")]


def settled(peer: str, said: str | None = None, *, proxies: Any = PROXIES, **headers: str) -> dict[str, Any]:
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **headers}
    if said is not None:
        environ["HTTP_X_FORWARDED_FOR"] = said
    origin.settle(environ, proxies)
    return environ


class TestSource:
    @pytest.mark.parametrize(
        ("peer", "said", "source"),
        [
            (EDGE, CLIENT, CLIENT),
            (EDGE, None, EDGE),
            (EDGE, "", EDGE),
            (INNER, f"{CLIENT}, {EDGE}", CLIENT),
            (EDGE, f"{LIE}, {CLIENT}", CLIENT),
            (INNER, f"{LIE}, {CLIENT}, {EDGE}", CLIENT),
            (EDGE, f"{EDGE}, {INNER}, {CLIENT}", CLIENT),
            (EDGE, f"{LIE},, {CLIENT}", CLIENT),
            (EDGE, f"{CLIENT},", EDGE),
            (EDGE, "unknown", EDGE),
            (EDGE, f"{LIE}, unknown", EDGE),
            (EDGE, f"{LIE}, <script>, {INNER}", INNER),
            (EDGE, f"{CLIENT}:51004", CLIENT),
            (EDGE, "[2001:db8::9]:51004", "2001:db8::9"),
            ("2001:db8:1::5", "2001:db8::9", "2001:db8::9"),
            (f"::ffff:{EDGE}", f"::ffff:{CLIENT}", CLIENT),
            (EDGE, INNER, INNER),
        ],
    )
    def test_is_the_first_on_the_way_back_that_is_no_proxy(
        self, peer: str, said: str | None, source: str
    ) -> None:
        assert settled(peer, said)["REMOTE_ADDR"] == source

    @pytest.mark.parametrize("peer", [CLIENT, "192.0.2.11", "11.0.0.1", "", "not an address"])
    def test_a_strangers_word_does_not_count(self, peer: str) -> None:
        assert settled(peer, LIE, HTTP_X_FORWARDED_PROTO="https") == {
            "REMOTE_ADDR": peer,
            "wsgi.url_scheme": "http",
        }

    @pytest.mark.parametrize("peer", ["127.0.0.1", EDGE, INNER])
    def test_without_the_setting_nobodys_word_counts(self, peer: str) -> None:
        assert settled(peer, LIE, proxies=[])["REMOTE_ADDR"] == peer


class TestScheme:
    @pytest.mark.parametrize(
        ("said", "scheme"),
        [
            ("https", "https"),
            ("HTTPS", "https"),
            ("https, https", "https"),
            ("https, http", "http"),
            ("http, https", "http"),
            ("http", "http"),
            ("wss", "http"),
            ("", "http"),
        ],
    )
    def test_is_https_when_the_proxy_says_so(self, said: str, scheme: str) -> None:
        assert settled(EDGE, CLIENT, HTTP_X_FORWARDED_PROTO=said)["wsgi.url_scheme"] == scheme

    @pytest.mark.parametrize(("peer", "moved"), [(EDGE, False), (CLIENT, True)])
    def test_decides_what_is_redirected_to_https(self, settings: Settings, peer: str, *, moved: bool) -> None:
        settings.SECURE_SSL_REDIRECT = True
        environ = settled(peer, CLIENT, HTTP_X_FORWARDED_PROTO="https", HTTP_HOST="localhost")
        request = RequestFactory().get("/sign-in/", **environ)
        answer = SecurityMiddleware(lambda _: HttpResponse())(request)
        assert (answer.status_code == 301) is moved


@pytest.mark.parametrize("peer", [EDGE, CLIENT])
def test_nothing_is_left_that_anybody_else_could_believe(peer: str) -> None:
    headers = dict.fromkeys(("FORWARDED", "X_FORWARDED_HOST", "X_FORWARDED_PORT", "X_REAL_IP"), LIE)
    environ = settled(peer, LIE, **{f"HTTP_{name}": value for name, value in headers.items()})
    assert set(environ) == {"REMOTE_ADDR", "wsgi.url_scheme"}


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33", "*"])
def test_what_is_no_network_stops_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", f"127.0.0.1, {text}")
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        env_networks("TRUSTED_PROXIES")
