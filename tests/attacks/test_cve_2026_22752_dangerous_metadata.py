"""CVE-2026-22752 (Spring Authorization Server): whoever may register asks for a script, an inner address, any scope."""

import pytest

from tests.attacks.attempts import Intruder
from tests.live import Live

pytestmark = pytest.mark.usefixtures("live_db")


def test_a_script_as_redirect_uri(live_server: Live) -> None:
    intruder = Intruder(live_server)
    intruder.all_refused(
        [{"redirect_uris": ["javascript:alert(document.domain)"]}, {"redirect_uris": ["data:text/html,x"]}],
        "invalid_redirect_uri",
    )
    assert intruder.nothing_left()


def test_an_inner_address_as_key_set(live_server: Live) -> None:
    intruder = Intruder(live_server)
    keyed = {"token_endpoint_auth_method": "private_key_jwt"}
    addresses = [
        "http://169.254.169.254/latest/meta-data/",
        "https://localhost/jwks",
        "https://169.254.169.254/jwks",
        f"https://{intruder.host}.evil.example/jwks",
    ]
    intruder.all_refused([keyed | {"jwks_uri": uri} for uri in addresses], "invalid_client_metadata")
    assert intruder.nothing_left()


def test_any_scope(live_server: Live) -> None:
    intruder = Intruder(live_server)
    scopes = ["admin", "openid", "*", "organizations:contain", "accounts:read admin", "Accounts:Read"]
    intruder.all_refused([{"scope": scope} for scope in scopes], "invalid_client_metadata")
    assert intruder.nothing_left()
