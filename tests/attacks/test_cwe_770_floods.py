"""CWE-770, CWE-400: bodies that cost the server far more than their sender."""

import json
from typing import Any

import pytest

from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.portal.protocol.reading import error
from tests.software import asserting

pytestmark = pytest.mark.usefixtures("live_db")
LIMIT = 65_536


def bombs(host: str) -> dict[str, bytes]:
    deep = b'{"a":' * 9 + b"1" + b"}" * 9
    uri = f"https://{host}/"
    members = {f"m{n}": n for n in range(4000)}
    keys = [{"kty": "RSA", "kid": str(n), "n": "A" * 2000, "e": "AQAB"} for n in range(20)]
    return {
        "nested arrays": b"[" * LIMIT,
        "nested objects": b'{"a":' * 13_000,
        "closing brackets": b"]" * LIMIT,
        "deep inside a member": b'{"x":' + deep + b"}",
        "an open string": b'{"a":"' + b"a" * (LIMIT - 10),
        "backslashes": b'{"a":"' + b"\\" * (LIMIT - 10),
        "escapes": b'{"client_name":"' + b"\\u0041" * 10_000 + b'"}',
        "a number of many digits": b'{"a":' + b"9" * (LIMIT - 10) + b"}",
        "a number with a huge exponent": b'{"a":1e999999999}',
        "a fraction of many digits": b'{"a":0.' + b"1" * (LIMIT - 10) + b"}",
        "many members": json.dumps(members).encode(),
        "the same member often": b'{"a":1' + b',"a":1' * 9000 + b"}",
        "spaces": b"{" + b" " * (LIMIT - 2) + b"}",
        "commas": b"{" + b"," * (LIMIT - 2) + b"}",
        "surrogates": b'{"a":"' + b"\\ud800" * 10_000 + b'"}',
        "a long URI": json.dumps({"redirect_uris": [uri + "a" * 60_000]}).encode(),
        "a URI of dots": json.dumps({"redirect_uris": ["https://" + "a." * 25_000 + host]}).encode(),
        "a URI of percents": json.dumps({"redirect_uris": [uri + "%2e" * 15_000]}).encode(),
        "a URI of at signs": json.dumps({"redirect_uris": ["https://" + "@" * 50_000]}).encode(),
        "many URIs": json.dumps({"redirect_uris": [f"{uri}{n}" for n in range(1000)]}).encode(),
        "many grants": json.dumps({"grant_types": ["x"] * 10_000}).encode(),
        "many scopes": json.dumps({"scope": "a " * 30_000}).encode(),
        "a name of combining marks": json.dumps({"client_name": "a" + "\u0300" * 9000}).encode(),
        "a name of emoji": json.dumps({"client_name": "\U0001f468\u200d" * 4000}).encode(),
        "many languages": json.dumps({f"client_name#x-{n:04}": "a" for n in range(2500)}).encode(),
        "many keys": json.dumps({"jwks": {"keys": keys}}).encode(),
        "an enormous RSA key": json.dumps({"jwks": {"keys": [keys[0] | {"n": "z" * 60_000}]}}).encode(),
        "an enormous exponent": json.dumps({"jwks": {"keys": [keys[0] | {"e": "z" * 60_000}]}}).encode(),
        "one octet more": b'{"a":"'.ljust(LIMIT + 1, b"a"),
        "a megabyte": b"{" * 1_000_000,
    }


def test_are_refused_fast_and_leave_nothing(live_server: Live) -> None:
    intruder = Intruder(live_server)
    named = bombs(intruder.host)
    answers = intruder.ask_each(list(named.values()), intruder.post)
    wrong = {
        name: (answer.status, answer.body[:200])
        for name, answer in zip(named, answers, strict=True)
        if answer.status not in {400, 413}
    }
    assert wrong == {}
    for answer in answers:
        error(answer)
        assert len(answer.body) < 5000
    intruder.check()
    assert intruder.nothing_left()


@pytest.mark.parametrize(
    "form",
    [
        {"client_assertion": "a." * 4000},
        {"client_assertion": "A" * 8192},
        {"scope": "a " * 30_000},
        {"code": "c" * 60_000},
        {"client_id": "c" * 60_000},
        {"client_secret": "s" * 60_000, "client_id": "c"},
        {"client_assertion": f"{'A' * 4000}.{'A' * 4000}.{'A' * 190}"},
    ],
    ids=range(7),
)
def test_are_refused_by_the_token_endpoint_too(live_server: Live, form: dict[str, Any]) -> None:
    sent = {"grant_type": "client_credentials"} | (asserting("") if "client_assertion" in form else {}) | form
    assert error(live_server.post("/token", form=sent)) == (401, "invalid_client")


def test_an_outsider_fills_no_log(live_server: Live) -> None:
    """Without a credential: one event for each source and minute, however often."""
    from registry import queries
    from registry.actors import Viewer
    from registry.events import Event
    from registry.roles import Role

    operator = world.operator()
    conditions = {"organization": operator, "action": Event.REGISTRATION_REFUSED, "subject_id": "127.0.0.1"}
    begin = world.now()
    for number in range(30):
        headers = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"}
        live_server.post("/register", bearer=f"pri_{number}", json={}, headers=headers)
    found = queries.audit_events(Viewer(Role.AUDITOR, None), **conditions, at__gte=begin)
    minutes = found.values_list("at__minute", flat=True)
    assert len(minutes) == len(set(minutes)) <= 2
    elsewhere = queries.audit_events(Viewer(Role.AUDITOR, None), subject_id__startswith="198.51.100.")
    assert not elsewhere.exists()
