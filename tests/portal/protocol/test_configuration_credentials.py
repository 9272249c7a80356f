"""What the holder of a client has: registration access tokens, secrets and keys, each in the place of another."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from registry import client_credentials, updates
from registry.client_credentials import GRACE
from registry.errors import Conflict, InvalidClientMetadata
from registry.models import (
    ClientKey,
    ClientSecret,
    KeyState,
    Organization,
    RegistrationAccessToken,
)
from registry.policy.presets import Rotation
from tests import world
from tests.portal.protocol.holder import DAY, Manager
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, machine

pytestmark = pytest.mark.django_db


class TestRotation:
    def test_on_update_is_what_the_baseline_does(self, held: Manager) -> None:
        first = held.token
        assert held.read().json()["registration_access_token"] == first
        assert held.change().json()["registration_access_token"] != first

    def test_the_one_before_works_until_the_new_one_is_used(self, held: Manager) -> None:
        first = held.token
        held.change()
        assert held.read(first).status == 200
        assert held.read().status == 200
        assert held.read(first).status == 401

    def test_the_one_before_works_for_a_day(self, held: Manager, later: Callable[[int], None]) -> None:
        first = held.token
        held.change()
        later(DAY - 60)
        assert held.read(first).status == 200
        later(DAY + 1)
        assert held.read(first).status == 401
        assert held.read().status == 200

    def test_a_lost_answer_locks_nobody_out(self, held: Manager) -> None:
        first = held.token
        lost = [held.put(dict(held.software.row.metadata) | {"client_id": held.software.client_id}, first)]
        lost += [held.put(dict(held.software.row.metadata) | {"client_id": held.software.client_id}, first)]
        values = [answer.json()["registration_access_token"] for answer in lost]
        assert held.read(values[0]).status == 401, "it was never used, and another one came"
        assert held.read(values[1]).status == 200
        assert held.read(first).status == 401

    @pytest.mark.parametrize(
        ("rotation", "on_read", "on_update"),
        [
            (Rotation.NEVER, False, False),
            (Rotation.ON_UPDATE, False, True),
            (Rotation.ON_READ_AND_UPDATE, True, True),
            (Rotation.BY_AGE, False, False),
        ],
    )
    def test_is_a_matter_of_policy(
        self, held: Manager, preset: Callable[..., None], rotation: Rotation, on_read: bool, on_update: bool
    ) -> None:
        preset(registration_access_token_rotation=rotation)
        first = held.token
        read = held.read().json()["registration_access_token"]
        assert (read != first) is on_read
        held.token = read
        assert (held.change().json()["registration_access_token"] != read) is on_update

    def test_by_age(self, held: Manager, preset: Callable[..., None], later: Callable[[int], None]) -> None:
        preset(registration_access_token_rotation=Rotation.BY_AGE, registration_access_token_days=30)
        later(30 * DAY - 60)
        assert held.read().json()["registration_access_token"] == held.token
        later(30 * DAY + 1)
        assert held.read().json()["registration_access_token"] != held.token

    def test_does_not_happen_to_who_is_refused(self, held: Manager) -> None:
        held.change(scope="admin")
        assert RegistrationAccessToken.objects.filter(client=held.software.row).count() == 1

    def test_of_a_lost_token_ends_all_others(self, held: Manager) -> None:
        first = held.token
        held.change()
        value = client_credentials.reissue_registration_access_token(
            held.software.client_id, actor=world.STAN, reason="lost", now=world.now()
        )
        assert [held.read(token).status for token in (first, held.token, value)] == [401, 401, 200]

    def test_grace_is_a_day(self) -> None:
        assert GRACE.total_seconds() == DAY


class TestSecrets:
    def test_live_side_by_side(self, held: Manager, batch: Software) -> None:
        minted = client_credentials.add_client_secret(
            batch.client_id, actor=world.STAN, reason="rotation", now=world.now()
        )
        other = replace(batch, information=dict(batch.information) | {"client_secret": minted.value})
        assert (batch.token().status, other.token().status) == (200, 200)

    def test_are_two_at_most(self, batch: Software) -> None:
        add = client_credentials.add_client_secret
        add(batch.client_id, actor=world.STAN, reason="rotation", now=world.now())
        with pytest.raises(Conflict, match="two live secrets"):
            add(batch.client_id, actor=world.STAN, reason="rotation", now=world.now())

    def test_retire_one_by_one(self, batch: Software) -> None:
        old = ClientSecret.objects.get(client=batch.row)
        retire = client_credentials.retire_client_secret
        with pytest.raises(Conflict, match="only secret"):
            retire(batch.client_id, old.pk, actor=world.STAN, reason="old", now=world.now())
        client_credentials.add_client_secret(
            batch.client_id, actor=world.STAN, reason="rotation", now=world.now()
        )
        retire(batch.client_id, old.pk, actor=world.STAN, reason="old", now=world.now())
        assert batch.token().status == 401

    def test_know_when_each_was_used(self, batch: Software) -> None:
        batch.token()
        minted = client_credentials.add_client_secret(
            batch.client_id, actor=world.STAN, reason="rotation", now=world.now()
        )
        other = replace(batch, information=dict(batch.information) | {"client_secret": minted.value})
        assert other.token().status == 200
        used = ClientSecret.objects.filter(client=batch.row).values_list("last_used_at", flat=True)
        assert None not in list(used), "within the same hour, each for itself"

    def test_that_end_soon_are_renewed_by_an_update(
        self, door: InProcess, acme: Organization, preset: Callable[..., None], later: Callable[[int], None]
    ) -> None:
        preset(client_secret_days=90, client_secret_renewal_days=10)
        batch = machine(door, acme)
        assert batch.information["client_secret_expires_at"] > 0
        manager = Manager(batch)
        later(79 * DAY)
        assert "client_secret" not in manager.change().json()
        later(80 * DAY + 1)
        told = manager.change().json()
        assert told["client_secret"] != batch.secret
        assert told["client_secret_expires_at"] > batch.information["client_secret_expires_at"]
        assert batch.token().status == 200, "until its end"
        later(90 * DAY + 1)
        assert batch.token().status == 401

    def test_come_with_the_method_that_needs_one(self, door: InProcess, acme: Organization) -> None:
        software = machine(door, acme, signer=world.signer())
        told = Manager(software).change(token_endpoint_auth_method="client_secret_basic", jwks=None).json()
        changed = replace(software, information=told, signer=None)
        assert changed.token().status == 200

    def test_go_with_it(self, door: InProcess, acme: Organization, batch: Software) -> None:
        signer = world.signer()
        told = (
            Manager(batch)
            .change(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]})
            .json()
        )
        assert "client_secret" not in told
        assert not ClientSecret.objects.filter(client=batch.row, ended_at=None).exists()
        assert replace(batch, information=told, signer=signer).token().status == 200


class TestKeys:
    @pytest.fixture
    def keyed(self, door: InProcess, acme: Organization) -> Software:
        return machine(door, acme, signer=world.signer())

    def states(self, software: Software) -> dict[str, str]:
        return dict(ClientKey.objects.filter(client=software.row).values_list("kid", "state"))

    def test_rotate_by_update(self, keyed: Software) -> None:
        assert keyed.signer is not None
        other = world.signer()
        manager = Manager(keyed)
        manager.change(jwks={"keys": [keyed.signer.public, other.public]})
        assert (keyed.token().status, replace(keyed, signer=other).token().status) == (200, 200)
        manager.change(jwks={"keys": [other.public]})
        assert (keyed.token().status, replace(keyed, signer=other).token().status) == (401, 200)
        assert set(self.states(keyed).values()) == {KeyState.ACTIVE, KeyState.RETIRED}

    def test_are_added_and_retired_by_people(self, keyed: Software) -> None:
        other = world.signer()
        updates.add_key(keyed.client_id, other.public, actor=world.STAN, reason="new", now=world.now())
        assert replace(keyed, signer=other).token().status == 200
        old = ClientKey.objects.exclude(kid=other.public["kid"]).get(client=keyed.row)
        updates.retire_key(keyed.client_id, old.thumbprint, actor=world.STAN, reason="old", now=world.now())
        assert keyed.token().status == 401

    def test_that_were_retired_come_back_to_their_client_alone(
        self, door: InProcess, acme: Organization, keyed: Software
    ) -> None:
        assert keyed.signer is not None
        other, manager = world.signer(), Manager(keyed)
        manager.change(jwks={"keys": [other.public]})
        answer = door.post(
            "/register",
            bearer=world.initial_access_token(acme).value,
            json=world.machine_metadata(
                token_endpoint_auth_method="private_key_jwt", jwks={"keys": [keyed.signer.public]}
            ),
        )
        assert error(answer) == (400, "invalid_client_metadata")
        assert manager.change(jwks={"keys": [keyed.signer.public]}).status == 200
        assert keyed.token().status == 200

    def test_of_another_client_are_refused(
        self, door: InProcess, acme: Organization, keyed: Software
    ) -> None:
        other = machine(door, acme, signer=world.signer())
        assert keyed.signer is not None
        answer = Manager(other).change(jwks={"keys": [keyed.signer.public]})
        assert error(answer) == (400, "invalid_client_metadata")
        assert keyed.client_id in answer.json()["error_description"]

    def test_know_when_they_were_used(self, keyed: Software) -> None:
        keyed.token()
        assert ClientKey.objects.get(client=keyed.row).last_used_at is not None

    def test_the_last_one_is_not_retired(self, keyed: Software) -> None:
        only = ClientKey.objects.get(client=keyed.row)
        with pytest.raises(InvalidClientMetadata):
            updates.retire_key(
                keyed.client_id, only.thumbprint, actor=world.STAN, reason="old", now=world.now()
            )
