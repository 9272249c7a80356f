"""Waivers: one finding, one client, two people, an end."""

from datetime import timedelta
from typing import Any

import pytest

from registry import decisions, lifecycle, policies, queries, waivers
from registry.actors import Viewer
from registry.errors import Conflict, FourEyesRequired, InvalidInput, InvalidRedirectUri, NotFound
from registry.events import Event
from registry.models import Client, Organization, Waiver, WaiverStage
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from registry.waivers import Wanted
from tests import world

pytestmark = pytest.mark.django_db
STAFF = Viewer(Role.AUDITOR, None)


@pytest.fixture
def acme() -> Organization:
    world.operator()
    return world.organization()


@pytest.fixture
def client(acme: Organization) -> Client:
    """A client with two redirect URIs, which the policy in force does not allow any more."""
    (uri,) = world.metadata(acme)["redirect_uris"]
    made = manual.register(
        acme.pk,
        Environment.SANDBOX,
        world.metadata(acme, redirect_uris=[uri, f"{uri}/two"]),
        justification="a test",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    said = {"parameters": [{"parameter": "maximum_redirect_uris", "value": 1}]}
    draft = policies.draft_policy(said, actor=world.STAN, reason="x", now=world.now())
    policies.publish_draft(draft.pk, edition=1, actor=world.PAUL, reason="x", now=world.now())
    return Client.objects.get(client_id=made.client_id)


def wanted(**changes: Any) -> Wanted:
    asked = {
        "rule": "U1.count",
        "member": "redirect_uris",
        "ends_at": world.now() + timedelta(days=30),
        "owner": "Olga Owner",
    }
    return Wanted(**asked | changes)


def ask(client: Client, **changes: Any) -> Waiver:
    return waivers.ask_waiver(
        client.client_id, wanted(**changes), actor=world.STAN, reason="migration", now=world.now()
    )


def granted(client: Client, **changes: Any) -> Waiver:
    return waivers.grant_waiver(ask(client, **changes).pk, actor=world.PAUL, reason="agreed", now=world.now())


def judged(client: Client, **members: Any) -> decisions.Judged:
    locked = Client.objects.get(pk=client.pk)
    metadata = decisions.stored(locked, locked.metadata | members)
    return decisions.judged(locked, metadata, world.now())


def events(event: Event) -> list[Any]:
    return list(queries.audit_events(STAFF).filter(action=event))


class TestGranted:
    def test_the_finding_does_not_count(self, client: Client) -> None:
        with pytest.raises(InvalidRedirectUri):
            judged(client)
        granted(client)
        (forgiven,) = judged(client).monitored
        assert (forgiven["rule"], forgiven["standing"]) == ("U1.count", "waived")

    def test_another_value_is_not_forgiven(self, client: Client) -> None:
        granted(client)
        uris = client.metadata["redirect_uris"]
        with pytest.raises(InvalidRedirectUri):
            judged(client, redirect_uris=[*uris, f"{uris[0]}/three"])

    def test_needs_another_person(self, client: Client) -> None:
        row = ask(client)
        with pytest.raises(FourEyesRequired):
            waivers.grant_waiver(row.pk, actor=world.STAN, reason="x", now=world.now())

    def test_happens_once(self, client: Client) -> None:
        row = granted(client)
        with pytest.raises(Conflict):
            waivers.grant_waiver(row.pk, actor=world.PAUL, reason="x", now=world.now())


class TestAsked:
    def test_counts_for_nothing(self, client: Client) -> None:
        ask(client)
        with pytest.raises(InvalidRedirectUri):
            judged(client)

    def test_is_about_something_that_a_rule_says(self, client: Client) -> None:
        with pytest.raises(NotFound):
            ask(client, member="jwks")

    @pytest.mark.parametrize(
        ("changes", "member"),
        [
            ({"ends_at": world.now() - timedelta(seconds=1)}, "ends_at"),
            ({"ends_at": world.now() + timedelta(days=400)}, "ends_at"),
            ({"owner": " "}, "owner"),
            ({"rule": "C1.identity"}, "rule"),
        ],
    )
    def test_is_within_bounds(self, client: Client, changes: dict[str, Any], member: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            ask(client, **changes)
        assert [finding.member for finding in refusal.value.findings] == [member]

    def test_is_asked_once(self, client: Client) -> None:
        ask(client)
        with pytest.raises(Conflict):
            ask(client)

    def test_not_for_a_client_that_has_ended(self, client: Client) -> None:
        lifecycle.deregister_client(client.client_id, actor=world.STAN, reason="x", now=world.now())
        with pytest.raises(Conflict):
            ask(client)


class TestEnd:
    def test_comes_by_itself(self, client: Client) -> None:
        row = granted(client)
        end = row.ends_at
        assert waivers.expire_waivers(limit=10, now=end - timedelta(seconds=1)) == 0
        assert waivers.expire_waivers(limit=10, now=end) == 1
        assert waivers.expire_waivers(limit=10, now=end) == 0
        row.refresh_from_db()
        assert (row.stage, row.ended_at) == (WaiverStage.ENDED, end)
        (event,) = events(Event.WAIVER_EXPIRED)
        assert event.after["waiver"] == str(row.pk)

    def test_does_not_wait_for_beat(self, client: Client) -> None:
        row = granted(client)
        later = decisions.stored(client, client.metadata)
        with pytest.raises(InvalidRedirectUri):
            decisions.judged(client, later, row.ends_at)

    def test_can_be_brought_forward(self, client: Client) -> None:
        row = granted(client)
        waivers.end_waiver(row.pk, actor=world.STAN, reason="fixed", now=world.now())
        assert list(waivers.waivers(STAFF)) == []
        with pytest.raises(InvalidRedirectUri):
            judged(client)

    def test_needs_a_reason(self, client: Client) -> None:
        with pytest.raises(InvalidInput):
            waivers.end_waiver(ask(client).pk, actor=world.STAN, reason=" ", now=world.now())


def test_partners_see_their_own(client: Client, acme: Organization) -> None:
    row = granted(client)
    other = world.organization("other")
    assert list(waivers.waivers(Viewer(Role.ORGANIZATION_ADMIN, acme.pk))) == [row]
    assert list(waivers.waivers(Viewer(Role.ORGANIZATION_ADMIN, other.pk))) == []
