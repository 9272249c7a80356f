"""The client configuration endpoint (RFC 7592): read, replace, deregister, by the registration access token."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from registry import client_credentials, decisions, domain_proofs, issuance, lifecycle, updates
from registry.client_credentials import GRACE
from registry.errors import Conflict, InvalidClientMetadata, InvalidRedirectUri
from registry.models import (
    Client,
    ClientKey,
    ClientSecret,
    KeyState,
    Organization,
    Outcome,
    Registration,
    RegistrationAccessToken,
)
from registry.models.audit import AuditEvent
from registry.policy import presets
from registry.policy.presets import BASELINE, Rotation
from registry.states import Environment
from tests import world
from tests.live import Answer
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, introspect, machine, register

pytestmark = pytest.mark.django_db

DAY = 86_400


class Manager:
    """Whoever holds a registration access token, and remembers the newest."""

    def __init__(self, software: Software) -> None:
        self.software, self.door = software, software.door
        self.token = str(software.information["registration_access_token"])
        self.path = f"/register/{software.client_id}"

    def read(self, token: str | None = None) -> Answer:
        return self.door.get(self.path, bearer=token or self.token)

    def put(self, document: Any, token: str | None = None) -> Answer:
        return self.door.request("PUT", self.path, bearer=token or self.token, json=document)

    def change(self, **members: Any) -> Answer:
        """Send all that was registered again, but for these members; None leaves one out."""
        sent = dict(self.software.row.metadata) | {"client_id": self.software.client_id} | members
        answer = self.put({name: value for name, value in sent.items() if value is not None})
        if answer.status == 200:
            self.token = answer.json()["registration_access_token"]
        return answer

    def delete(self) -> Answer:
        return self.door.request("DELETE", self.path, bearer=self.token)


def host(holder: Organization) -> str:
    return f"app.{holder.slug}.example"


@pytest.fixture
def held(app: Software) -> Manager:
    return Manager(app)


@pytest.fixture
def careful(door: InProcess) -> Organization:
    """In its production one person decides."""
    return world.organization(production_review="one_person")


@pytest.fixture
def waiting(door: InProcess, careful: Organization) -> Manager:
    """A client in production, approved, of an organization whose changes wait."""
    software = register(door, careful, environment=Environment.PRODUCTION)
    row = Registration.objects.get(client__client_id=software.client_id)
    decisions.approve(row.pk, actor=world.PAUL, reason="known", now=world.now())
    return Manager(software)


@pytest.fixture
def preset(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(**parameters: Any) -> None:
        monkeypatch.setitem(presets.PRESETS, "baseline", replace(BASELINE, **parameters))

    return use


def pending(manager: Manager) -> Registration | None:
    return Registration.objects.filter(client=manager.software.row, outcome=Outcome.PENDING).first()


class TestRead:
    def test_tells_what_is_registered(self, held: Manager) -> None:
        answer = held.read()
        assert answer.status == 200
        told, registered = answer.json(), dict(held.software.information)
        for member in ("client_secret", "client_secret_expires_at"):  # rests as a digest
            registered.pop(member)
        assert told == registered

    def test_is_not_stored_by_anybody(self, held: Manager) -> None:
        answer = held.read()
        assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")

    def test_changes_nothing_but_the_note_of_use(self, held: Manager) -> None:
        before = Client.objects.values().get(client_id=held.software.client_id)
        held.read()
        assert Client.objects.values().get(client_id=held.software.client_id) == before
        assert RegistrationAccessToken.objects.get(client=held.software.row).last_used_at is not None

    def test_costs_five_statements(self, held: Manager, django_assert_num_queries: Any) -> None:
        held.read()
        with django_assert_num_queries(5):
            held.read()


class TestRefusesWhoAsks:
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_without_a_token(self, held: Manager, method: str) -> None:
        answer = held.door.request(method, held.path, json={})
        assert error(answer) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    @pytest.mark.parametrize("value", ["prr_unknown", "x", "a.b.c"])
    def test_with_an_unknown_token(self, held: Manager, method: str, value: str) -> None:
        answer = held.door.request(method, held.path, bearer=value, json={})
        assert error(answer) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_with_the_token_of_another_client(self, held: Manager, batch: Software, method: str) -> None:
        """The same as for a client that is not there."""
        answers = [
            held.door.request(method, path, bearer=held.token, json={})
            for path in (f"/register/{batch.client_id}", "/register/c_nobody")
        ]
        assert [error(answer) for answer in answers] == [(401, "invalid_token")] * 2
        assert answers[0].json() == answers[1].json()

    @pytest.mark.parametrize("method", ["POST", "PATCH", "HEAD", "OPTIONS"])
    def test_with_another_method(self, held: Manager, method: str) -> None:
        answer = held.door.request(method, held.path, bearer=held.token)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, PUT, DELETE")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_of_a_contained_organization(self, held: Manager, acme: Organization, method: str) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        answer = held.door.request(method, held.path, bearer=held.token, json={})
        assert error(answer) == (403, "access_denied")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_issued_before_a_containment(self, held: Manager, acme: Organization, method: str) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        lifecycle.restore_organization(acme.pk, actor=world.PAUL, reason="over", now=world.now())
        answer = held.door.request(method, held.path, bearer=held.token, json={})
        assert error(answer) == (401, "invalid_token")

    def test_too_often(self, held: Manager, settings: Any) -> None:
        settings.REGISTRY = replace(settings.REGISTRY, registrations_per_minute_of_token=2)
        assert [held.read().status for _ in range(3)] == [200, 200, 429]
        assert "Retry-After" in held.read().headers


class TestReplace:
    def test_a_harmless_change_applies_at_once(self, held: Manager) -> None:
        answer = held.change(client_name="Ledger Two", contacts=["ops@rp.example"])
        assert answer.status == 200
        assert (answer.json()["client_name"], answer.json()["contacts"]) == ("Ledger Two", ["ops@rp.example"])
        assert held.software.row.name == "Ledger Two"

    def test_what_is_left_out_returns_to_its_default(self, held: Manager) -> None:
        held.change(contacts=["ops@rp.example"])
        assert "contacts" not in held.change(contacts=None).json()

    def test_a_null_is_as_if_left_out(self, held: Manager) -> None:
        held.change(contacts=["ops@rp.example"])
        sent = dict(held.software.row.metadata) | {"client_id": held.software.client_id, "contacts": None}
        assert "contacts" not in held.put(sent).json()

    def test_a_default_is_judged_as_such(self, held: Manager, batch: Software) -> None:
        """Without grant_types the client would have the code grant, and no redirection URI to go with it."""
        answer = Manager(batch).change(grant_types=None, response_types=None)
        assert error(answer) == (400, "invalid_client_metadata")
        assert answer.json()["error_description"].startswith("redirect_uris: ")

    def test_what_is_answered_is_what_is_stored(self, held: Manager) -> None:
        told = held.change(client_name="Cafe\u0301").json()
        stored = held.software.row.metadata
        assert told["client_name"] == stored["client_name"] == "Caf\u00e9"
        assert {name: told[name] for name in stored} == stored

    def test_an_unknown_member_is_ignored(self, held: Manager) -> None:
        assert "unknown" not in held.change(unknown={"a": 1}).json()

    @pytest.mark.parametrize("client_id", [..., "c_other", 1, ""])
    def test_needs_its_own_client_id(self, held: Manager, client_id: Any) -> None:
        document = dict(held.software.row.metadata) | ({} if client_id is ... else {"client_id": client_id})
        answer = held.put(document)
        assert error(answer) == (400, "invalid_client_metadata")
        assert "[C1.identity]" in answer.json()["error_description"]

    def test_our_whole_answer_comes_back(self, held: Manager) -> None:
        """Outside suites send it as they got it, our own members included."""
        assert held.put(dict(held.software.information)).status == 200

    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("registration_access_token", "prr_mine"),
            ("registration_client_uri", "https://evil.example/"),
            ("client_id_issued_at", 1),
            ("client_id_issued_at", "1"),
            ("client_secret_expires_at", 1),
            ("client_secret_expires_at", False),
            ("client_secret", "chosen-by-the-client"),
            ("client_secret", ["x"]),
            ("registration_state", "active"),
            ("pending_change", {"id": "x"}),
        ],
    )
    def test_a_member_of_ours_is_as_we_hold_it(self, held: Manager, member: str, value: Any) -> None:
        before = held.software.row.metadata
        answer = held.put(dict(held.software.information) | {member: value, "client_name": "Other"})
        assert error(answer) == (400, "invalid_client_metadata")
        assert f"{member}: is set by the server alone" in answer.json()["error_description"]
        assert held.software.row.metadata == before

    @pytest.mark.parametrize("scope", ["admin", "accounts:read admin"])
    def test_what_a_rule_refuses_changes_nothing(self, held: Manager, scope: str) -> None:
        before = Client.objects.values().get(client_id=held.software.client_id)
        assert error(held.change(scope=scope)) == (400, "invalid_client_metadata")
        assert Client.objects.values().get(client_id=held.software.client_id) == before

    def test_the_ceiling_of_the_initial_access_token_stays(self, door: InProcess, acme: Organization) -> None:
        token = world.initial_access_token(acme, allowed_hosts=[host(acme)]).value
        software = register(door, acme, token=token)
        answer = Manager(software).change(redirect_uris=[f"https://other.{acme.slug}.example/cb"])
        assert error(answer) == (400, "invalid_redirect_uri")

    def test_a_restricted_client_changes_its_keys_alone(self, door: InProcess, acme: Organization) -> None:
        signer, other = world.signer(), world.signer()
        software = machine(door, acme, signer=signer)
        lifecycle.restrict_client(software.client_id, actor=world.STAN, reason="unused", now=world.now())
        manager = Manager(software)
        assert error(manager.change(client_name="Other")) == (403, "access_denied")
        assert manager.change(jwks={"keys": [signer.public, other.public]}).status == 200

    def test_the_event_names_what_changed(self, held: Manager) -> None:
        held.change(client_name="Ledger Two")
        event = AuditEvent.objects.filter(action="registration.change.applied").latest("id")
        assert event.before == {"client_name": held.software.information["client_name"]}
        assert event.after["client_name"] == "Ledger Two"
        assert event.actor_kind == "credential"


class TestAChangeThatRaisesRisk:
    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"redirect_uris": ["https://app.{slug}.example/cb", "https://new.{slug}.example/cb"]}, "host"),
            ({"scope": "accounts:read payments:write"}, "wider"),
            ({"grant_types": ["authorization_code", "refresh_token", "client_credentials"]}, "grant type"),
            ({"token_endpoint_auth_method": "client_secret_post"}, "method"),
            ({"application_type": "web", "software_id": "another"}, "changes"),
        ],
    )
    def test_waits_for_a_decision(
        self, waiting: Manager, careful: Organization, members: dict[str, Any], reason: str
    ) -> None:
        waiting.change(scope="accounts:read")  # narrower, so at once
        before = waiting.software.row.metadata
        answer = waiting.change(**_filled(members, careful))
        assert answer.status == 200
        assert {name: answer.json()[name] for name in before} == before, "the old values are in force"
        assert waiting.software.row.metadata == before
        row = pending(waiting)
        assert row is not None
        assert answer.json()["pending_change"]["id"] == str(row.pk)
        assert reason in " ".join(answer.json()["pending_change"]["reasons"])

    @pytest.mark.parametrize(
        "members",
        [
            {"client_name": "Other"},
            {"contacts": ["ops@rp.example"]},
            {"logo_uri": "https://app.{slug}.example/logo.png"},
            {"client_name#de": "Andere"},
            {"software_version": "2"},
            {"redirect_uris": ["https://app.{slug}.example/other"]},
            {"scope": "accounts:read"},
            {"grant_types": ["authorization_code"]},
        ],
    )
    def test_is_not_one_that_narrows_or_renames(
        self, waiting: Manager, careful: Organization, members: dict[str, Any]
    ) -> None:
        answer = waiting.change(**_filled(members, careful))
        assert answer.status == 200, answer.text
        assert "pending_change" not in answer.json()
        assert pending(waiting) is None

    def test_is_decided_by_policy_where_new_clients_are(self, held: Manager, acme: Organization) -> None:
        answer = held.change(redirect_uris=[f"https://new.{acme.slug}.example/cb"])
        assert "pending_change" not in answer.json()
        assert answer.json()["redirect_uris"] == [f"https://new.{acme.slug}.example/cb"]

    def test_leaves_the_client_at_work(self, waiting: Manager, server: tuple[str, str]) -> None:
        waiting.change(token_endpoint_auth_method="client_secret_post")
        assert waiting.software.row.metadata["token_endpoint_auth_method"] == "client_secret_basic"

    def test_comes_into_force_with_its_approval(self, waiting: Manager, careful: Organization) -> None:
        uris = [f"https://new.{careful.slug}.example/cb"]
        waiting.change(redirect_uris=uris)
        row = pending(waiting)
        assert row is not None
        decisions.approve(row.pk, actor=world.PAUL, reason="fits", now=world.now())
        told = waiting.read().json()
        assert told["redirect_uris"] == uris
        assert "pending_change" not in told

    def test_is_gone_with_its_rejection(self, waiting: Manager) -> None:
        before = waiting.software.row.metadata
        waiting.change(software_id="another")
        row = pending(waiting)
        assert row is not None
        decisions.reject(row.pk, actor=world.PAUL, reason="no", now=world.now())
        assert waiting.software.row.metadata == before
        assert "pending_change" not in waiting.read().json()

    def test_takes_the_place_of_the_one_before(self, waiting: Manager) -> None:
        waiting.change(software_id="first")
        first = pending(waiting)
        waiting.change(software_id="second")
        assert first is not None
        first.refresh_from_db()
        assert first.outcome == Outcome.WITHDRAWN
        assert pending(waiting).metadata["software_id"] == "second"  # type: ignore[union-attr]

    def test_is_withdrawn_by_sending_what_is_in_force(self, waiting: Manager) -> None:
        waiting.change(software_id="first")
        assert "pending_change" not in waiting.change().json()
        assert pending(waiting) is None

    def test_ends_with_its_client(self, waiting: Manager) -> None:
        waiting.change(software_id="first")
        waiting.delete()
        assert pending(waiting) is None

    def test_is_judged_again_when_it_is_approved(self, waiting: Manager, careful: Organization) -> None:

        waiting.change(redirect_uris=[f"https://new.{careful.slug}.example/cb"])
        row = pending(waiting)
        assert row is not None
        domain_proofs.end_domain(
            careful.pk, f"{careful.slug}.example", actor=world.STAN, reason="sold", now=world.now()
        )
        with pytest.raises(InvalidRedirectUri):
            decisions.approve(row.pk, actor=world.PAUL, reason="fits", now=world.now())

    def test_of_a_client_that_nobody_decided_on_amends_its_request(
        self, door: InProcess, careful: Organization
    ) -> None:
        manager = Manager(register(door, careful, environment=Environment.PRODUCTION))
        answer = manager.change(client_name="Other", software_id="x")
        assert answer.json()["registration_state"] == "pending"
        row = pending(manager)
        assert row is not None
        assert (row.verb, row.metadata["client_name"]) == ("create", "Other")


def _filled(members: dict[str, Any], holder: Organization) -> dict[str, Any]:
    def fill(value: Any) -> Any:
        if isinstance(value, list):
            return [fill(item) for item in value]
        return value.replace("{slug}", holder.slug) if isinstance(value, str) else value

    return {name: fill(value) for name, value in members.items()}


class TestUndo:
    def applied(self, manager: Manager) -> Registration:
        manager.change(client_name="Ledger Two")
        return Registration.objects.filter(client=manager.software.row).latest("created_at")

    def undo(self, row: Registration, seconds: int = 0) -> Registration:
        instant = row.created_at + updates.UNDO_WINDOW if seconds else world.now()
        return decisions.undo(row.pk, actor=world.PAUL, reason="misleading", now=instant)

    def test_brings_back_what_was_before(self, held: Manager) -> None:
        before = held.software.row.metadata
        assert self.undo(self.applied(held)).outcome == Outcome.UNDONE
        assert held.software.row.metadata == before

    def test_ends_after_a_day(self, held: Manager) -> None:
        row = self.applied(held)
        with pytest.raises(Conflict, match="not any more"):
            self.undo(row, seconds=DAY)

    def test_does_not_pass_over_a_later_change(self, held: Manager) -> None:
        row = self.applied(held)
        held.change(client_name="Ledger Three")
        with pytest.raises(Conflict, match="changed since"):
            self.undo(row)

    def test_is_not_for_a_new_client(self, held: Manager) -> None:
        row = Registration.objects.get(client=held.software.row)
        with pytest.raises(Conflict, match="cannot be undone"):
            self.undo(row)


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


class TestDelete:
    def test_answers_204_without_a_body(self, held: Manager) -> None:
        answer = held.delete()
        assert (answer.status, answer.body) == (204, b"")

    def test_ends_everything_at_once(self, batch: Software, server: tuple[str, str]) -> None:
        value = batch.token().json()["access_token"]
        manager = Manager(batch)
        manager.delete()
        assert introspect(batch.door, server, value) == {"active": False}
        assert error(batch.token()) == (401, "invalid_client")
        assert [manager.read().status, manager.change().status, manager.delete().status] == [401, 401, 401]
        assert batch.row.state == "offboarded"

    def test_goes_on_while_nothing_is_issued(self, held: Manager) -> None:
        issuance.stop_issuing(actor=world.STAN, reason="drill", now=world.now())
        assert held.read().status == 200
        assert error(held.change(client_name="Other")) == (503, "temporarily_unavailable")
        assert held.delete().status == 204
