"""A few calls against the real server: two processes, TLS, the machine stack."""

import json

import pytest

from tests import world

pytestmark = pytest.mark.usefixtures("live_db")


@pytest.fixture
def token(live_server):
    made = world.service()
    answer = live_server.post(
        "/token", form={"grant_type": "client_credentials"}, basic=(made.client_id, made.client_secret)
    )
    assert answer.status == 200, answer.text
    return answer.json()["access_token"]


def test_the_story_of_a_partner(live_server, token):
    second = world.service()
    other = live_server.post(
        "/token", form={"grant_type": "client_credentials"}, basic=(second.client_id, second.client_secret)
    ).json()["access_token"]

    def call(method, path, body=None, bearer=token):
        return live_server.request(method, f"/api/v1/{path}", json=body, bearer=bearer)

    slug = world.organization(active=False).slug
    path = f"organizations/{slug}"
    assert call("POST", f"{path}/submit", {"evidence": "register extract"}).json()["state"] == "pending"
    assert call("POST", f"{path}/approve", {}).status == 403
    assert call("POST", f"{path}/approve", {}, bearer=other).json()["state"] == "active"

    issued = call("POST", f"{path}/initial-access-tokens", {"environment": "sandbox"}).json()
    body = world.machine_metadata()
    registered = live_server.post("/register", json=body, bearer=issued["value"])
    assert registered.status == 201, registered.text
    client = registered.json()
    credentials = (client["client_id"], client["client_secret"])
    grant = {"grant_type": "client_credentials"}
    assert live_server.post("/token", form=grant, basic=credentials).status == 200

    assert call("POST", f"{path}/contain", {"reason": "leak"}).json()["state"] == "suspended"
    assert live_server.post("/token", form=grant, basic=credentials).status == 401
    assert call("POST", f"{path}/restore", {"reason": "done"}).status == 403
    assert call("POST", f"{path}/restore", {"reason": "done"}, bearer=other).json()["state"] == "active"
    events = call("GET", f"audit-events?organization={slug}&page_size=5").json()["results"]
    assert events[0]["action"] == "organization.containment.ended"
    assert live_server.post("/token", form=grant, basic=credentials).status == 200


def test_a_token_of_a_partner_opens_nothing(live_server):
    acme = world.organization()
    issued = world.initial_access_token(acme)
    client = live_server.post("/register", json=world.machine_metadata(), bearer=issued.value).json()
    value = live_server.post(
        "/token",
        form={"grant_type": "client_credentials"},
        basic=(client["client_id"], client["client_secret"]),
    ).json()["access_token"]
    for bearer in (value, issued.value, client["client_secret"], client["registration_access_token"]):
        answer = live_server.get("/api/v1/organizations", bearer=bearer)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_the_machine_stack_sets_no_cookie_and_frames_nothing(live_server, token):
    answer = live_server.get("/api/v1/organizations", bearer=token)
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_the_schema_is_public(live_server):
    answer = live_server.get("/api/v1/schema")
    assert answer.status == 200
    assert answer.json()["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"reason": "\x00"}', 400),
        (b"{" * 60_000, 400),
        (json.dumps({"reason": "x" * 100_000}).encode(), 413),
        (b"x" * 1_000_000, 413),
    ],
)
def test_hostile_bodies_are_answered(body, status, live_server, token):
    slug = world.organization(active=False).slug
    answer = live_server.post(
        f"/api/v1/organizations/{slug}/contain",
        body=body,
        headers={"Content-Type": "application/json", "Connection": "close"},
        bearer=token,
    )
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.seconds < 2


def test_a_chunked_body_is_read_or_refused(live_server, token):
    slug = world.organization(active=False).slug
    head = (
        f"POST /api/v1/organizations/{slug}/submit HTTP/1.1\r\nHost: localhost:{live_server.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    body = json.dumps({"evidence": "register extract"})
    answer = live_server.raw(f"{head}{len(body):x}\r\n{body}\r\n0\r\n\r\n".encode())
    assert answer.split(b" ")[1] in {b"200", b"411", b"422"}
