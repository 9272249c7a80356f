"""Which stack each URL runs in, seen from outside: headers, cookies, and the form of errors."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from portal.paths import is_machine
from tests import world
from tests.live import Live
from tests.portal.protocol.reading import SAFE, error

pytestmark = pytest.mark.usefixtures("live_db")
SAME_FOR_EVERYBODY = {"/.well-known/oauth-authorization-server", "/api/v1/schema"}
MACHINE_POLICY = "default-src 'none'; frame-ancestors 'none'"


def addresses() -> list[str]:
    """One address of each URL pattern of the product."""
    return sorted({f"/{path}" for path in _paths(get_resolver().url_patterns, "")})


def _paths(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _paths(pattern.url_patterns, path)
        else:
            yield _filled(path)


def _filled(path: str) -> str:
    parts = [part if "<" not in part else _example(part) for part in path.split("/")]
    return "/".join(parts)


def _example(part: str) -> str:
    return "6f9619ff-8b86-7011-b42d-00c04fc964ff" if "uuid" in part else "x-y"


@pytest.mark.parametrize("path", addresses())
def test_headers_are_those_of_its_stack(live_server: Live, path: str) -> None:
    answer = live_server.get(path)
    assert answer.status < 500
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Request-Id"].startswith("req_")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    if is_machine(path):
        assert answer.headers["Content-Security-Policy"] == MACHINE_POLICY
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers or "Cookie" not in answer.headers["Vary"]
        assert "json" in answer.headers["Content-Type"] or "openapi" in answer.headers["Content-Type"]
        assert (answer.headers["Cache-Control"] == "no-store") != (path in SAME_FOR_EVERYBODY)
    else:
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}


@pytest.mark.parametrize("path", sorted(settings.MACHINE_PATHS))
def test_a_session_cookie_means_nothing_to_a_machine(live_server: Live, path: str) -> None:
    world.operator()
    headers = {"Cookie": "__Host-session=abc; __Host-csrf=def; sessionid=x"}
    answer = live_server.post(path, form={"a": "b"}, headers=headers)
    assert answer.status in {400, 401, 415}
    assert "Set-Cookie" not in answer.headers


class TestErrorsOfMachinePaths:
    @pytest.mark.parametrize("path", ["/register/a/b", "/.well-known/openid-configuration", "/healthz/x"])
    def test_404(self, live_server: Live, path: str) -> None:
        assert error(live_server.get(path)) == (404, "not_found")

    @pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/register"])
    def test_405(self, live_server: Live, path: str) -> None:
        answer = live_server.get(path)
        assert error(answer) == (405, "invalid_request")
        assert answer.headers["Allow"] == "POST"

    @pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
    def test_413_and_415(self, live_server: Live, path: str) -> None:
        assert error(live_server.post(path, form={"a": "b" * 65_536})) == (413, "invalid_request")
        assert error(live_server.post(path, json={})) == (415, "invalid_request")

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil", "", "a b"])
    def test_400_for_a_host_that_is_not_ours(self, live_server: Live, host: str) -> None:
        answer = live_server.get("/token", headers={"Host": host})
        assert answer.status == 400
        assert b"evil" not in answer.body
        if answer.body:  # the server itself refuses some, without a word
            assert SAFE.fullmatch(answer.json()["error_description"])
            assert answer.headers["Content-Security-Policy"] == MACHINE_POLICY


def test_health_says_so(live_server: Live) -> None:
    for path, said in (("/healthz/live", {"live"}), ("/healthz/ready", {"ready", "degraded"})):
        answer = live_server.get(path)
        assert answer.status == 200
        assert answer.json()["status"] in said
        assert live_server.request("HEAD", path).status == 200
        assert error(live_server.post(path))[0] == 405
