"""Changes of a client: which wait for a decision, which apply at once and can be undone."""

from typing import Any

import pytest

from registry import decisions, domain_proofs, updates
from registry.errors import Conflict, InvalidRedirectUri
from registry.models import (
    Organization,
    Outcome,
    Registration,
)
from registry.states import Environment
from tests import world
from tests.portal.protocol.holder import DAY, Manager, pending
from tests.software import InProcess, register

pytestmark = pytest.mark.django_db


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
