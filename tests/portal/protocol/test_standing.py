"""Every state of an organization × every state of a client × every endpoint: the answer is that of `access.may`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from registry import access, loading
from registry.models import Client, Organization, User
from registry.states import Action, Cell, Environment, State
from tests import world
from tests.live import Answer
from tests.software import InProcess, Software, code_by_hand, introspect, register

pytestmark = pytest.mark.django_db
GRANTS = ["authorization_code", "refresh_token", "client_credentials"]
STATES = [state.value for state in State]


class Held:
    """Software with everything that it could have got while all was well."""

    def __init__(self, door: InProcess, holder: Organization, user: User, environment: Environment) -> None:
        self.door, self.user = door, user
        self.server = world.resource_server(environment=environment)
        self.software = register(door, holder, environment=environment, grant_types=GRANTS)
        Client.objects.filter(client_id=self.software.client_id).update(
            state=State.ACTIVE, rotate_refresh_tokens=False
        )
        told = self.software.exchange(code_by_hand(self.software, user)).json()
        self.access_token, self.refresh_token = told["access_token"], told["refresh_token"]

    def verdict(self, action: Action) -> Cell:
        acting = loading.acting_client(self.software.client_id, world.now())
        assert acting is not None
        return access.may(acting.standing, action, world.now()).cell

    # One method for each endpoint: what it said, in the words of a cell

    def authorize(self) -> str:
        answer = self.door.get(f"/authorize/?{urlencode(self.software.question())}")
        return {302: "allowed", 400: "refused"}[answer.status]

    def client_credentials(self) -> str:
        return _said(self.software.token())

    def authorization_code(self) -> str:
        return _said(self.software.exchange(code_by_hand(self.software, self.user)))

    def refresh(self) -> str:
        return _said(self.software.refresh(self.refresh_token))

    def revoke(self) -> str:
        return _said(self.software.revoke("cat_unknown"))

    def introspect(self) -> str:
        return "allowed" if introspect(self.door, self.server, self.access_token)["active"] else "refused"


def _said(answer: Answer) -> str:
    if answer.status == 200:
        return "allowed"
    return {"invalid_client": "refused", "unauthorized_client": "undecided"}[answer.json()["error"]]


ENDPOINTS: dict[str, tuple[Action, Callable[[Held], str]]] = {
    "authorize": (Action.AUTHORIZE, Held.authorize),
    "token by client_credentials": (Action.ISSUE, Held.client_credentials),
    "token by authorization_code": (Action.ISSUE, Held.authorization_code),
    "token by refresh_token": (Action.REFRESH, Held.refresh),
    "revocation": (Action.REVOKE_TOKEN, Held.revoke),
    "introspection": (Action.INTROSPECT, Held.introspect),
}
# Where nobody is authenticated, an undecided client reads like a refused one.
SAYS_UNDECIDED = {"token by client_credentials", "token by authorization_code", "token by refresh_token"}


def expected(endpoint: str, cell: Cell) -> str:
    if cell in {Cell.YES, Cell.REDUCED}:
        return "allowed"
    return "undecided" if cell is Cell.UNDECIDED and endpoint in SAYS_UNDECIDED else "refused"


def differences(held: Held) -> dict[str, Any]:
    """What endpoints say otherwise than the one decision function."""
    found = {}
    for endpoint, (action, ask) in ENDPOINTS.items():
        cell = held.verdict(action)
        if (said := ask(held)) != expected(endpoint, cell):
            found[endpoint] = (said, cell)
    return found


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("organization_state", STATES)
def test_every_endpoint_asks_the_one_function(
    door: InProcess, acme: Organization, user: User, organization_state: str, environment: Environment
) -> None:
    held = Held(door, acme, user, environment)
    Organization.objects.filter(pk=acme.pk).update(state=organization_state)
    found = {}
    for client_state in STATES:
        Client.objects.filter(client_id=held.software.client_id).update(state=client_state)
        found[client_state] = differences(held)
    assert found == {state: {} for state in STATES}


@pytest.mark.parametrize("environment", list(Environment))
def test_a_contained_environment_is_asked_too(
    door: InProcess, acme: Organization, user: User, environment: Environment
) -> None:
    held = Held(door, acme, user, environment)
    for column in ("sandbox_contained", "production_contained"):
        Organization.objects.filter(pk=acme.pk).update(sandbox_contained=False, production_contained=False)
        Organization.objects.filter(pk=acme.pk).update(**{column: True})
        assert differences(held) == {}
        assert (held.client_credentials() == "refused") == column.startswith(environment)


def test_the_end_of_validity_is_asked_too(door: InProcess, acme: Organization, user: User) -> None:
    held = Held(door, acme, user, Environment.SANDBOX)
    rows = Client.objects.filter(client_id=held.software.client_id)
    rows.update(valid_until=world.now() + timedelta(minutes=1))
    assert (differences(held), held.client_credentials()) == ({}, "allowed")
    rows.update(valid_until=world.now())
    assert (differences(held), held.client_credentials()) == ({}, "refused")


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("state", STATES)
def test_registration_asks_for_the_organization(
    door: InProcess, acme: Organization, state: str, environment: Environment
) -> None:
    token = world.initial_access_token(acme, environment).value
    Organization.objects.filter(pk=acme.pk).update(state=state)
    acme.refresh_from_db()
    verdict = access.may_organization(access.organization_standing(acme, environment), Action.REGISTER)
    answer = door.post("/register", bearer=token, json=world.machine_metadata())
    assert answer.status == (201 if verdict.allowed else 401)


@pytest.mark.parametrize("client_state", STATES)
def test_the_api_asks_for_its_service(door: InProcess, client_state: str) -> None:
    world.operator()
    service = world.service()
    software = Software(
        door,
        {
            "client_id": service.client_id,
            "client_secret": service.client_secret,
            "token_endpoint_auth_method": "client_secret_basic",
        },
    )
    value = software.token().json()["access_token"]
    Client.objects.filter(client_id=service.client_id).update(state=client_state)
    acting = loading.acting_client(service.client_id, world.now())
    assert acting is not None
    allowed = access.may(acting.standing, Action.USE, world.now()).allowed
    assert door.get("/api/v1/organizations", bearer=value).status == (200 if allowed else 401)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_configuration_endpoint_opens_by_state(
    door: InProcess, app: Software, state: str, method: str
) -> None:
    """Suspended: 403 for everything; ended: 401 (RFC 7592 §2). Neither changes anything."""
    Client.objects.filter(client_id=app.client_id).update(state=state)
    before = Client.objects.values().get(client_id=app.client_id)
    value = app.information["registration_access_token"]
    status = door.request(method, f"/register/{app.client_id}", bearer=value, json={}).status
    if state in {State.SUSPENDED, State.REVOKED, State.OFFBOARDED}:
        assert status == (403 if state == State.SUSPENDED else 401)
        assert Client.objects.values().get(client_id=app.client_id) == before
    elif state != State.DRAFT:  # in which no client ever is
        assert status == {"GET": 200, "PUT": 400, "DELETE": 204}[method]
