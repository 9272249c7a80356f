"""Versions of the policy: drafted by one, published by another, never changed; registration is judged by the newest."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from registry import policies, policy_in_force, queries
from registry.actors import Viewer, system
from registry.errors import (
    Conflict,
    FourEyesRequired,
    InvalidClientMetadata,
    InvalidInput,
    NotFound,
    RoleForbids,
)
from registry.events import Event
from registry.models import Client, Organization, PolicyDraft, PolicyVersion, Registration
from registry.policy.engine import RULES
from registry.policy.version_checks import SWITCHABLE
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from tests import world

pytestmark = pytest.mark.django_db
STAFF = Viewer(Role.AUDITOR, None)
STRICT: dict[str, Any] = {"parameters": [{"parameter": "maximum_redirect_uris", "value": 1}]}
WATCHED = STRICT | {"rules": [{"rule": "U1.count", "mode": "monitor"}]}


@pytest.fixture(autouse=True)
def _founded() -> None:
    world.operator()


def events(event: Event) -> list[Any]:
    return list(queries.audit_events(STAFF).filter(action=event))


def draft(document: dict[str, Any], actor: Any = world.STAN) -> PolicyDraft:
    return policies.draft_policy(document, actor=actor, reason="a test", now=world.now())


def publish(document: dict[str, Any]) -> PolicyVersion:
    return published(draft(document))


def published(row: PolicyDraft, actor: Any = world.PAUL) -> PolicyVersion:
    return policies.publish_draft(row.pk, edition=row.edition, actor=actor, reason="agreed", now=world.now())


def register(holder: Organization, **members: Any) -> Client:
    made = manual.register(
        holder.pk,
        Environment.SANDBOX,
        world.metadata(holder, **members),
        justification="a test",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return Client.objects.get(client_id=made.client_id)


def two_uris(holder: Organization) -> dict[str, Any]:
    (uri,) = world.metadata(holder)["redirect_uris"]
    return {"redirect_uris": [uri, f"{uri}/two"]}


class TestPublish:
    def test_the_built_in_policy_is_version_1(self) -> None:
        assert (policies.newest(), policy_in_force.current().name("baseline")) == (1, "baseline-1")

    def test_puts_the_draft_in_force(self) -> None:
        version = publish(STRICT)
        assert (version.number, version.drafted_by, version.published_by) == (
            2,
            world.STAN.name,
            world.PAUL.name,
        )
        assert policy_in_force.current().document == STRICT
        assert list(policies.drafts()) == []

    def test_tells_the_log_what_changed(self) -> None:
        publish(STRICT)
        (event,) = events(Event.POLICY_PUBLISHED)
        assert event.before == {"number": 1, "document": {}}
        assert (event.after["number"], event.after["document"]) == (2, STRICT)

    def test_needs_another_person(self) -> None:
        with pytest.raises(FourEyesRequired):
            published(draft(STRICT), actor=world.STAN)

    def test_needs_a_person(self) -> None:
        with pytest.raises(FourEyesRequired):
            published(draft(STRICT), actor=system("a task"))

    def test_refuses_a_draft_that_was_changed_since_it_was_read(self) -> None:
        row = draft(STRICT)
        policies.edit_draft(
            row.pk, WATCHED, edition=1, actor=world.STAN, reason="watch first", now=world.now()
        )
        with pytest.raises(Conflict):
            published(row)

    def test_refuses_a_draft_over_a_version_that_is_not_in_force_any_more(self) -> None:
        one, other = draft(STRICT), draft(WATCHED)
        published(one)
        with pytest.raises(Conflict):
            published(other)

    def test_happens_once(self) -> None:
        row = draft(STRICT)
        published(row)
        with pytest.raises(NotFound):
            published(row)

    def test_needs_a_reason(self) -> None:
        row = draft(STRICT)
        with pytest.raises(InvalidInput):
            policies.publish_draft(row.pk, edition=1, actor=world.PAUL, reason=" ", now=world.now())


class TestDrafts:
    def test_one_person_writes_it(self) -> None:
        row = draft(STRICT)
        with pytest.raises(RoleForbids):
            policies.edit_draft(
                row.pk, WATCHED, edition=1, actor=world.PAUL, reason="better", now=world.now()
            )

    def test_of_two_edits_at_once_the_second_is_refused(self) -> None:
        row = draft(STRICT)
        policies.edit_draft(row.pk, WATCHED, edition=1, actor=world.STAN, reason="x", now=world.now())
        with pytest.raises(Conflict):
            policies.edit_draft(row.pk, STRICT, edition=1, actor=world.STAN, reason="x", now=world.now())

    def test_a_withdrawn_one_is_not_published(self) -> None:
        row = draft(STRICT)
        policies.withdraw_draft(row.pk, actor=world.STAN, reason="no", now=world.now())
        with pytest.raises(NotFound):
            published(row)

    def test_an_unsound_one_leaves_nothing(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            draft({"rules": [{"rule": "C1.identity", "mode": "off"}]})
        assert [finding.member for finding in refusal.value.findings] == ["rules[0].mode"]
        assert not PolicyDraft.objects.exists()


class TestRollback:
    def test_publishes_an_earlier_version_as_a_new_one(self) -> None:
        publish(STRICT)
        row = policies.propose_rollback(1, actor=world.STAN, reason="too strict", now=world.now())
        version = published(row)
        assert (version.number, version.restores, version.document) == (3, 1, {})

    def test_has_four_eyes_too(self) -> None:
        publish(STRICT)
        row = policies.propose_rollback(1, actor=world.STAN, reason="too strict", now=world.now())
        with pytest.raises(FourEyesRequired):
            published(row, actor=world.STAN)

    @pytest.mark.parametrize(("number", "refusal"), [(1, Conflict), (2, NotFound)])
    def test_is_to_an_earlier_version_that_there_is(self, number: int, refusal: type[Exception]) -> None:
        with pytest.raises(refusal):
            policies.propose_rollback(number, actor=world.STAN, reason="x", now=world.now())


def test_any_two_versions_can_be_compared() -> None:
    publish(STRICT)
    publish(WATCHED)
    assert [(each.name, each.before, each.after) for each in policies.difference(1, 3)] == [
        ("U1.count", None, "monitor"),
        ("maximum_redirect_uris", None, 1),
    ]
    assert policies.difference(2, 2) == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registry_policyversion SET document = '{}'",
        "DELETE FROM registry_policyversion",
        "TRUNCATE registry_policyversion",
    ],
)
def test_a_published_version_never_changes(change: str) -> None:
    publish(STRICT)
    with (
        pytest.raises(ProgrammingError, match=r"published policy versions stay|permission denied"),
        transaction.atomic(),
    ):
        connection.cursor().execute(change)
    assert policies.document(2) == STRICT


class TestRegistration:
    def test_is_judged_by_the_version_in_force(self) -> None:
        acme = world.organization()
        publish(STRICT)
        with pytest.raises(InvalidClientMetadata.__base__) as refusal:  # type: ignore[arg-type]
            register(acme, **two_uris(acme))
        assert [finding.rule for finding in refusal.value.findings] == ["U1.count"]  # type: ignore[attr-defined]

    def test_names_the_version(self) -> None:
        acme = world.organization()
        publish(STRICT)
        client = register(acme)
        assert client.policy_version == "baseline-2"
        assert Registration.objects.get(client=client).policy_version == "baseline-2"
        assert world.initial_access_token(acme).row.policy_version == "baseline-2"

    def test_keeps_what_a_watched_rule_says(self) -> None:
        acme = world.organization()
        publish(WATCHED)
        client = register(acme, **two_uris(acme))
        (found,) = Registration.objects.get(client=client).monitored
        assert (found["rule"], found["member"], found["standing"]) == (
            "U1.count",
            "redirect_uris",
            "monitored",
        )
        (event,) = events(Event.REGISTRATION_GRANTED)
        assert event.after["monitored"] == [found]

    def test_does_not_ask_a_rule_that_is_off(self) -> None:
        acme = world.organization()
        publish(STRICT | {"rules": [{"rule": "U1.count", "mode": "off"}]})
        assert Registration.objects.get(client=register(acme, **two_uris(acme))).monitored == []

    def test_a_setting_holds_in_its_scope_alone(self) -> None:
        acme = world.organization()
        publish({"parameters": [STRICT["parameters"][0] | {"environment": "production"}]})
        assert register(acme, **two_uris(acme)).policy_version == "baseline-2"

    def test_reading_the_version_costs_no_statement(self) -> None:
        acme = world.organization()
        counts = []
        for document in ({}, STRICT, STRICT):
            if document and policies.newest() == 1:
                publish(document)
            with CaptureQueriesContext(connection) as asked:
                register(acme)
            counts.append(len(asked))
        assert counts[0] == counts[1] == counts[2]


def test_rules_that_can_be_switched_exist() -> None:
    assert {rule.id for rule in RULES} >= SWITCHABLE
