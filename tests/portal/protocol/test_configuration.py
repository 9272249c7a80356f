"""The client configuration endpoint (RFC 7592): who is let in, read, replace, deregister."""

from dataclasses import replace
from typing import Any

import pytest

from registry import issuance, lifecycle
from registry.models import (
    Client,
    Organization,
    RegistrationAccessToken,
)
from registry.models.audit import AuditEvent
from tests import world
from tests.portal.protocol.holder import Manager, host
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, introspect, machine, register

pytestmark = pytest.mark.django_db


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

    def test_costs_four_statements(self, held: Manager, django_assert_num_queries: Any) -> None:
        held.read()
        with django_assert_num_queries(4):
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
