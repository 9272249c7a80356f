"""CVE-2020-15233, -15234 (fosite): a redirection URI of other case, or of any shape on loopback, passes as equal."""

import pytest

from registry.roles import Role
from tests import world
from tests.live import Live
from tests.software import Software, look, register, signed_in

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture
def web(live_server: Live) -> Software:
    holder = world.organization()
    return register(live_server, holder, redirect_uris=[f"https://app.{holder.slug}.example/Cb?x=Y"])


@pytest.fixture
def native(live_server: Live) -> Software:
    public = {"application_type": "native", "token_endpoint_auth_method": "none"}
    return register(live_server, world.organization(), redirect_uris=["http://127.0.0.1/cb?a=1"], **public)


def asked(live: Live, software: Software, uris: list[str]) -> list[int]:
    with signed_in(live, world.person(Role.END_USER)) as browser:
        answers = [look(browser, software.question(redirect_uri=uri)) for uri in uris]
    assert [answer.headers["Location"] for answer in answers if answer.status_code == 302] == []
    return [answer.status_code for answer in answers]


def test_case_counts_in_every_part(live_server: Live, web: Software) -> None:
    uri = web.redirect_uri
    others = [
        uri.lower(),
        uri.upper(),
        uri.replace("https", "HTTPS"),
        uri.replace("app.", "APP."),
        uri.replace("/Cb", "/cb"),
        uri.replace("=Y", "=y"),
        uri.replace("?x", "?X"),
        uri.replace("/Cb", "/%43b"),
        uri + "&",
        uri.replace("example/", "example:443/"),
        uri.replace("example/", "example./"),
    ]
    assert asked(live_server, web, [uri, *others]) == [200] + [400] * len(others)


def test_only_the_port_is_free_on_loopback(live_server: Live, native: Software) -> None:
    """RFC 8252 §7.3: any port, nothing else."""
    free = ["http://127.0.0.1/cb?a=1", "http://127.0.0.1:1/cb?a=1", "http://127.0.0.1:65535/cb?a=1"]
    others = [
        "http://127.0.0.1:8080/cb",
        "http://127.0.0.1:8080/cb?a=2",
        "http://127.0.0.1:8080/Cb?a=1",
        "http://127.0.0.1:8080/cb/../x?a=1",
        "http://127.0.0.1:8080@evil.example/cb?a=1",
        "http://127.0.0.1.evil.example/cb?a=1",
        "http://127.0.0.2/cb?a=1",
        "http://localhost/cb?a=1",
        "http://[::1]/cb?a=1",
        "https://127.0.0.1/cb?a=1",
        "http://127.0.0.1:65536/cb?a=1",
        "http://127.0.0.1:/cb?a=1",
        "http://127.0.0.1:+80/cb?a=1",
    ]
    assert asked(live_server, native, [*free, *others]) == [200] * len(free) + [400] * len(others)
