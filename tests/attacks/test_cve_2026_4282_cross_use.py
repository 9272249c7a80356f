"""CVE-2026-4282 (Keycloak): one store for all kinds of tokens lets one kind be used as another.

Every credential of the product at every place where a credential is presented: it opens its own place alone.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry import people
from registry.roles import Role
from tests import world
from tests.live import Answer, Live
from tests.software import (
    VERIFIER,
    Software,
    asserting,
    code_by_hand,
    is_active,
    machine,
    register,
    somebody,
)

pytestmark = pytest.mark.usefixtures("live_db")


class Place:
    """The whole cast of credentials, and every way to present one."""

    def __init__(self, live: Live) -> None:
        self.live, self.user = live, somebody()
        self.acme = world.organization()
        self.app = register(live, self.acme, token_endpoint_auth_method="client_secret_post")
        self.batch = machine(live, self.acme)
        self.keyed = machine(live, self.acme, signer=world.signer())
        self.server = world.resource_server()
        self.issued = self.app.exchange(code_by_hand(self.app, self.user)).json()

    def credentials(self) -> dict[str, str]:
        _, invitation = people.invite(
            f"{world.secrets.token_hex(4)}@people.example",
            "New",
            Role.AUDITOR,
            None,
            actor=world.STAN,
            operator_id=world.operator().pk,
            now=world.now(),
        )
        return {
            "initial access token": world.initial_access_token(self.acme).value,
            "registration access token": self.app.information["registration_access_token"],
            "software statement": world.signer().sign(
                {"iss": "https://federation.example", "software_id": "x"}
            ),
            "authorization code": code_by_hand(self.app, self.user),
            "access token": self.issued["access_token"],
            "client access token": self.batch.token().json()["access_token"],
            "refresh token": self.issued["refresh_token"],
            "client secret": self.app.secret,
            "resource server secret": self.server[1],
            "invitation": invitation,
            "client assertion": self.keyed.assertion(),
        }

    def ways(self) -> dict[str, Callable[[str], Answer]]:
        live, app = self.live, self.app
        grant = {"grant_type": "client_credentials"}

        def token(**form: str) -> Answer:
            return live.post("/token", form={"client_id": app.client_id, "client_secret": app.secret} | form)

        return {
            "bearer at registration": lambda v: live.post(
                "/register", bearer=v, json=world.machine_metadata()
            ),
            "bearer at configuration": lambda v: live.get(f"/register/{app.client_id}", bearer=v),
            "bearer at the API": lambda v: live.get("/api/v1/clients", bearer=v),
            "bearer at the token endpoint": lambda v: live.post("/token", bearer=v, form=grant),
            "bearer at introspection": lambda v: live.post("/introspect", bearer=v, form={"token": v}),
            "bearer at revocation": lambda v: live.post("/revoke", bearer=v, form={"token": v}),
            "code": lambda v: token(
                grant_type="authorization_code", code=v, code_verifier=VERIFIER, redirect_uri=app.redirect_uri
            ),
            "refresh token": lambda v: token(grant_type="refresh_token", refresh_token=v),
            "secret in the form": lambda v: token(
                client_secret=v, grant_type="refresh_token", refresh_token="crt_unknown"
            ),
            "secret in the header": lambda v: live.post(
                "/token", basic=(self.batch.client_id, v), form=grant
            ),
            "assertion": lambda v: live.post("/token", form=grant | asserting(v)),
            "secret at introspection": lambda v: live.post(
                "/introspect", basic=(self.server[0], v), form={"token": "x"}
            ),
            "token at introspection": lambda v: live.post(
                "/introspect", basic=self.server, form={"token": v}
            ),
            "invitation": lambda v: live.get(f"/invitations/{v}/"),
            "statement": lambda v: live.post(
                "/register",
                bearer=world.initial_access_token(self.acme).value,
                json=world.machine_metadata(software_statement=v),
            ),
        }


# The one way in which each credential is good; statements are closed for now.
GOOD = {
    ("initial access token", "bearer at registration"),
    ("registration access token", "bearer at configuration"),
    ("authorization code", "code"),
    ("access token", "token at introspection"),
    ("client access token", "token at introspection"),
    ("refresh token", "refresh token"),
    ("client secret", "secret in the form"),
    ("resource server secret", "secret at introspection"),
    ("invitation", "invitation"),
    ("client assertion", "assertion"),
}


def opens(answer: Answer) -> bool:
    """Whether something was granted. A proved client that asks with an unknown token gets `invalid_grant`."""
    if answer.status == 200 and answer.headers["Content-Type"] == "application/json":
        return bool(answer.json().get("active", True))
    return answer.status in {200, 201} or (answer.status == 400 and b'"invalid_grant"' in answer.body)


def test_the_matrix(live_server: Live) -> None:
    place = Place(live_server)
    ways, held = place.ways(), place.credentials()
    found = {
        (kind, way)
        for kind, value in held.items()
        for way, use in ways.items()
        if _used(kind, way, use, value)
    }
    assert found == GOOD
    assert is_active(live_server, place.server, held["client access token"])


def _used(kind: str, way: str, use: Callable[[str], Answer], value: str) -> bool:
    answer = use(value)
    assert answer.status < 500, (kind, way)
    if way in {
        "code",
        "refresh token",
    }:  # there the client itself is proved, and `invalid_grant` is the refusal
        return answer.status == 200
    if way == "secret at introspection":
        return answer.status == 200
    return opens(answer)


def test_no_kind_is_introspected_but_access_tokens(live_server: Live) -> None:
    place = Place(live_server)
    active = {
        kind for kind, value in place.credentials().items() if is_active(live_server, place.server, value)
    }
    assert active == {"access token", "client access token"}


def test_revoking_one_kind_as_another_ends_nothing(live_server: Live) -> None:
    place = Place(live_server)
    held = place.credentials()
    for kind in ("initial access token", "registration access token", "authorization code", "client secret"):
        assert place.app.revoke(held[kind]).status == 200
    answer = live_server.post("/register", bearer=held["initial access token"], json=world.machine_metadata())
    assert answer.status == 201
    assert place.app.exchange(held["authorization code"]).status == 200


@pytest.fixture(autouse=True)
def _fits_in_a_name() -> Iterator[Any]:
    """Each prefix names its kind, so that a scanner, or a person, can tell them apart."""
    yield
    prefixes = {"pri_", "prr_", "pcs_", "prs_", "pin_", "cat_", "crt_"}
    assert len({prefix[:3] for prefix in prefixes}) == len(prefixes)


def test_each_software_is_another(live_server: Live) -> None:
    """Two clients of one organization never stand in for one another."""
    acme = world.organization()
    one, two = machine(live_server, acme), machine(live_server, acme)
    mixed = Software(live_server, one.information | {"client_secret": two.secret})
    assert mixed.token().json()["error"] == "invalid_client"
