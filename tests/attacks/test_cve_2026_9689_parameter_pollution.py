"""CVE-2026-9689 (Keycloak): the same parameter twice, where one reader takes the first and another the last."""

import base64
import json
from urllib.parse import urlencode

import pytest

from registry.models import Grant
from registry.roles import Role
from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
from tests.portal.protocol.reading import error
from tests.software import VERIFIER, code_by_hand, register, signed_in, somebody

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.mark.parametrize(
    "name", ["client_id", "redirect_uri", "scope", "state", "response_type", "code_challenge"]
)
def test_at_the_authorization_endpoint(live_server: Live, name: str) -> None:
    acme = world.organization()
    app = register(live_server, acme)
    asked = app.question()
    pairs = [*asked.items(), (name, "https://evil.example/")]
    for order in (pairs, pairs[::-1]):
        answer = live_server.get(f"/authorize/?{urlencode(order)}")
        assert answer.status == 400
        assert "Location" not in answer.headers


def test_at_the_consent(live_server: Live) -> None:
    """A value in the form beside the one in the query."""
    acme = world.organization()
    app = register(live_server, acme)
    asked = app.question()
    with signed_in(live_server, world.person(Role.END_USER)) as browser:
        browser.get(f"/authorize/?{urlencode(asked)}", allow_redirects=False)
        for name in ("redirect_uri", "client_id", "scope"):
            answer = browser.submit(f"/authorize/?{urlencode(asked)}", **{"allow": "true", name: "x"})
            assert answer.status_code == 400
    assert not Grant.objects.filter(organization=acme).exists()


@pytest.mark.parametrize(
    "name", ["code", "redirect_uri", "client_id", "code_verifier", "grant_type", "resource"]
)
def test_at_the_token_endpoint(live_server: Live, name: str) -> None:
    app = register(live_server, world.organization())
    form = {
        "grant_type": "authorization_code",
        "code": code_by_hand(app, somebody()),
        "redirect_uri": app.redirect_uri,
        "code_verifier": VERIFIER,
        "client_id": app.client_id,
        "resource": "https://api.example/",
    }
    pairs = [*form.items(), (name, form[name])]
    answer = live_server.post("/token", basic=(app.client_id, app.secret), form=pairs)
    assert error(answer) == (400, "invalid_request")
    assert app.exchange(form["code"]).status == 200


def test_in_a_registration(live_server: Live) -> None:
    intruder = Intruder(live_server)
    good, evil = f"https://{intruder.host}/cb", "https://evil.example/cb"
    for first, second in ((good, evil), (evil, good)):
        for spelling in ('"redirect_uris"', '"redirect\\u005furis"'):
            body = f'{{"redirect_uris":["{first}"],{spelling}:["{second}"]}}'
            answer = intruder.post(body.encode())
            assert error(answer) == (400, "invalid_client_metadata")
            assert "[L1.duplicate]" in answer.json()["error_description"]
    assert intruder.nothing_left()


def test_in_a_client_assertion(live_server: Live) -> None:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "ES256"}).encode()).rstrip(b"=").decode()
    claims = base64.urlsafe_b64encode(b'{"iss":"a","sub":"a","aud":"x","aud":"y"}').rstrip(b"=").decode()
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": f"{header}.{claims}.AA",
    }
    assert error(live_server.post("/token", form=form)) == (401, "invalid_client")
