"""CWE-348, CWE-290: an address in a header that whoever sends the request may write.

One server trusts nobody, another one its proxy on 127.0.0.1: this test, which says what a proxy would say.
"""

import secrets
from collections.abc import Iterator

import pytest

from registry import queries
from registry.events import Event
from tests import world
from tests.attacks.attempts import STAFF
from tests.live import Live, free_port, serving

pytestmark = pytest.mark.usefixtures("live_db")
LIES = ("198.51.100.1", "127.0.0.1", "::1", "10.0.0.1")


@pytest.fixture(scope="module")
def behind_proxy(live_server: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Another server on the same database, which trusts its peer on 127.0.0.1."""
    environment = dict(live_server.environment) | {
        "CONCORDAT_ISSUER": f"https://localhost:{free_port()}",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    with serving(environment, tmp_path_factory.mktemp("behind_proxy"), workers=1) as live:
        yield live


def source_of_refusal(live: Live, *headers: tuple[str, str]) -> str:
    """Whom the log names for a registration without a credential, sent with these headers."""
    operator = world.operator()
    answer = live.post("/register", json={}, headers=headers)
    assert answer.status == 401
    event = queries.audit_events(STAFF, action=Event.REGISTRATION_REFUSED, organization=operator)
    return str(event.get(request_id=answer.headers["Request-Id"]).subject_id)


def told_sources(live: Live, addresses: list[str]) -> set[str]:
    """Of these addresses the ones that the log knows as sources."""
    found = queries.audit_events(STAFF, subject_kind="source", subject_id__in=addresses)
    return set(found.values_list("subject_id", flat=True))


def test_without_a_trusted_proxy_no_header_names_the_source(live_server: Live) -> None:
    world.operator()
    lies = [f"203.0.113.{number}" for number in range(1, 6)]
    names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X_Forwarded_For", "True-Client-IP")
    for name, lie in zip(names, lies, strict=True):
        value = f"for={lie}" if name == "Forwarded" else lie
        assert live_server.post("/register", json={}, headers=[(name, value)]).status == 401
    assert told_sources(live_server, lies) == set()
    assert told_sources(live_server, ["127.0.0.1"]) == {"127.0.0.1"}


def test_a_trusted_proxy_names_the_source(behind_proxy: Live) -> None:
    assert source_of_refusal(behind_proxy, ("X-Forwarded-For", "192.0.2.41")) == "192.0.2.41"


@pytest.mark.parametrize("lie", LIES)
def test_more_hops_than_are_trusted_change_nothing(behind_proxy: Live, lie: str) -> None:
    """A client's own header stands left of what the proxy adds, in one line or in two."""
    own = f"192.0.2.{50 + LIES.index(lie)}"
    assert source_of_refusal(behind_proxy, ("X-Forwarded-For", f"{lie}, {lie}, {own}")) == own
    again = f"192.0.2.{60 + LIES.index(lie)}"
    assert source_of_refusal(behind_proxy, ("X-Forwarded-For", lie), ("X-Forwarded-For", again)) == again


def test_a_flood_from_one_ipv6_network_is_one_source(behind_proxy: Live) -> None:
    """CWE-770: whoever has one address of a /64 has all of them, and could fill the log from each."""
    world.operator()
    own = [f"2001:db8:0:7::{number:x}" for number in range(1, 21)]
    for address in own:
        headers = [("X-Forwarded-For", address)]
        assert behind_proxy.post("/register", bearer="pri_x", json={}, headers=headers).status == 401
    assert len(told_sources(behind_proxy, own)) in {1, 2}  # minutes


def test_sign_in_is_limited_by_the_source(behind_proxy: Live) -> None:
    """Ten wrong passwords from one address stop that address, whatever it writes, and nobody else."""
    world.operator()

    def attempt(said: str) -> str:
        with behind_proxy.browser() as browser:
            browser.get("/sign-in/")
            browser.headers["X-Forwarded-For"] = said
            return browser.submit(
                "/sign-in/", login=f"{secrets.token_hex(4)}@acme.example", password="wrong"
            ).text

    for number in range(10):
        assert "Too many" not in attempt(f"198.51.100.{number}, 192.0.2.90")
    assert "Too many" in attempt("198.51.100.200, 192.0.2.90")
    assert "Too many" not in attempt("198.51.100.200, 192.0.2.91")
