"""What the hot endpoints cost in SQL statements; BEGIN and COMMIT count."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Http
from django.test.utils import CaptureQueriesContext

from registry.assertions import ASSERTION_TYPE
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def statements(django_db_blocker: Any) -> Callable[[], CaptureQueriesContext]:
    return lambda: CaptureQueriesContext(connection)


def _registered(http: Http, body: dict[str, Any], token: str) -> dict[str, Any]:
    answer = http.post(
        "/register", body, content_type="application/json", headers={"authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_registration_takes_twenty_statements_at_most(client: Http, statements: Any) -> None:
    acme = world.organization()
    token = world.initial_access_token(acme).value
    body = world.metadata(
        acme,
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg="ES256",
        jwks={"keys": [world.signer().public]},
    )
    with statements() as seen:
        _registered(client, body, token)
    assert len(seen) <= 20, [query["sql"][:80] for query in seen]


def test_a_token_by_client_credentials_takes_three_statements_at_most(client: Http, statements: Any) -> None:
    acme = world.organization()
    made = _registered(client, world.machine_metadata(), world.initial_access_token(acme).value)
    header = {"authorization": world.basic(made["client_id"], made["client_secret"])}
    with statements() as seen:
        answer = client.post("/token", _FORM, content_type=_TYPE, headers=header)
    assert answer.status_code == 200, answer.content
    assert len(seen) <= 3, [query["sql"][:80] for query in seen]


def test_a_token_by_a_signed_assertion_takes_three_once_its_use_is_noted(
    client: Http, statements: Any
) -> None:
    """The first one of an hour notes the use, too."""
    acme, signer = world.organization(), world.signer()
    body = world.machine_metadata(
        token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]}
    )
    made = _registered(client, body, world.initial_access_token(acme).value)
    for most in (4, 3):
        proof = world.assertion(signer, made["client_id"], settings.REGISTRY.issuer)
        form = f"{_FORM}&client_assertion_type={quote(ASSERTION_TYPE)}&client_assertion={proof}"
        with statements() as seen:
            answer = client.post("/token", form, content_type=_TYPE)
        assert answer.status_code == 200, answer.content
        assert len(seen) <= most, [query["sql"][:80] for query in seen]


def test_an_introspection_takes_one_statement(client: Http, statements: Any) -> None:
    acme = world.organization()
    made = _registered(client, world.machine_metadata(), world.initial_access_token(acme).value)
    header = {"authorization": world.basic(made["client_id"], made["client_secret"])}
    value = client.post("/token", _FORM, content_type=_TYPE, headers=header).json()["access_token"]
    server = {"authorization": world.basic(*world.resource_server())}
    with statements() as seen:
        answer = client.post("/introspect", f"token={value}", content_type=_TYPE, headers=server)
    assert answer.json()["active"] is True
    assert len(seen) == 1, [query["sql"][:80] for query in seen]


_TYPE = "application/x-www-form-urlencoded"
_FORM = "grant_type=client_credentials&scope=accounts:read"
