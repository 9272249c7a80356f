"""CVE-2025-27370, -27371: a client assertion made for one server is shown to another, or names several."""

import pytest

from tests import world
from tests.live import Live
from tests.portal.protocol.reading import error
from tests.software import Software, asserting, machine

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture
def software(live_server: Live) -> Software:
    return machine(live_server, world.organization(), signer=world.signer())


def present(software: Software, audience: object, path: str = "/token", **form: str) -> tuple[int, str]:
    form = {"grant_type": "client_credentials"} | form | asserting(software.assertion(aud=audience))
    answer = software.door.post(path, form=form)
    return error(answer) if answer.status >= 400 else (answer.status, "")


def test_the_issuer_alone_is_the_audience(software: Software) -> None:
    issuer = software.door.issuer
    assert present(software, issuer) == (200, "")
    assert present(software, [issuer]) == (200, "")


@pytest.mark.parametrize(
    "audience",
    [
        "https://other.example",
        "{issuer}/token",
        "{issuer}/",
        "{issuer}/.well-known/oauth-authorization-server",
        "{issuer}/register",
        "{issuer}@other.example",
        "{issuer}.other.example",
        ["{issuer}", "https://other.example"],
        ["https://other.example", "{issuer}"],
        ["{issuer}", "{issuer}/token"],
        ["{issuer}", "{issuer}"],
        "{issuer} https://other.example",
        "{issuer},https://other.example",
        [],
        None,
        {"aud": "{issuer}"},
        [["{issuer}"]],
        [None],
        0,
    ],
    ids=range(19),
)
def test_any_other_is_refused(software: Software, audience: object) -> None:
    def filled(value: object) -> object:
        if isinstance(value, str):
            return value.replace("{issuer}", software.door.issuer)
        if isinstance(value, list):
            return [filled(item) for item in value]
        return value

    assert present(software, filled(audience)) == (401, "invalid_client")
    assert present(software, filled(audience), "/revoke", token="x") == (401, "invalid_client")


def test_an_assertion_for_revocation_is_the_same(software: Software) -> None:
    assert present(software, software.door.issuer, "/revoke", token="x") == (200, "")
