"""A new database, in which the operator is not founded yet: strangers get the ordinary answers, never 5xx."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from registry import queries
from registry.actors import Viewer
from registry.roles import Role


@pytest.fixture
def client(clone_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Client]:
    with clone_database():
        yield Client()


def test_strangers_get_the_ordinary_answers(client: Client) -> None:
    sent = client.post("/register", {}, content_type="application/json")
    assert (sent.status_code, sent["WWW-Authenticate"][:6]) == (401, "Bearer")
    headers = {"Authorization": "Bearer pri_guessed"}
    guessed = client.post("/register", {}, content_type="application/json", headers=headers)
    assert (guessed.status_code, guessed.json()["error"]) == (401, "invalid_token")
    password = client.post("/sign-in/", {"login": "a@b.example", "password": "guessed"})
    assert password.status_code == 200
    assert not queries.audit_events(Viewer(Role.AUDITOR, None)).exists()


def test_readiness_says_what_to_do(client: Client) -> None:
    body = client.get("/healthz/ready").json()
    assert body["status"] == "degraded"
    assert "manage.py found_operator" in body["checks"]["operator"]["fix"]


@pytest.mark.parametrize(
    "command",
    [
        ("create_service_client", "gateway", "--scope", "audit:read"),
        ("create_resource_server", "rs", "--environment", "sandbox", "--scope", "accounts:read"),
    ],
)
def test_commands_say_what_to_do(client: Client, command: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="found_operator"):
        call_command(*command)
