"""CVE-2026-18211 (Keycloak): hosts that only begin like a loopback address pass for one."""

import pytest

from tests.attacks.attempts import Intruder
from tests.live import Live

pytestmark = pytest.mark.usefixtures("live_db")
HOSTS = [
    "localhost",
    "localhost.evil.example",
    "localhost.",
    "LOCALHOST",
    "localhost:80",
    "app.localhost",
    "127.0.0.1.evil.example",
    "127.0.0.1.nip.io",
    "127.1",
    "127.0.1",
    "127.0.0.2",
    "127.0.0.01",
    "0127.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0.0.0.0",
    "0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]",
    "[::1%25lo]",
    "[::1].evil.example",
    "[::1]evil.example",
    "127.0.0.1@evil.example",
    "127.0.0.1%40evil.example",
    "evil.example#127.0.0.1",
    "evil.example\\127.0.0.1",
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",
    "\uff11\uff12\uff17.0.0.1",
    "127\u30020\u30020\u30021",
]
NATIVE = {"application_type": "native", "token_endpoint_auth_method": "none"}


def test_are_refused_to_native_and_web_applications(live_server: Live) -> None:
    intruder = Intruder(live_server)
    native = [NATIVE | {"redirect_uris": [f"http://{host}/cb"]} for host in HOSTS]
    web = [{"redirect_uris": [f"https://{host}/cb"]} for host in HOSTS]
    intruder.all_refused(native + web, "invalid_redirect_uri")
    assert intruder.nothing_left()


def test_the_two_literals_are_for_native_applications(live_server: Live) -> None:
    intruder = Intruder(live_server)
    literals = [{"redirect_uris": [uri]} for uri in ("http://127.0.0.1:8080/cb", "http://[::1]/cb")]
    intruder.all_accepted([NATIVE | attempt for attempt in literals])
    other = Intruder(live_server)
    other.all_refused(literals, "invalid_redirect_uri")
