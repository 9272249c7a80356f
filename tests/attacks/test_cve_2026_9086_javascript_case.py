"""CVE-2026-9086 (Keycloak): `JaVaScRiPt:` and its disguises as a redirection URI, or in a page of ours."""

import pytest

from registry.roles import Role
from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.software import look, register, signed_in

pytestmark = pytest.mark.usefixtures("live_db")
SCRIPTS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "JAVASCRIPT:alert(1)",
    " javascript:alert(1)",
    "\tjavascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "java\r\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript\t:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "&#106;avascript:alert(1)",
    "&#x6A;avascript:alert(1)",
    "jav&#x09;ascript:alert(1)",
    "javascript&colon;alert(1)",
    "%6Aavascript:alert(1)",
    "j\u0430vascript:alert(1)",
    "\ufeffjavascript:alert(1)",
    "\u200bjavascript:alert(1)",
    "vbscript:msgbox(1)",
    "VBScript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "DATA:text/html;base64,PHNjcmlwdD4=",
    "blob:https://app.example/1",
    "file:///etc/passwd",
    "about:blank",
    "view-source:https://app.example/",
    "filesystem:https://app.example/x",
    "intent://app/#Intent;scheme=https;end",
    "ws://app.example/",
    "ftp://app.example/",
    "mailto:a@app.example",
    "tel:+4712345678",
]
NATIVE = {"application_type": "native", "token_endpoint_auth_method": "none"}


def test_is_never_a_redirect_uri(live_server: Live) -> None:
    intruder = Intruder(live_server)
    attempts = [{"redirect_uris": [script]} for script in SCRIPTS]
    intruder.all_refused(attempts + [NATIVE | attempt for attempt in attempts], "invalid_redirect_uri")
    assert intruder.nothing_left()


def test_is_never_another_uri(live_server: Live) -> None:
    intruder = Intruder(live_server)
    attempts = [
        {member: script}
        for member in ("client_uri", "logo_uri", "tos_uri", "policy_uri", "client_uri#de")
        for script in SCRIPTS[:8] + SCRIPTS[19:24]
    ]
    intruder.all_refused(attempts, "invalid_client_metadata")


def test_is_only_text_on_the_consent_page(live_server: Live) -> None:
    """Three layers: registration, escaping, and a policy that runs no script from the page."""
    name = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    acme = world.organization(name="acme")
    intruder = Intruder(live_server, acme)
    answer = intruder.register(client_name=name)
    if answer.status == 400:
        assert answer.json()["error"] == "invalid_client_metadata"
        name = "Ledger & Sons"
    app = register(live_server, acme, client_name=name)
    with signed_in(live_server, world.person(Role.END_USER)) as browser:
        page = look(browser, app.question())
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
