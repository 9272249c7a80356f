"""Canaries: a secret in every field and header of every endpoint, while all is well and while PostgreSQL is gone.

None may sing in a log. What the audit log, mails and pages keep to themselves is proved where they are made.
"""

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from tests import machine as machines
from tests import world
from tests.live import Answer, Live
from tests.machine import Machine

MARK = f"canary{secrets.token_hex(4)}"
KINDS = ("pri_", "prr_", "pcs_", "prs_", "pin_", "cat_", "crt_", "")
FORM_FIELDS = (
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
    "client_assertion",
    "password",
    "scope",
    "redirect_uri",
)
MACHINE_PATHS = ("/token", "/introspect", "/revoke", "/register", "/register/x", "/api/v1/organizations")
PAGES = (
    "/sign-in/",
    "/sign-in/verify/",
    "/invitations/{}/",
    "/sign-in/recover/1-{}/",
    "/authorize/",
    "/staff/",
)


def canary(kind: str = "") -> str:
    return f"{kind}{MARK}{secrets.token_urlsafe(24)}"


def jwt() -> str:
    parts = (json.dumps({"alg": "ES256", "kid": MARK}), json.dumps({"sub": MARK}), MARK * 3)
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


def sing(live: Live) -> Iterator[Answer]:
    """Ask everything with a canary in each place that could hold a secret."""
    for path in MACHINE_PATHS:
        for value in (*(canary(kind) for kind in KINDS), jwt()):
            yield live.post(path, bearer=value, json={"client_name": value, "software_statement": value})
        yield live.post(path, basic=(canary(), canary("pcs_")), form={name: canary() for name in FORM_FIELDS})
        yield live.post(path, form={name: jwt() for name in FORM_FIELDS} | {"grant_type": "refresh_token"})
        yield live.post(path, body=f'{{"x": "{canary()}', headers={"Content-Type": "application/json"})
        yield live.get(f"{path}?token={canary('cat_')}&code={canary()}", headers=_headers())
    for page in PAGES:
        yield live.get(page.format(canary("pin_")) + f"?code={canary()}&state={canary()}", headers=_headers())
        yield live.post(
            page.format(canary()), form={"password": canary(), "code": canary()}, headers=_headers()
        )


def _headers() -> dict[str, str]:
    cookies = f"{settings.SESSION_COOKIE_NAME}={canary()}; {settings.CSRF_COOKIE_NAME}={canary()}"
    return {"Cookie": cookies, "Authorization": f"Basic {base64.b64encode(canary().encode()).decode()}"}


def found(machine: Machine) -> list[str]:
    """Lines of any log in which a canary sings, in plain or in base64; and files of metrics."""
    encoded = {base64.b64encode(b"x" * shift + MARK.encode())[4:-4].decode() for shift in range(3)}
    lines = [
        line for file in machine.logs.glob("*.log") for line in file.read_text(errors="replace").splitlines()
    ]
    assert any('"logger":"portal.access"' in line for line in lines), "nothing was logged"
    counted = [file.name for file in machine.logs.glob("metrics/*.db") if MARK.encode() in file.read_bytes()]
    return counted + [line for line in lines if MARK in line or any(text in line for text in encoded)]


@pytest.fixture
def connected(machine: Machine, django_db_blocker: DjangoDbBlocker) -> Iterator[Machine]:
    with django_db_blocker.unblock(), machines.on(machine):
        world.operator()
        yield machine


def test_no_canary_sings_while_all_is_well(connected: Machine) -> None:
    answers = list(sing(connected.live))
    assert {answer.status for answer in answers} <= {200, 302, 400, 401, 403, 404, 405, 409, 413, 415, 429}
    assert found(connected) == []


def test_no_canary_sings_while_the_database_is_gone(connected: Machine) -> None:
    with connected.without_database():
        path, value = "/token", canary("pcs_")
        form: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": canary("crt_")}
        assert connected.live.post(path, basic=("acme", value), form=form).status == 503
        connected.live.get(f"/invitations/{canary('pin_')}/", headers=_headers())
    assert found(connected) == []


def test_a_line_says_who_it_was(connected: Machine) -> None:
    iat = world.initial_access_token(world.organization()).value
    made = connected.live.post("/register", bearer=iat, json=world.machine_metadata()).json()
    answer = connected.live.post(
        "/token", basic=(made["client_id"], made["client_secret"]), form={"grant_type": "client_credentials"}
    )
    line = next(
        line for line in _access_lines(connected) if line["request_id"] == answer.headers["Request-Id"]
    )
    assert line.items() >= {"address": "token", "status": 200, "client": made["client_id"]}.items()
    assert line["organization"]
    assert line["ms"] > 0


def _access_lines(machine: Machine) -> list[dict[str, Any]]:
    lines = (machine.logs / "web.log").read_text().splitlines()
    return [json.loads(line) for line in lines if '"logger":"portal.access"' in line]
