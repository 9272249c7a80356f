"""RFC 7592 beside a decision: what is stopped, ended or undone comes back by no other door."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from registry import decisions, domain_proofs, jwk, lifecycle, updates
from registry.errors import Conflict, InvalidClientMetadata, InvalidRedirectUri, StandingForbids
from registry.models import ClientKey, KeyState, Outcome
from registry.states import Environment
from tests import world
from tests.attacks.holding import everything, latest, reviewed
from tests.portal.protocol.holder import Manager, pending
from tests.software import InProcess, Software, machine, register

pytestmark = pytest.mark.django_db
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def waiting() -> Manager:
    return reviewed(InProcess())


@pytest.fixture
def signed() -> Software:
    return machine(InProcess(), world.organization(), signer=world.signer())


class TestAnUndo:
    def test_is_not_carried_back_by_a_change_that_waited(self, waiting: Manager) -> None:
        """The change was asked for on top of the misleading name, and the diff that staff see does not show it."""
        first = waiting.software.row.metadata["client_name"]
        waiting.change(client_name="Misleading")
        applied = latest(waiting)
        waiting.change(client_name="Misleading", software_id="new")
        row = pending(waiting)
        assert row is not None
        decisions.undo(applied.pk, actor=world.PAUL, reason="misleading", now=world.now())
        with pytest.raises(Conflict, match="was withdrawn before"):
            decisions.approve(row.pk, actor=world.PAUL, reason="fits", now=world.now())
        assert waiting.software.row.metadata["client_name"] == first
        assert "pending_change" not in waiting.read().json()

    def test_is_open_until_the_last_instant_of_its_window(self, waiting: Manager) -> None:
        waiting.change(client_name="Misleading")
        row = latest(waiting)
        end = row.created_at + updates.UNDO_WINDOW
        with pytest.raises(Conflict, match="not any more"):
            decisions.undo(row.pk, actor=world.PAUL, reason="late", now=end)
        undone = decisions.undo(row.pk, actor=world.PAUL, reason="in time", now=end - MICROSECOND)
        assert undone.outcome == Outcome.UNDONE

    def test_happens_once(self, waiting: Manager) -> None:
        waiting.change(client_name="Misleading")
        row = latest(waiting)
        decisions.undo(row.pk, actor=world.PAUL, reason="misleading", now=world.now())
        with pytest.raises(Conflict, match="cannot be undone"):
            decisions.undo(row.pk, actor=world.PAUL, reason="again", now=world.now())

    def test_is_possible_while_the_organization_is_contained(self, waiting: Manager) -> None:
        """Whoever stole the token changed the client; the window does not stand still meanwhile."""
        first = waiting.software.row.metadata
        waiting.change(client_name="Misleading")
        contain(waiting.software)
        decisions.undo(latest(waiting).pk, actor=world.PAUL, reason="theft", now=world.now())
        assert waiting.software.row.metadata == first


class TestAnApproval:
    def test_brings_nothing_into_force_while_the_organization_is_contained(self, waiting: Manager) -> None:
        waiting.change(software_id="new")
        row, before = pending(waiting), waiting.software.row.metadata
        assert row is not None
        contain(waiting.software)
        with pytest.raises(Conflict, match="organization suspended"):
            decisions.approve(row.pk, actor=world.PAUL, reason="fits", now=world.now())
        assert waiting.software.row.metadata == before

    def test_of_a_new_client_judges_it_again(self) -> None:
        """A domain that was lost while the client waited receives no code."""
        holder = world.organization(production_review="one_person")
        software = register(InProcess(), holder, environment=Environment.PRODUCTION)
        domain = f"{holder.slug}.example"
        domain_proofs.end_domain(holder.pk, domain, actor=world.STAN, reason="sold", now=world.now())
        before = everything(software.client_id)
        with pytest.raises(InvalidRedirectUri):
            decisions.approve(latest(Manager(software)).pk, actor=world.PAUL, reason="fits", now=world.now())
        assert everything(software.client_id) == before

    def test_of_a_key_that_was_taken_meanwhile_is_refused(self, waiting: Manager) -> None:
        signer = world.signer()
        waiting.change(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]})
        row = pending(waiting)
        assert row is not None
        machine(InProcess(), waiting.software.row.organization, signer=signer)
        before = everything(waiting.software.client_id)
        with pytest.raises(InvalidClientMetadata, match="jwks"):
            decisions.approve(row.pk, actor=world.PAUL, reason="fits", now=world.now())
        assert everything(waiting.software.client_id) == before

    def test_that_takes_the_secret_away_ends_it(self, waiting: Manager) -> None:
        signer = world.signer()
        waiting.change(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]})
        row = pending(waiting)
        assert row is not None
        assert waiting.software.exchange("none").json()["error"] == "invalid_grant", (
            "the old secret still works"
        )
        decisions.approve(row.pk, actor=world.PAUL, reason="fits", now=world.now())
        assert waiting.software.exchange("none").json()["error"] == "invalid_client"


class TestAKeyOfPeople:
    @pytest.mark.parametrize(
        "stop", [lifecycle.suspend_client, lifecycle.revoke_client, lifecycle.deregister_client]
    )
    def test_does_not_reach_a_client_that_is_stopped(
        self, signed: Software, stop: Callable[..., Any]
    ) -> None:
        stop(signed.client_id, actor=world.STAN, reason="over", now=world.now())
        before = everything(signed.client_id)
        self.refused(signed)
        assert everything(signed.client_id) == before

    def test_does_not_reach_an_organization_that_is_contained(self, signed: Software) -> None:
        contain(signed)
        before = everything(signed.client_id)
        self.refused(signed)
        assert everything(signed.client_id) == before

    def test_never_lives_with_a_dead_client(self, signed: Software) -> None:
        lifecycle.deregister_client(signed.client_id, actor=world.STAN, reason="over", now=world.now())
        self.refused(signed)
        assert not ClientKey.objects.filter(client=signed.row, state=KeyState.ACTIVE).exists()

    def refused(self, software: Software) -> None:
        assert software.signer is not None
        said = {"actor": world.STAN, "reason": "rotation", "now": world.now()}
        with pytest.raises(StandingForbids):
            updates.add_key(software.client_id, world.signer().public, **said)
        with pytest.raises(StandingForbids):
            updates.retire_key(software.client_id, jwk.thumbprint(software.signer.public), **said)


def contain(software: Software) -> None:
    lifecycle.contain_organization(
        software.row.organization_id, actor=world.STAN, reason="leak", now=world.now()
    )
