"""Each verb of the one writer in each state, on the database: it moves as the table says, or refuses and leaves all."""

from collections.abc import Callable
from typing import Any

import pytest

from registry import lifecycle, queries
from registry.actors import Viewer
from registry.errors import TransitionRefused
from registry.models import Client, Organization
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment, State
from tests import world
from tests.architecture import expected

pytestmark = pytest.mark.django_db
EVERYTHING = Viewer(Role.AUDITOR, None)
BY_STAN = {"actor": world.STAN, "reason": "because"}

ORGANIZATION_VERBS: dict[str, Callable[[Any], object]] = {
    "submit": lambda one: lifecycle.submit_organization(one, evidence="seen", now=world.now(), **BY_STAN),
    "approve": lambda one: lifecycle.approve_organization(one, four_eyes=True, now=world.now(), **BY_STAN),
    "reject": lambda one: lifecycle.reject_organization(one, now=world.now(), **BY_STAN),
    "contain": lambda one: lifecycle.contain_organization(one, now=world.now(), **BY_STAN),
    "restore": lambda one: lifecycle.restore_organization(one, now=world.now(), **BY_STAN),
    "revoke": lambda one: lifecycle.revoke_organization(one, four_eyes=False, now=world.now(), **BY_STAN),
}
CLIENT_VERBS: dict[str, Callable[[str], object]] = {
    "restrict": lambda one: lifecycle.restrict_client(one, now=world.now(), **BY_STAN),
    "lift": lambda one: lifecycle.lift_client(one, now=world.now(), **BY_STAN),
    "suspend": lambda one: lifecycle.suspend_client(one, now=world.now(), **BY_STAN),
    "expire": lambda one: lifecycle.expire_client(one, actor=world.STAN, now=world.now()),
    "reactivate": lambda one: lifecycle.reactivate_client(one, now=world.now(), **BY_STAN),
    "revoke": lambda one: lifecycle.revoke_client(one, now=world.now(), **BY_STAN),
    "deregister": lambda one: lifecycle.deregister_client(one, now=world.now(), **BY_STAN),
    "approve": lambda one: lifecycle.approve_client(Client.objects.get(client_id=one), now=world.now()),
    "reject": lambda one: lifecycle.reject_client(
        Client.objects.get(client_id=one), reason="because", now=world.now()
    ),
}
DECISIONS = {"approve", "reject"}  # their event is recorded by the pipeline, with the decision


def events() -> int:
    return int(queries.audit_events(EVERYTHING).count())


@pytest.mark.parametrize("verb", ORGANIZATION_VERBS)
@pytest.mark.parametrize("state", [state.value for state in State])
def test_organization(state: str, verb: str) -> None:
    acme = world.organization()
    Organization.objects.filter(pk=acme.pk).update(state=state, state_before="", submitted_by="")
    cell = expected.read(expected.ORGANIZATION_EVENTS)[state, verb]
    before, count = Organization.objects.values().get(pk=acme.pk), events()
    if cell == ".":
        with pytest.raises(TransitionRefused):
            ORGANIZATION_VERBS[verb](acme.pk)
        assert (Organization.objects.values().get(pk=acme.pk), events()) == (before, count)
    else:
        ORGANIZATION_VERBS[verb](acme.pk)
        assert (Organization.objects.get(pk=acme.pk).state, events()) == (cell, count + 1)


@pytest.mark.parametrize("verb", CLIENT_VERBS)
@pytest.mark.parametrize("state", [state.value for state in State])
def test_client(state: str, verb: str) -> None:
    made = client()
    Client.objects.filter(client_id=made).update(state=state, state_before="")
    cell = expected.read(expected.CLIENT_EVENTS)[state, verb]
    before, count = Client.objects.values().get(client_id=made), events()
    if cell == ".":
        with pytest.raises(TransitionRefused):
            CLIENT_VERBS[verb](made)
        assert (Client.objects.values().get(client_id=made), events()) == (before, count)
    else:
        CLIENT_VERBS[verb](made)
        told = 0 if verb in DECISIONS else 1
        assert (Client.objects.get(client_id=made).state, events()) == (cell, count + told)


def client() -> str:
    made = manual.register(
        world.organization().pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        justification="a test",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return str(made.client_id)
