"""Keycloak #48430, CVE-2023-6291, -6134, -6927, CVE-2024-8883: patterns in redirection URIs, and loose comparison."""

from urllib.parse import urlencode

import pytest

from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.software import register

pytestmark = pytest.mark.usefixtures("live_db")
PATTERNS = [
    "https://{host}/*",
    "https://{host}*",
    "https://*.{host}/cb",
    "https://{host}/cb*",
    "https://{host}/cb?*",
    "https://*/cb",
    "*",
    "https://{host}/%2a",
    "https://{host}/../cb",
    "https://{host}/./cb",
    "https://{host}/a/%2e%2e/cb",
    "https://{host}/a%2fcb",
    "https://{host}/cb;a=b/..",
    "https://{host}/${{x}}",
    "https://{host}/.*",
    "https://.*/cb",
    "https://{host}/[a-z]+",
    "https://{host}:*/cb",
]


def test_patterns_are_not_registered(live_server: Live) -> None:
    intruder = Intruder(live_server)
    uris = [pattern.format(host=intruder.host) for pattern in PATTERNS]
    answers = intruder.ask_each(uris, lambda uri: intruder.register(redirect_uris=[uri]))
    accepted = {uri for uri, answer in zip(uris, answers, strict=True) if answer.status == 201}
    # A text like any other, which is compared to the letter: no pattern language is known to anything of ours.
    assert accepted <= {f"https://{intruder.host}/%2a"}
    intruder.check()


@pytest.mark.parametrize("registered", ["https://{host}/cb", "https://{host}/a?b=c"])
def test_what_is_registered_is_compared_to_the_letter(live_server: Live, registered: str) -> None:
    acme = world.organization()
    uri = registered.format(host=f"app.{acme.slug}.example")
    app = register(live_server, acme, redirect_uris=[uri])
    others = [
        uri + "/",
        uri + "?",
        uri + "#",
        uri + "%20",
        uri + "x",
        uri[:-1],
        uri.replace("https", "HTTPS"),
        uri.replace("app.", "APP."),
        uri.replace("app.", "a.app."),
        uri.replace("app.", "evil-app."),
        uri.replace(".example/", ".example.evil.example/"),
        uri.replace(".example/", ".example:443/"),
        uri.replace(".example/", ".example./"),
        uri.replace(".example/", ".example//"),
        uri.replace(".example/", ".example/./"),
        uri.replace(".example/", ".example/x/../"),
        uri.replace(".example/", ".example\\"),
        uri.replace("https://", "https://u@"),
        uri.replace("https://", "https:/"),
        uri.replace("https://", "http://"),
        uri.replace("cb", "%63b") + "%",
        " " + uri,
        uri + " ",
        uri + "\n",
        uri + "&x=y",
    ]
    for other in others:
        answer = live_server.get(f"/authorize/?{urlencode(app.question(redirect_uri=other))}")
        assert (answer.status, answer.headers.get("Location")) == (400, None), other
    assert live_server.get(f"/authorize/?{urlencode(app.question())}").status == 302
