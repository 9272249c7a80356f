"""CVE-2024-52289 (authentik): a dot in a redirection URI matches any character; the first use is trusted."""

from urllib.parse import urlencode

import pytest

from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.software import register

pytestmark = pytest.mark.usefixtures("live_db")


def test_a_dot_is_a_dot(live_server: Live) -> None:
    acme = world.organization()
    app = register(live_server, acme)
    slug = f"{acme.slug}.example"
    for host in (
        f"appX{slug}",
        f"app-{slug}",
        f"app.{acme.slug}Xexample",
        f"app%2e{slug}",
        f"app.{slug}evil",
    ):
        answer = live_server.get(f"/authorize/?{urlencode(app.question(redirect_uri=f'https://{host}/cb'))}")
        assert (answer.status, answer.headers.get("Location")) == (400, None)


def test_a_dot_of_a_proved_domain_is_a_dot(live_server: Live) -> None:
    intruder = Intruder(live_server)
    slug = intruder.holder.slug
    hosts = [
        f"{slug}Xexample.example",
        f"{slug}xexample",
        f"x{slug}.example",
        f"{slug}.example.evil.example",
        f"{slug}-example.example",
    ]
    intruder.all_refused(
        [{"redirect_uris": [f"https://{host}/cb"]} for host in hosts], "invalid_redirect_uri"
    )


def test_there_is_no_trust_on_first_use(live_server: Live) -> None:
    """A client without a redirection URI has none, whatever is asked first."""
    acme = world.organization()
    app = register(live_server, acme, world.machine_metadata(), redirect_uris=None)
    question = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": "https://evil.example/cb",
    }
    for _ in range(2):
        answer = live_server.get(f"/authorize/?{urlencode(question)}")
        assert (answer.status, answer.headers.get("Location")) == (400, None)
    assert app.row.redirect_uris == ""
