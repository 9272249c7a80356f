"""Logs: one JSON object a line, who it was and which request, and no secret, whatever carried it."""

import json
import logging
import secrets
from typing import Any

import pytest

from portal import access_log, trail
from portal.config import logs
from tests import world

SHORT = secrets.token_urlsafe(12)


def line(message: str, *args: object, **extra: Any) -> dict[str, Any]:
    """What one message of anybody's becomes."""
    record = logging.getLogger("anybody").makeRecord(
        "anybody", logging.WARNING, __file__, 1, message, args, extra.pop("exc_info", None), extra=extra
    )
    written = logs.formatter().format(record)
    assert "\n" not in written
    return dict(json.loads(written))


class TestLines:
    def test_say_when_who_and_how_grave(self) -> None:
        assert line("database not reachable").keys() == {"timestamp", "level", "logger", "event"}

    def test_carry_what_is_known_of_the_request(self) -> None:
        trail.begin(request_id="req_1")
        trail.know(client="acme-batch", organization="42")
        assert (
            line("x").items() >= {"request_id": "req_1", "client": "acme-batch", "organization": "42"}.items()
        )
        trail.end()
        assert "client" not in line("x")

    def test_know_nothing_of_the_request_before(self) -> None:
        trail.begin(request_id="req_1")
        trail.know(client="acme-batch")
        trail.begin(request_id="req_2")
        assert trail.end() == {"request_id": "req_2"}


def credentials() -> dict[str, str]:
    """One of each kind, as the product makes them."""
    from registry import client_credentials as held
    from registry import credentials as minted
    from registry import people, resource_servers, tokens
    from registry.identifiers import new_credential

    prefixes = {
        "initial access token": minted.INITIAL_ACCESS_TOKEN_PREFIX,
        "registration access token": held.REGISTRATION_ACCESS_TOKEN_PREFIX,
        "client secret": held.CLIENT_SECRET_PREFIX,
        "resource server": resource_servers.PREFIX,
        "access token": tokens.ACCESS_TOKEN_PREFIX,
        "refresh token": tokens.REFRESH_TOKEN_PREFIX,
        "invitation": people.INVITATION_PREFIX,
    }
    return {kind: new_credential(prefix) for kind, prefix in prefixes.items()}


SECRETS = credentials()


class TestSecrets:
    @pytest.mark.parametrize("kind", SECRETS)
    def test_of_ours_are_struck_out_wherever_they_stand(self, kind: str) -> None:
        assert SECRETS[kind] not in str(line("no such credential: %s", SECRETS[kind]))

    @pytest.mark.parametrize(
        "text",
        [
            "Authorization: Basic {}",
            "authorization: bearer {}",
            "POST body grant_type=authorization_code&code={}&x=1",
            "client_secret={}",
            "?token={}&hint=access_token",
            "code_verifier={}",
            "client_assertion={}",
            "password={}",
            "new_password={}",
            "could not connect to postgresql://concordat_app:{}@/concordat",
            "Internal Server Error: /invitations/{}/",
            "Internal Server Error: /sign-in/recover/1a-{}/",
        ],
    )
    def test_are_known_by_what_surrounds_them(self, text: str) -> None:
        assert SHORT not in str(line(text.format(SHORT)))

    def test_of_others_are_known_by_their_shape(self) -> None:
        assertion = world.assertion(world.signer(), "acme", "https://as.example")
        assert assertion.split(".")[2] not in str(line("cannot read %s", assertion))

    @pytest.mark.parametrize(
        "name", ["client_secret", "HTTP_AUTHORIZATION", "id_token", "set_cookie", "code"]
    )
    def test_are_known_by_their_name(self, name: str) -> None:
        assert SHORT not in str(logs.strike_out_named_secrets(None, "", {"event": "x", name: SHORT}))

    def test_in_an_exception_are_struck_out(self) -> None:
        try:
            raise ValueError(f"bad header: Basic {SHORT}")
        except ValueError as error:
            written = line("unanswered exception", exc_info=(type(error), error, error.__traceback__))
        assert SHORT not in str(written)
        assert "ValueError" in written["exception"]

    def test_leave_the_rest_readable(self) -> None:
        assert line("GET /staff/ took %s ms", 12)["event"] == "GET /staff/ took 12 ms"


class TestAccessLine:
    def test_has_no_path_and_no_query(self, client: Any, caplog: pytest.LogCaptureFixture) -> None:
        lines = _access_lines(client, f"/healthz/live?token={SHORT}", caplog)
        assert lines[0].items() >= {"method": "GET", "address": "live", "status": 200}.items()
        assert lines[0]["request_id"].startswith("req_")
        assert SHORT not in str(lines)

    def test_names_no_path_that_there_is_not(self, client: Any, caplog: pytest.LogCaptureFixture) -> None:
        lines = _access_lines(client, f"/healthz/{SHORT}", caplog)
        assert (lines[0]["address"], lines[0]["status"]) == ("unresolved", 404)
        assert SHORT not in caplog.text + str(lines)

    def test_is_json_with_the_same_members_as_every_line(self) -> None:
        record = logging.LogRecord("portal.access", logging.INFO, "", 0, "request", None, None)
        record.facts = {"method": "GET", "address": "live", "status": 200, "ms": 0.4}
        written = json.loads(logs.AccessFormatter().format(record))
        assert written.keys() >= line("x").keys()

    def test_can_be_switched_off(self, client: Any, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.WARNING, "portal.access")
        assert _access_lines(client, "/healthz/live", caplog, level=logging.WARNING) == []


def _access_lines(
    client: Any, path: str, caplog: pytest.LogCaptureFixture, *, level: int = logging.INFO
) -> list[dict[str, Any]]:
    logger = logging.getLogger(access_log.__name__.replace("access_log", "access"))
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(level, logger.name):
            client.get(path)
    finally:
        logger.removeHandler(caplog.handler)
    return [record.facts for record in caplog.records if record.name == logger.name]  # type: ignore[attr-defined]
