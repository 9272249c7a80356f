"""What the rules learn of an organization, and from which rows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import client_metadata, facts, lifecycle, onboarding
from registry.models import Client, Entitlement, Organization, ProvedDomain, Quota
from registry.policy import lookalikes
from registry.policy.context import Context, KeyStanding
from registry.states import Environment, Route
from tests import world
from tests.software import InProcess, Software, machine

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return world.organization(clients=5)


def gather(holder: Organization, environment: Environment = Environment.SANDBOX, **options: Any) -> Context:
    body = options.pop("body", None) or world.machine_metadata()
    return facts.gather(
        holder,
        environment,
        client_metadata.parse(body),
        route=Route.DYNAMIC,
        token=options.pop("token", None),
        now=options.pop("now", None) or world.now(),
    )


def keyed(signer: world.Signer) -> dict[str, Any]:
    return world.machine_metadata(jwks={"keys": [signer.public]})


def test_take_one_statement(acme: Organization) -> None:
    for body in (world.machine_metadata(), keyed(world.signer())):
        with CaptureQueriesContext(connection) as seen:
            gather(acme, body=body)
        assert len(seen) == 1


class TestForeignNames:
    """What is remembered of an organization's names is written with them; see onboarding."""

    def asked(self, holder: Organization, name: str) -> frozenset[str]:
        return gather(holder, body=world.machine_metadata(client_name=name)).foreign_names

    def test_are_those_of_other_organizations(self, acme: Organization) -> None:
        other = world.organization("northgate")
        found = self.asked(acme, other.display_name.upper())
        assert found
        assert found <= lookalikes.skeletons(other.display_name)
        assert self.asked(other, other.display_name) == frozenset()
        assert self.asked(acme, "Nobody") == frozenset()

    def test_follow_a_change_of_name(self, acme: Organization) -> None:
        other = world.organization("northgate")
        assert not self.asked(acme, "Harbour Trust")
        change = {"display_name": "Harb\u043eur Trust"}
        onboarding.change_organization(other.pk, change, actor=world.STAN, now=world.now())
        assert self.asked(acme, "Harbour Trust")

    def test_spare_who_bears_the_same_name(self, acme: Organization) -> None:
        assert world.organization().display_name == acme.display_name
        assert self.asked(acme, acme.display_name) == frozenset()

    def test_hold_what_is_reserved_for_everybody_but_the_operator(
        self, acme: Organization, settings: Any
    ) -> None:
        settings.REGISTRY = replace(settings.REGISTRY, reserved_names=("Concordat Support",))
        assert self.asked(acme, "C0ncordat Support")
        assert not self.asked(world.operator(), "Concordat Support")


class TestEntitlements:
    def test_are_those_that_are_held_now(self, acme: Organization) -> None:
        assert gather(acme).entitled_scopes == set(world.SCOPES)
        assert gather(acme).entitled_grant_types == set(world.GRANTS)
        end = world.now() + timedelta(hours=1)
        Entitlement.objects.filter(organization=acme).update(valid_until=end)
        assert gather(acme, now=end - timedelta(microseconds=1)).entitled_scopes
        assert gather(acme, now=end).entitled_scopes == frozenset()

    @pytest.mark.parametrize(
        ("roles", "scopes"), [(None, {"a", *world.SCOPES}), (["more"], {"a"}), ([], set()), (["none"], set())]
    )
    def test_are_limited_to_the_roles_of_the_token(
        self, acme: Organization, roles: list[str] | None, scopes: set[str]
    ) -> None:
        """A token cannot reach further than its ceiling (CVE-2026-14614 and its like)."""
        Entitlement.objects.create(
            organization=acme, role="more", scopes=["a"], grant_types=[], default_scopes=["a"]
        )
        token = world.initial_access_token(acme).row
        token.roles = roles
        found = gather(acme, token=token)
        assert found.entitled_scopes == scopes
        assert found.default_scopes == ({"a"} if "a" in scopes else set())


class TestDomains:
    def test_are_those_with_a_proof_that_stands(self, acme: Organization) -> None:
        assert gather(acme).proved_domains == {f"{acme.slug}.example"}
        ProvedDomain.objects.filter(organization=acme).update(ended_at=world.now())
        assert gather(acme).proved_domains == frozenset()

    def test_are_limited_by_the_hosts_of_the_token(self, acme: Organization) -> None:
        assert gather(acme).allowed_hosts is None
        token = world.initial_access_token(acme, allowed_hosts=["a.example"]).row
        assert gather(acme, token=token).allowed_hosts == {"a.example"}


class TestQuotas:
    def test_count_the_living_clients_of_the_environment(self, acme: Organization) -> None:
        one, two = machine(InProcess(), acme), machine(InProcess(), acme)
        assert gather(acme).clients_left == 3
        assert gather(acme, Environment.PRODUCTION).clients_left == 5
        lifecycle.deregister_client(one.client_id, actor=world.STAN, reason="x", now=world.now())
        lifecycle.suspend_client(two.client_id, actor=world.STAN, reason="x", now=world.now())
        assert gather(acme).clients_left == 4

    def test_count_the_registrations_of_an_hour(self, acme: Organization) -> None:
        now = world.now()
        before = gather(acme, now=now).registrations_left_this_hour
        software = machine(InProcess(), acme)
        Client.objects.filter(client_id=software.client_id).update(registered_at=now)
        assert gather(acme, now=now + timedelta(minutes=59)).registrations_left_this_hour == before - 1
        assert gather(acme, now=now + timedelta(minutes=60)).registrations_left_this_hour == before

    def test_are_nothing_without_a_row(self, acme: Organization) -> None:
        Quota.objects.filter(organization=acme).delete()
        found = gather(acme)
        assert (found.clients_left, found.keys_per_client, found.registrations_left_this_hour) == (0, 0, 0)


class TestKeyOwners:
    @pytest.mark.parametrize(
        ("end", "standing"),
        [
            (None, KeyStanding.ACTIVE),
            (lifecycle.deregister_client, KeyStanding.ENDED),
            (lifecycle.revoke_client, KeyStanding.COMPROMISED),
        ],
    )
    def test_tell_what_became_of_a_key(
        self, acme: Organization, end: Callable[..., Any] | None, standing: KeyStanding
    ) -> None:
        signer = world.signer()
        holder: Software = machine(InProcess(), acme, signer=signer)
        if end is not None:
            end(holder.client_id, actor=world.STAN, reason="x", now=world.now())
        owner = gather(acme, body=keyed(signer)).key_owners[signer.key.thumbprint()]
        assert (owner.client_id, owner.organization_id, owner.state) == (
            holder.client_id,
            str(acme.pk),
            standing,
        )

    def test_tell_of_other_organizations_too(self, acme: Organization) -> None:
        signer = world.signer()
        machine(InProcess(), world.organization("other"), signer=signer)
        owner = gather(acme, body=keyed(signer)).key_owners[signer.key.thumbprint()]
        assert owner.organization_id != str(acme.pk)

    def test_keep_what_speaks_most_strongly_against_a_key(self, acme: Organization) -> None:
        signer = world.signer()
        for end in (lifecycle.deregister_client, lifecycle.revoke_client):
            software = machine(InProcess(), acme, signer=signer)
            end(software.client_id, actor=world.STAN, reason="x", now=world.now())
        owner = gather(acme, body=keyed(signer)).key_owners[signer.key.thumbprint()]
        assert owner.state is KeyStanding.COMPROMISED


def test_the_holder_of_a_software_is_the_living_one_here(acme: Organization) -> None:
    body = world.machine_metadata(software_id="ledger")
    assert gather(acme, body=body).software_holder is None
    software = machine(InProcess(), acme, software_id="ledger")
    assert gather(acme, body=body).software_holder == software.client_id
    assert gather(acme).software_holder is None
    assert gather(acme, Environment.PRODUCTION, body=body).software_holder is None
    assert gather(world.organization("other"), body=body).software_holder is None
    lifecycle.deregister_client(software.client_id, actor=world.STAN, reason="x", now=world.now())
    assert gather(acme, body=body).software_holder is None
