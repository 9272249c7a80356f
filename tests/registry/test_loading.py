"""The client as a request meets it: one statement, whatever its state, never from a cache."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import lifecycle, loading
from registry.loading import ActingClient
from registry.models import Client, ClientKey, ClientSecret, Entitlement, Organization
from tests import world
from tests.software import InProcess, Software, machine, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return world.organization()


@pytest.fixture
def software(acme: Organization) -> Software:
    return register(InProcess(), acme, scope="accounts:read transactions:read")


def load(software: Software, **later: Any) -> ActingClient:
    found = loading.acting_client(software.client_id, world.now() + timedelta(**later))
    assert found is not None
    return found


class TestActingClient:
    def test_is_read_in_one_statement(self, software: Software) -> None:
        with CaptureQueriesContext(connection) as seen:
            load(software)
        assert len(seen) == 1

    def test_is_the_whole_row(self, software: Software) -> None:
        assert load(software).row == Client.objects.get(client_id=software.client_id)
        assert load(software).row.metadata == Client.objects.get(client_id=software.client_id).metadata
        assert load(software).row.get_deferred_fields() == set()

    @pytest.mark.parametrize("state", ["pending", "suspended", "revoked", "offboarded"])
    def test_is_found_in_every_state(self, software: Software, state: str) -> None:
        Client.objects.filter(client_id=software.client_id).update(state=state)
        assert load(software).standing.client_state == state

    @pytest.mark.parametrize("client_id", [None, "", "c_unknown", "a\x00b", "c" * 256, "é", "' OR 1=1 --"])
    def test_is_none_when_there_is_none(self, client_id: str | None) -> None:
        assert loading.acting_client(client_id, world.now()) is None

    def test_is_read_anew_each_time(self, software: Software) -> None:
        load(software)
        lifecycle.suspend_client(software.client_id, actor=world.STAN, reason="x", now=world.now())
        assert load(software).standing.client_state == "suspended"

    def test_holds_live_secrets_alone(self, software: Software) -> None:
        row = ClientSecret.objects.get(client__client_id=software.client_id)
        assert [secret.digest for secret in load(software).secrets] == [row.digest]
        ClientSecret.objects.filter(pk=row.pk).update(expires_at=world.now() + timedelta(seconds=30))
        assert load(software).secrets
        assert load(software, seconds=31).secrets == ()

    def test_holds_keys_in_use_alone(self, acme: Organization) -> None:
        keyed = machine(InProcess(), acme, signer=world.signer())
        assert [key.jwk["kid"] for key in load(keyed).keys] == [keyed.signer.public["kid"]]  # type: ignore[union-attr]
        ClientKey.objects.filter(client__client_id=keyed.client_id).update(state="ended")
        assert load(keyed).keys == ()


class TestScopesAndGrants:
    def test_are_those_of_the_registration(self, software: Software) -> None:
        assert load(software).scopes_by("client_credentials") == {"accounts:read", "transactions:read"}
        assert load(software).grant_types == {"authorization_code", "refresh_token"}

    def test_are_limited_to_what_is_held_now(self, software: Software, acme: Organization) -> None:
        Entitlement.objects.filter(organization=acme).update(
            scopes=["transactions:read", "payments:write"],
            grant_types=["client_credentials", "refresh_token"],
        )
        assert load(software).scopes_by("client_credentials") == {"transactions:read"}
        assert load(software).grant_types == {"refresh_token"}

    def test_end_with_their_entitlement(self, software: Software, acme: Organization) -> None:
        Entitlement.objects.filter(organization=acme).update(valid_until=world.now() + timedelta(minutes=1))
        assert load(software).scopes_by("client_credentials")
        assert load(software, minutes=1).scopes_by("client_credentials") == frozenset()

    def test_come_from_several_entitlements(self, software: Software, acme: Organization) -> None:
        Entitlement.objects.filter(organization=acme).update(scopes=["accounts:read"])
        Entitlement.objects.create(
            organization=acme, role="more", scopes=["transactions:read"], grant_types=["client_credentials"]
        )
        assert load(software).scopes_by("client_credentials") == {"accounts:read", "transactions:read"}

    def test_of_one_entitlement_do_not_come_by_the_grants_of_another(
        self, software: Software, acme: Organization
    ) -> None:
        Entitlement.objects.filter(organization=acme).update(
            scopes=["accounts:read"], grant_types=["client_credentials"]
        )
        Entitlement.objects.create(
            organization=acme, role="more", scopes=["transactions:read"], grant_types=["authorization_code"]
        )
        acting = load(software)
        assert acting.scopes_by("client_credentials") == {"accounts:read"}
        assert acting.scopes_by("authorization_code") == {"transactions:read"}
        assert acting.scopes_by("refresh_token") == {"transactions:read"}

    def test_are_none_for_a_client_that_asked_for_none(self, acme: Organization) -> None:
        silent = register(InProcess(), acme, scope=None)
        assert load(silent).scopes_by("client_credentials") == frozenset()


class TestNoteUse:
    def note(self, software: Software, now: Any) -> int:
        acting = loading.acting_client(software.client_id, now)
        assert acting is not None
        secret = acting.secrets[0] if acting.secrets else None
        with CaptureQueriesContext(connection) as seen:
            loading.note_use(acting, now, secret)
        return len(seen)

    def test_writes_client_and_secret_at_once(self, software: Software) -> None:
        now = world.now()
        assert self.note(software, now) == 1
        assert Client.objects.get(client_id=software.client_id).last_used_at == now
        assert ClientSecret.objects.get(client__client_id=software.client_id).last_used_at == now

    def test_writes_at_most_once_an_hour(self, software: Software) -> None:
        now = world.now()
        assert self.note(software, now) == 1
        assert self.note(software, now + timedelta(minutes=59)) == 0
        assert self.note(software, now + timedelta(hours=1)) == 1

    def test_needs_no_secret(self, acme: Organization) -> None:
        keyed = machine(InProcess(), acme, signer=world.signer())
        assert self.note(keyed, world.now()) == 1
