"""Dry runs: every living client judged by what may come, beside what is in force; page by page."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import dry_run, lifecycle, policies
from registry.errors import InvalidInput, NotFound
from registry.identifiers import uuid7
from registry.models import Client, Organization, PolicyDryRun, PolicyDryRunFinding
from registry.routes import manual
from registry.states import Environment
from tests import world

pytestmark = pytest.mark.django_db
STRICT: dict[str, Any] = {"parameters": [{"parameter": "maximum_redirect_uris", "value": 1}]}


@pytest.fixture
def acme() -> Organization:
    world.operator()
    return world.organization()


def client(holder: Organization, uris: int = 1) -> str:
    (uri,) = world.metadata(holder)["redirect_uris"]
    made = manual.register(
        holder.pk,
        Environment.SANDBOX,
        world.metadata(holder, redirect_uris=[f"{uri}/{number}" for number in range(uris)]),
        justification="a test",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return made.client_id


def run(document: dict[str, Any]) -> PolicyDryRun:
    row = dry_run.start(document, label="a test", actor=world.STAN, now=world.now())
    return dry_run.go_on(row.pk, now=world.now())


def test_says_which_clients_would_fail_and_by_which_rule(acme: Organization) -> None:
    client(acme)
    failing = client(acme, uris=2)
    found = run(STRICT)
    assert (found.clients, found.judged, found.failing, found.newly_failing) == (2, 2, 1, 1)
    assert found.rules == {"U1.count": [1, 1]}
    (finding,) = PolicyDryRunFinding.objects.filter(run=found).select_related("client")
    assert (finding.client.client_id, finding.rule, finding.is_new) == (failing, "U1.count", True)
    assert found.finished_at is not None


def test_names_the_organizations_to_notify(acme: Organization) -> None:
    client(acme, uris=2)
    client(acme, uris=3)
    client(world.organization("other"))
    (each,) = dry_run.organizations_to_notify(run(STRICT))
    assert (each.organization.pk, each.failing) == (acme.pk, 2)


def test_tells_what_fails_today_already_from_what_is_new(acme: Organization) -> None:
    client(acme, uris=2)
    draft = policies.draft_policy(STRICT, actor=world.STAN, reason="x", now=world.now())
    policies.publish_draft(draft.pk, edition=1, actor=world.PAUL, reason="x", now=world.now())
    found = run(STRICT)
    assert (found.failing, found.newly_failing, found.rules) == (1, 0, {"U1.count": [1, 0]})
    assert dry_run.organizations_to_notify(found) == []


def test_a_watched_rule_fails_nobody(acme: Organization) -> None:
    client(acme, uris=2)
    assert run(STRICT | {"rules": [{"rule": "U1.count", "mode": "monitor"}]}).failing == 0


def test_nobody_fails_by_what_is_in_force(acme: Organization) -> None:
    client(acme)
    client(acme, uris=2)
    assert run({}).failing == 0


def test_leaves_out_clients_that_have_ended(acme: Organization) -> None:
    ended = client(acme, uris=2)
    lifecycle.deregister_client(ended, actor=world.STAN, reason="x", now=world.now())
    assert run(STRICT).judged == 0


def test_changes_no_client(acme: Organization) -> None:
    client(acme, uris=2)
    before = list(Client.objects.values())
    run(STRICT)
    assert list(Client.objects.values()) == before


def test_goes_on_where_it_stopped(acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_run, "PAGE", 2)
    for _ in range(5):
        client(acme, uris=2)
    row = dry_run.start(STRICT, label="a test", actor=world.STAN, now=world.now())
    assert (dry_run.next_page(row.pk, now=world.now()).judged, dry_run.run(row.pk).finished_at) == (2, None)
    dry_run.go_on_with_all(limit=5, now=world.now())
    assert (dry_run.run(row.pk).judged, dry_run.run(row.pk).failing) == (5, 5)
    assert PolicyDryRunFinding.objects.filter(run=row).count() == 5


def test_done_twice_is_done_once(acme: Organization) -> None:
    client(acme, uris=2)
    found = run(STRICT)
    dry_run.go_on(found.pk, now=world.now())
    assert PolicyDryRunFinding.objects.filter(run=found).count() == 1


def test_statements_do_not_grow_with_clients(acme: Organization) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            run(STRICT)
        return len(asked)

    client(acme, uris=2)
    few = statements()
    for _ in range(5):
        client(acme, uris=2)
    assert statements() == few


def test_an_unsound_policy_is_not_run(acme: Organization) -> None:
    with pytest.raises(InvalidInput):
        run({"rules": [{"rule": "nobody", "mode": "off"}]})
    assert not PolicyDryRun.objects.exists()


def test_there_is_such_a_run_or_not(acme: Organization) -> None:
    for ask in (dry_run.run, lambda run_id: dry_run.go_on(run_id, now=world.now())):
        with pytest.raises(NotFound):
            ask(uuid7())


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("judge_policy", *arguments, stdout=out)
    return out.getvalue()


class TestCommand:
    def test_tells_who_would_fail(self, acme: Organization, tmp_path: Path) -> None:
        client(acme, uris=2)
        path = tmp_path / "policy.json"
        path.write_text(json.dumps(STRICT))
        said = told(str(path))
        assert "1 clients judged, 1 would fail, 1 do not fail today." in said
        assert "U1.count: 1 would fail, 1 newly" in said
        assert f"tell {acme.slug}: 1 clients" in said

    def test_takes_a_version(self, acme: Organization) -> None:
        client(acme, uris=2)
        assert "1 clients judged, 0 would fail" in told("1")

    @pytest.mark.parametrize(
        ("text", "says"),
        [('{"weights": 1}', "weights: is no part"), ("{", "Expecting"), (None, "No such file")],
    )
    def test_refuses_what_is_no_policy(
        self, acme: Organization, tmp_path: Path, text: str | None, says: str
    ) -> None:
        path = tmp_path / "policy.json"
        if text is not None:
            path.write_text(text)
        with pytest.raises(CommandError, match=says):
            told(str(path))
