"""CVE-2026-7504 (Keycloak): several at signs in the authority, where two parsers see two hosts."""

import pytest

from tests.attacks.attempts import Intruder
from tests.live import Live

pytestmark = pytest.mark.usefixtures("live_db")
AUTHORITIES = [
    "user@{host}",
    "user:pass@{host}",
    "@{host}",
    ":@{host}",
    "a@b@{host}",
    "evil.example@{host}",
    "{host}@evil.example",
    "{host}@evil.example@{host}",
    "{host}%40evil.example",
    "evil.example%40{host}",
    "{host}\\@evil.example",
    "evil.example\\@{host}",
    "{host}\\.evil.example",
    "evil.example\\.{host}",
    "{host};@evil.example",
    "{host}&@evil.example",
    "{host},evil.example",
    "{host} evil.example",
    "{host}\tevil.example",
    "{host}\n.evil.example",
    "{host}%00.evil.example",
    "{host}%0d%0aevil.example",
    "{host}%2f.evil.example",
    "{host}%23.evil.example",
    "{host}%5c.evil.example",
    "{host}:443@evil.example",
    "{host}:80:443",
    "{host}:evil",
    "{host}:",
    "{host}.evil.example",
    "{host}evil",
    "{host}\uff20evil.example",
    "{host}\ufe6bevil.example",
    "evil.example\u2024{host}",
    "[{host}]",
    "{host}]",
]


def test_are_refused(live_server: Live) -> None:
    intruder = Intruder(live_server)
    uris = [f"https://{authority.format(host=intruder.host)}/cb" for authority in AUTHORITIES]
    uris += [f"https:{slashes}{intruder.host}/cb" for slashes in ("", "/", "///", "\\\\", "/\\", "////")]
    intruder.all_refused([{"redirect_uris": [uri]} for uri in uris], "invalid_redirect_uri")
    assert intruder.nothing_left()


def test_stand_where_they_mean_nothing(live_server: Live) -> None:
    intruder = Intruder(live_server)
    uris = [f"https://{intruder.host}/@user", f"https://{intruder.host}/cb?mail=a@b"]
    intruder.all_accepted([{"redirect_uris": [uri]} for uri in uris])
