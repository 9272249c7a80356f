"""The pipeline: one transaction from request to decision, and decisions about what waits."""

from collections.abc import Callable
from typing import Any

import pytest

from registry import client_metadata, decisions, lifecycle, queries, registration
from registry.actors import Viewer
from registry.errors import (
    Conflict,
    FourEyesRequired,
    InvalidClientMetadata,
    InvalidInput,
    NotFound,
    StandingForbids,
)
from registry.events import Event
from registry.models import Client, ClientKey, Organization, Registration
from registry.registration import RegistrationRequest
from registry.roles import Role
from registry.states import Environment, Route, State
from tests import world

pytestmark = pytest.mark.django_db
STAFF = Viewer(Role.AUDITOR, None)


@pytest.fixture
def acme() -> Organization:
    return world.organization()


def register(
    holder: Organization, body: dict[str, Any] | None = None, **changes: Any
) -> tuple[registration.Registered, Client]:
    request: dict[str, Any] = {
        "organization_id": holder.pk,
        "environment": Environment.SANDBOX,
        "route": Route.DYNAMIC,
        "metadata": client_metadata.parse(body or world.metadata(holder)),
        "evidence": {"by": "test"},
    }
    return registration.register(RegistrationRequest(**request | changes), actor=world.STAN, now=world.now())


def waiting(holder: Organization, review: str = "one_person") -> Registration:
    Organization.objects.filter(pk=holder.pk).update(production_review=review)
    _, client = register(holder, environment=Environment.PRODUCTION)
    return client.registrations.get()


def approve(row: Registration, actor: Any = world.PAUL, reason: str = "known") -> Registration:
    return decisions.approve(row.pk, actor=actor, reason=reason, now=world.now())


def events(holder: Organization, event: Event) -> int:
    return int(queries.audit_events(STAFF, organization=holder, action=event).count())


class TestRegister:
    def test_makes_client_keys_credentials_and_decision(self, acme: Organization) -> None:
        signer = world.signer()
        body = world.metadata(
            acme, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]}
        )
        made, client = register(acme, body)
        key = ClientKey.objects.get(client=client)
        assert (key.kid, key.organization_id, key.state) == (signer.public["kid"], acme.pk, "active")
        assert key.thumbprint == signer.key.thumbprint()
        decision = Registration.objects.get(client=client)
        assert (decision.outcome, decision.decided_by, decision.metadata) == (
            "approved",
            "policy",
            client.metadata,
        )
        assert made.client_secret is None
        assert client.registration_access_tokens.count() == 1

    def test_never_shows_its_secrets_by_accident(self, acme: Organization) -> None:
        made, _ = register(acme)
        assert str(made.client_secret) not in repr(made)
        assert made.registration_access_token not in repr(made)

    def test_projects_effective_metadata_into_the_toolkit_s_columns(self, acme: Organization) -> None:
        uris = [f"https://{acme.slug}.example/{name}" for name in "ab"]
        _, client = register(acme, world.metadata(acme, redirect_uris=uris, client_name=None))
        assert client.redirect_uris == " ".join(uris)
        assert (client.client_type, client.authorization_grant_type) == ("confidential", "authorization-code")
        assert (client.name, client.client_secret) == ("", "")
        _, public = register(acme, world.metadata(acme, token_endpoint_auth_method="none"))
        assert public.client_type == "public"

    @pytest.mark.parametrize(
        ("environment", "review", "state", "event"),
        [
            (Environment.SANDBOX, "automatic", State.ACTIVE, Event.REGISTRATION_GRANTED),
            (Environment.SANDBOX, "one_person", State.PENDING, Event.REGISTRATION_AWAITS_REVIEW),
            (Environment.PRODUCTION, "automatic", State.ACTIVE, Event.REGISTRATION_GRANTED),
            (Environment.PRODUCTION, "four_eyes", State.PENDING, Event.REGISTRATION_AWAITS_REVIEW),
        ],
    )
    def test_decides_by_the_review_of_the_environment(
        self, acme: Organization, environment: Environment, review: str, state: State, event: Event
    ) -> None:
        Organization.objects.filter(pk=acme.pk).update(**{f"{environment}_review": review})
        _, client = register(acme, environment=environment)
        assert client.state == state
        assert events(acme, event) == 1

    @pytest.mark.parametrize("spoiled", ["policy", "standing", "epoch", "key"])
    def test_leaves_nothing_behind_when_it_refuses(self, acme: Organization, spoiled: str) -> None:
        token = world.initial_access_token(acme).row
        body, signer = world.metadata(acme), world.signer()
        if spoiled == "policy":
            body["scope"] = "admin"
        elif spoiled == "standing":
            Organization.objects.filter(pk=acme.pk).update(state="restricted")
        elif spoiled == "epoch":
            Organization.objects.filter(pk=acme.pk).update(sandbox_epoch=2)
        else:
            body["jwks"] = {"keys": [signer.public]}
            register(world.organization("other"), world.machine_metadata(jwks={"keys": [signer.public]}))
        with pytest.raises((InvalidClientMetadata, StandingForbids)):
            register(acme, body, token=token)
        token.refresh_from_db()
        assert token.uses == 0
        assert not Client.objects.filter(organization=acme).exists()
        assert not Registration.objects.filter(organization=acme).exists()


class TestApprove:
    def test_opens_the_client(self, acme: Organization) -> None:
        row = approve(waiting(acme))
        assert (row.outcome, row.decided_by, row.reason) == ("approved", world.PAUL.name, "known")
        assert Client.objects.get(pk=row.client_id).state == State.ACTIVE
        assert events(acme, Event.REGISTRATION_APPROVED) == 1

    def test_under_four_eyes_takes_two(self, acme: Organization) -> None:
        row = waiting(acme, "four_eyes")
        assert approve(row, world.PAUL).outcome == "pending"
        assert Client.objects.get(pk=row.client_id).state == State.PENDING
        with pytest.raises(FourEyesRequired):
            approve(row, world.PAUL)
        assert approve(row, world.STAN).outcome == "approved"
        assert events(acme, Event.REGISTRATION_FIRST_APPROVAL) == 1
        assert events(acme, Event.REGISTRATION_APPROVED) == 1

    @pytest.mark.parametrize("decide", [decisions.approve, decisions.reject])
    def test_comes_once(self, acme: Organization, decide: Callable[..., Any]) -> None:
        row = waiting(acme)
        approve(row)
        with pytest.raises(Conflict):
            decide(row.pk, actor=world.STAN, reason="again", now=world.now())

    @pytest.mark.parametrize("decide", [decisions.approve, decisions.reject])
    def test_needs_a_registration(self, decide: Callable[..., Any]) -> None:
        with pytest.raises(NotFound):
            decide(world.operator().pk, actor=world.STAN, reason="x", now=world.now())

    def test_of_a_contained_organization_opens_nothing(self, acme: Organization) -> None:
        row = waiting(acme)
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="x", now=world.now())
        client = Client.objects.get(pk=approve(row).client_id)
        assert client.state == State.ACTIVE
        assert Organization.objects.get(pk=acme.pk).state == State.SUSPENDED


class TestReject:
    def test_ends_the_client_and_frees_its_keys(self, acme: Organization) -> None:
        signer = world.signer()
        body = world.metadata(acme, jwks={"keys": [signer.public]})
        _, client = register(acme, body, environment=Environment.PRODUCTION)
        row = client.registrations.get()
        decisions.reject(row.pk, actor=world.PAUL, reason="unknown software", now=world.now())
        client.refresh_from_db()
        assert (client.state, client.epoch) == (State.REVOKED, 2)
        assert events(acme, Event.REGISTRATION_REJECTED) == 1
        assert register(acme, body)

    @pytest.mark.parametrize("reason", ["", " \n"])
    def test_needs_a_reason(self, acme: Organization, reason: str) -> None:
        row = waiting(acme)
        with pytest.raises(InvalidInput):
            decisions.reject(row.pk, actor=world.PAUL, reason=reason, now=world.now())
        assert Registration.objects.get(pk=row.pk).outcome == "pending"
