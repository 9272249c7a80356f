"""Requests generated from the document, by four roles, at every operation: no failure, nothing that is not documented.

Each role sends to what is there and to what is not, with bodies, queries and headers that the document allows and with
such as it does not. What is done is rolled back, so that each request meets what the first one met.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from portal.api.document import document
from portal.config.wsgi import application
from registry.operator import API_SCOPES
from tests import world
from tests.portal.api.conftest import QUERIES, ROUTES, Address, lookup
from tests.portal.api.test_audit import WRITES

pytestmark = pytest.mark.django_db

BEYOND_SCHEMAS = {"api.sponsor", "api.repeated", "api.blank", "api.null_characters_not_allowed"}
READERS = tuple(scope for scope in API_SCOPES if scope.endswith(":read"))
ROLES: dict[str, tuple[str, ...] | None] = {
    "all": API_SCOPES,
    "reader": READERS,
    "none": (),
    "stranger": None,
}
FEW = {"all": 4, "reader": 2, "none": 1, "stranger": 1}
MANY = {"all": 300, "reader": 50, "none": 20, "stranger": 20}

every_operation = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.id)


def loaded() -> Any:
    """The document, which refuses with a status of its own whatever it does not allow."""
    schema = schemathesis.openapi.from_dict(document(django_settings.REGISTRY.issuer))
    schema.app = application
    schema.config.checks.negative_data_rejection.expected_statuses = ["4XX"]
    return schema


SCHEMA = loaded()


def refused_by_the_registry_alone(context: Any, response: Any, case: Any) -> None:
    """What the document allows has its shape: only the registry's rules may refuse it.

    BEYOND_SCHEMAS is what ours does not say: who is of the staff, that a role stands once, that text is more than
    spaces and holds no NUL.
    """
    if case.meta is None or case.meta.generation.mode.is_negative or response.status_code != 422:
        return
    rules = {finding["rule"] for finding in response.json().get("findings", ())}
    assert not {rule for rule in rules if rule.startswith("api.")} - BEYOND_SCHEMAS, response.text


CHECKS: list[Any] = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OF_ALL_SCOPES = [*CHECKS, checks.negative_data_rejection, refused_by_the_registry_alone]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """What the server sends when a request begins and ends would close the connection of this test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def bearer(scopes: tuple[str, ...] | None) -> dict[str, str]:
    """The header of a service with a token of these scopes; none for a stranger."""
    return {} if scopes is None else {"Authorization": f"Bearer {world.token_of(world.service(), scopes)}"}


def answered(case: Any, headers: dict[str, str], held_to: list[Any]) -> int:
    """The status of the answer, which passed the checks; what was done is undone."""
    with transaction.atomic():
        answer = case.call(base_url="https://localhost", headers=headers)
        transaction.set_rollback(True)
    case.validate_response(answer, checks=held_to)
    return int(answer.status_code)


def cases(operation: Any, there: dict[str, str]) -> Any:
    """As the document allows and otherwise, half of them at what is there."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    anywhere = [operation.as_strategy(mode) for mode in modes]
    known = [operation.as_strategy(mode, path_parameters=there) for mode in modes] if there else []
    return strategies.one_of(*anywhere, *known)


def generated(route: Address, target: dict[str, Any], role: str, count: int) -> None:
    operation = SCHEMA[route.template][route.method]
    headers, there = bearer(ROLES[role]), {name: str(value) for name, value in target.items()}
    held_to = OF_ALL_SCOPES if role == "all" else CHECKS

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=count in FEW.values(),  # the short walk is the same each time, the long one explores
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation, there))
    def one(case: Any) -> None:
        answered(case, headers, held_to)

    one()


def aim(route: Address, known: dict[str, Any]) -> dict[str, Any]:
    if route.writes:
        return dict(WRITES[route.id].target())
    return {name: known[name] for name in route.arguments}


@every_operation
def test_generated_requests_are_answered_as_documented(route: Address, known: dict[str, Any]) -> None:
    target = aim(route, known)
    for role, count in FEW.items():
        generated(route, target, role, count)


@pytest.mark.long
@every_operation
def test_many_generated_requests(route: Address, known: dict[str, Any]) -> None:
    target = aim(route, known)
    for role, count in MANY.items():
        generated(route, target, role, count)


@every_operation
def test_every_operation_is_reached_by_whoever_holds_its_scope(route: Address, known: dict[str, Any]) -> None:
    case = possible(route, aim(route, known), known)
    for scopes in ROLES.values():
        status = answered(case, bearer(scopes), CHECKS)
        reached = scopes is not None and route.view.scopes[route.method] in scopes
        assert status in ({200, 201} if reached else {401} if scopes is None else {403})


def possible(route: Address, target: dict[str, Any], known: dict[str, Any]) -> Any:
    """A request that succeeds for whoever may send it."""
    write = WRITES.get(route.id)
    body = write.body if write else lookup(route, known)
    return SCHEMA[route.template][route.method].Case(
        path_parameters={name: str(value) for name, value in target.items()},
        query={name: str(known[name]) for name in QUERIES.get(route.name, ())},
        headers={"If-Match": write.headers(target)["HTTP_IF_MATCH"]} if write and write.binds else {},
        **({"body": body, "media_type": "application/json"} if body is not None else {}),
    )
