"""What if this policy were in force: every effective metadata of living clients judged by it, in pages.

A run is a row. Each page is a transaction of its own that keeps its findings and where it ended: progress is seen while
it goes on, memory stays flat, and whoever takes over after a crash goes on from there. Facts of organizations are read
in bulk, the judging is pure. Changes nothing about clients. Clients that come while it runs are judged when their turn
comes; their number is not in `clients`.

Not asked: the ceiling of the initial access token that a client was registered with, and whose keys its keys are.
Neither is a matter of policy versions.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, QuerySet

from registry import audit, client_metadata, policy_in_force, queries
from registry.actors import Actor
from registry.client_metadata import ClientMetadata
from registry.errors import Finding, InvalidInput, NotFound
from registry.events import Event
from registry.models import Client, Organization, PolicyDryRun, PolicyDryRunFinding
from registry.policy import engine, version_checks, versions
from registry.policy.context import Context, scopes_by_grant_type
from registry.policy.presets import PRESETS
from registry.policy.versions import Policy
from registry.states import FINAL_STATES, Environment, Route, Verb

PAGE = 1000
_FINAL = [state.value for state in FINAL_STATES]

_CLIENTS = """
SELECT c.id, c.client_id, c.organization_id, c.environment, c.route, c.metadata::text,
    CASE WHEN c.software_id = '' THEN NULL ELSE
        (SELECT o.client_id FROM registry_client o WHERE o.organization_id = c.organization_id
             AND o.environment = c.environment AND o.software_id = c.software_id
             AND o.id <> c.id AND o.state <> ALL(%(final)s::text[]) LIMIT 1) END,
    (SELECT json_agg(json_build_array(w.rule, w.member, w.value)) FROM registry_waiver w
     WHERE w.client_id = c.id AND w.stage = 'granted' AND w.ends_at > %(now)s)
FROM registry_client c
WHERE c.id > %(after)s AND c.state <> ALL(%(final)s::text[]) ORDER BY c.id LIMIT %(limit)s
"""
_HOLDINGS = """
SELECT o.id, o.preset,
    ARRAY(SELECT d.domain FROM registry_proveddomain d WHERE d.organization_id = o.id AND d.ended_at IS NULL),
    (SELECT json_agg(json_build_array(e.scopes, e.default_scopes, e.grant_types)) FROM registry_entitlement e
     WHERE e.organization_id = o.id AND (e.valid_until IS NULL OR e.valid_until > %(now)s)),
    (SELECT json_object_agg(q.environment, q.keys_per_client) FROM registry_quota q WHERE q.organization_id = o.id)
FROM registry_organization o WHERE o.id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What rules ask of one organization."""

    preset: str
    domains: frozenset[str]
    scopes: frozenset[str]
    default_scopes: frozenset[str]
    grant_types: frozenset[str]
    by_grant_type: Mapping[str, frozenset[str]]
    keys: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Living:
    """One client as the run reads it."""

    key: int
    client_id: str
    organization_id: UUID
    environment: Environment
    route: Route
    metadata: ClientMetadata
    software_holder: str | None
    waivers: frozenset[tuple[str, str, str]]


@dataclass(slots=True)
class Answer:
    """What two policies say of some clients. `rules` counts clients: refused by the new one, and not by the old."""

    judged: int = 0
    failing: int = 0
    newly_failing: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    new_rules: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[Living, Finding, bool]] = field(default_factory=list)

    def add(self, client: Living, wanted: Sequence[Finding], today: Sequence[Finding]) -> None:
        known = {(finding.rule, finding.member) for finding in today}
        found = [(finding, (finding.rule, finding.member) not in known) for finding in wanted]
        self.judged += 1
        self.failing += bool(found)
        self.newly_failing += any(is_new for _, is_new in found)
        self.rules.update({finding.rule for finding, _ in found})
        self.new_rules.update({finding.rule for finding, is_new in found if is_new})
        self.findings.extend((client, finding, is_new) for finding, is_new in found)


@transaction.atomic
def start(document: Mapping[str, Any], *, label: str, actor: Actor, now: datetime) -> PolicyDryRun:
    """Ask for a run. Raises InvalidInput with every finding about the document."""
    if findings := version_checks.check(document):
        raise InvalidInput(findings=findings)
    run = PolicyDryRun(
        document=dict(document),
        label=label[:100],
        asked_by=actor.name,
        asked_at=now,
        clients=Client.objects.exclude(state__in=_FINAL).count(),
    )
    run.save(force_insert=True)
    audit.record(
        Event.POLICY_DRY_RUN_ASKED,
        organization=queries.operator_id(),
        subject=("policy_dry_run", str(run.pk)),
        actor=actor,
        after={"label": run.label, "document": run.document, "clients": run.clients},
        now=now,
    )
    return run


def go_on(run_id: UUID, *, now: datetime) -> PolicyDryRun:
    """Work on a run until it is finished; on one that is finished, do nothing. Raises NotFound."""
    while (run := next_page(run_id, now=now)).finished_at is None:
        continue
    return run


def go_on_with_all(*, limit: int, now: datetime) -> None:
    """Work on runs that are not finished, the oldest first."""
    waiting = PolicyDryRun.objects.filter(finished_at=None).order_by("asked_at")
    for run_id in list(waiting.values_list("pk", flat=True)[:limit]):
        go_on(run_id, now=now)


def latest() -> QuerySet[PolicyDryRun]:
    """Runs, newest first."""
    return PolicyDryRun.objects.order_by("-asked_at", "-pk")


def run(run_id: UUID) -> PolicyDryRun:
    """One run as far as it is. Raises NotFound."""
    found = PolicyDryRun.objects.filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such dry run.")
    return found


@dataclass(frozen=True, slots=True)
class ToNotify:
    """An organization, and how many of its clients would newly fail."""

    organization: Organization
    failing: int


def organizations_to_notify(run: PolicyDryRun) -> list[ToNotify]:
    """Whom to tell before this is published. Two statements."""
    new = PolicyDryRunFinding.objects.filter(run=run, is_new=True)
    counts = new.values("organization").annotate(failing=Count("client", distinct=True))
    found = {each["organization"]: each["failing"] for each in counts}
    rows = Organization.objects.filter(pk__in=found).order_by("slug")
    return [ToNotify(row, found[row.pk]) for row in rows]


@transaction.atomic
def next_page(run_id: UUID, *, now: datetime) -> PolicyDryRun:
    """Judge one page and keep what came of it; the run, finished when there was no page left. Raises NotFound."""
    run = PolicyDryRun.objects.select_for_update(no_key=True).filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such dry run.")
    if run.finished_at is not None:
        return run
    clients = _living(run.last_client, now)
    if not clients:
        run.finished_at = now
    else:
        policy = versions.read(0, run.document)
        _keep(run, answer(clients, policy, policy_in_force.current(), now), clients[-1].key)
    run.save(force_update=True)
    return run


def _keep(run: PolicyDryRun, answer: Answer, last: int) -> None:
    run.judged += answer.judged
    run.failing += answer.failing
    run.newly_failing += answer.newly_failing
    run.last_client = last
    for rule, count in answer.rules.items():
        before = run.rules.get(rule, [0, 0])
        run.rules[rule] = [before[0] + count, before[1] + answer.new_rules[rule]]
    PolicyDryRunFinding.objects.bulk_create(
        [
            PolicyDryRunFinding(
                run=run,
                organization_id=client.organization_id,
                client_id=client.key,
                rule=finding.rule,
                member=finding.member[:200],
                found=finding.found[:500],
                is_new=is_new,
            )
            for client, finding, is_new in answer.findings
        ]
    )


def answer(clients: Sequence[Living], policy: Policy, today: Policy, now: datetime) -> Answer:
    """What `policy` says of these clients, beside what the version in force says. One statement."""
    holdings = _holdings({client.organization_id for client in clients}, now)
    said = Answer()
    for client in clients:
        held = holdings[client.organization_id]
        wanted = _judge(client, held, policy)
        said.add(client, wanted, _judge(client, held, today) if wanted else ())
    return said


def _judge(client: Living, held: Holdings, policy: Policy) -> tuple[Finding, ...]:
    terms = versions.in_force(policy, PRESETS[held.preset], client.environment, client.route)
    context = Context(
        environment=client.environment,
        route=client.route,
        verb=Verb.REPLACE,
        organization_id=str(client.organization_id),
        client_id=client.client_id,
        parameters=terms.parameters,
        entitled_scopes=held.scopes,
        entitled_grant_types=held.grant_types,
        scopes_by_grant_type=held.by_grant_type,
        default_scopes=held.default_scopes,
        proved_domains=held.domains,
        software_holder=client.software_holder,
        keys_per_client=held.keys.get(client.environment, 0),
        modes=terms.modes,
        waivers=client.waivers,
    )
    return engine.judge(client.metadata, context).findings


def pages(now: datetime) -> Iterator[Sequence[Living]]:
    """All living clients, page by page, one statement each."""
    after = 0
    while page := _living(after, now):
        yield page
        after = page[-1].key


def _living(after: int, now: datetime) -> list[Living]:
    with connection.cursor() as cursor:
        cursor.execute(_CLIENTS, {"after": after, "final": _FINAL, "limit": PAGE, "now": now})
        return [_client(*row) for row in cursor.fetchall()]


def _client(
    key: int,
    client_id: str,
    organization_id: UUID,
    environment: str,
    route: str,
    document: str,
    holder: str | None,
    waived: Sequence[Sequence[str]] | None,
) -> Living:
    return Living(
        key,
        client_id,
        organization_id,
        Environment(environment),
        Route(route),
        replace(client_metadata.parse(json.loads(document)), claimed_client_id=client_id),
        holder,
        frozenset((rule, member, value) for rule, member, value in waived or ()),
    )


def _holdings(ids: set[UUID], now: datetime) -> dict[UUID, Holdings]:
    with connection.cursor() as cursor:
        cursor.execute(_HOLDINGS, {"ids": list(ids), "now": now})
        return {row[0]: _held(*row[1:]) for row in cursor.fetchall()}


def _held(
    preset: str,
    domains: Sequence[str],
    roles: Sequence[Sequence[Sequence[str]]] | None,
    keys: Mapping[str, int] | None,
) -> Holdings:
    scopes, default_scopes, grant_types = (
        frozenset[str]().union(*(role[place] for role in roles or ())) for place in range(3)
    )
    by_grant_type = scopes_by_grant_type((role[0], role[2]) for role in roles or ())
    return Holdings(
        preset, frozenset(domains), scopes, default_scopes, grant_types, by_grant_type, keys or {}
    )
