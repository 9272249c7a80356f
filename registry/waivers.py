"""Waivers: one finding of one client forgiven until an instant. One person asks, another grants, beat ends them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from registry import audit, decisions, facts, lifecycle
from registry.actors import Actor, ActorKind, Viewer, system
from registry.errors import Conflict, Finding, FourEyesRequired, InvalidInput, NotFound
from registry.events import Event
from registry.models import Client, Waiver, WaiverStage
from registry.policy import engine
from registry.policy import waivers as forgiving
from registry.policy.version_checks import SWITCHABLE
from registry.queries.visibility import visible
from registry.states import FINAL_STATES

LONGEST = timedelta(days=366)
_BEAT = system("expire_waivers")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a finding by its rule and member as a judgement names them, until when, and who owns it."""

    rule: str
    member: str
    ends_at: datetime
    owner: str


def waivers(viewer: Viewer) -> QuerySet[Waiver]:
    """Waivers that are asked for or in force, those that end first before the others."""
    rows = Waiver.objects.filter(visible(viewer, "client__organization_id"))
    return (
        rows.exclude(stage=WaiverStage.ENDED).select_related("client__organization").order_by("ends_at", "pk")
    )


@transaction.atomic
def ask_waiver(client_id: str, wanted: Wanted, *, actor: Actor, reason: str, now: datetime) -> Waiver:
    """Ask that a finding about a client as it stands be forgiven.

    Raises NotFound when no rule says this about it, InvalidInput for an end that is none, a rule that nobody can
    forgive or an owner without a name, Conflict when it has ended or the same is asked for or forgiven already.
    """
    client = lifecycle.lock_client(client_id)
    _require_possible(client, wanted, reason, now)
    finding, (rule, member, value) = _finding(client, wanted, now)
    same = Waiver.objects.filter(client=client, rule=rule, member=member, value=value)
    if same.exclude(stage=WaiverStage.ENDED).exists():
        raise Conflict("This finding has a waiver already.", fix="End it first.")
    row = Waiver(
        client=client,
        rule=rule,
        member=member,
        value=value,
        found=finding.found[:500],
        owner=wanted.owner.strip(),
        reason=reason[:1000],
        asked_by=actor.name,
        asked_at=now,
        ends_at=wanted.ends_at,
    )
    row.save(force_insert=True)
    _record(Event.WAIVER_ASKED, row, actor, reason, now)
    return row


def _require_possible(client: Client, wanted: Wanted, reason: str, now: datetime) -> None:
    if client.state in FINAL_STATES:
        raise Conflict(f"The client is {client.state}.", fix="Waive findings of living clients.")
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; it is kept in the audit log.")
    findings = tuple(_objections(wanted, now))
    if findings:
        raise InvalidInput(findings=findings)


def _objections(wanted: Wanted, now: datetime) -> Iterable[Finding]:
    law = "product.waiver", "product: waivers"
    if not now < wanted.ends_at <= now + LONGEST:
        yield Finding(
            "ends_at", "is not within a year from now", f"Choose an end within {LONGEST.days} days.", *law
        )
    if not wanted.owner.strip() or len(wanted.owner) > 100:
        yield Finding("owner", "is no name", "Name who answers for it, in at most 100 characters.", *law)
    if wanted.rule not in SWITCHABLE:
        yield Finding(
            "rule",
            "cannot be forgiven: the server relies on this rule",
            f"Waive one of {', '.join(sorted(SWITCHABLE))}.",
            *law,
        )


def _finding(client: Client, wanted: Wanted, now: datetime) -> tuple[Finding, forgiving.Waiver]:
    metadata = decisions.stored(client, client.metadata)
    judgement = engine.judge(metadata, facts.gather_for(client, metadata, now))
    for finding in judgement.findings + judgement.monitored:
        if (finding.rule, finding.member) == (wanted.rule, wanted.member):
            return finding, forgiving.waiver(finding, judgement.metadata)
    raise NotFound(
        "No rule says this about the client as it stands.", fix="Read what rules say about it now."
    )


@transaction.atomic
def grant_waiver(waiver_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Waiver:
    """Put a waiver in force. Raises FourEyesRequired for whoever asked and for services, NotFound, Conflict."""
    row = _locked(waiver_id)
    if actor.kind is not ActorKind.PERSON or actor.name == row.asked_by:
        raise FourEyesRequired(
            "A waiver is granted by a person who did not ask for it.", fix="Let another person grant it."
        )
    if row.stage != WaiverStage.ASKED or row.ends_at <= now:
        raise Conflict("The waiver is granted already, or over.", fix="Read it again.")
    row.stage, row.granted_by, row.granted_at = WaiverStage.GRANTED, actor.name, now
    row.save(force_update=True)
    _record(Event.WAIVER_GRANTED, row, actor, reason, now)
    return row


@transaction.atomic
def end_waiver(waiver_id: UUID, *, actor: Actor, reason: str, now: datetime) -> Waiver:
    """End or decline a waiver. Raises NotFound when it has ended, InvalidInput without a reason."""
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; it is kept in the audit log.")
    return _end(_locked(waiver_id), Event.WAIVER_ENDED, actor, reason, now)


def expire_waivers(*, limit: int, now: datetime) -> int:
    """End waivers whose end has come, each in a transaction of its own; how many. Safe to run twice."""
    due = Waiver.objects.filter(ends_at__lte=now).exclude(stage=WaiverStage.ENDED).order_by("ends_at")
    return sum(_expire(waiver_id, now) for waiver_id in due.values_list("pk", flat=True)[:limit])


@transaction.atomic
def _expire(waiver_id: UUID, now: datetime) -> int:
    row = _unended(waiver_id)
    if row is None:
        return 0
    _end(row, Event.WAIVER_EXPIRED, _BEAT, "its end has come", now)
    return 1


def _end(row: Waiver, event: Event, actor: Actor, reason: str, now: datetime) -> Waiver:
    row.stage, row.ended_at = WaiverStage.ENDED, now
    row.save(force_update=True)
    _record(event, row, actor, reason, now)
    return row


def _unended(waiver_id: UUID) -> Waiver | None:
    rows = Waiver.objects.select_for_update(of=("self",), no_key=True).exclude(stage=WaiverStage.ENDED)
    return rows.select_related("client").filter(pk=waiver_id).first()


def _locked(waiver_id: UUID) -> Waiver:
    row = _unended(waiver_id)
    if row is None:
        raise NotFound("There is no such waiver, or it has ended.")
    return row


def _record(event: Event, row: Waiver, actor: Actor, reason: str, now: datetime) -> None:
    audit.record(
        event,
        organization=row.client.organization_id,
        environment=row.client.environment,
        subject=("client", row.client.client_id),
        actor=actor,
        reason=reason,
        after={
            "waiver": str(row.pk),
            "rule": row.rule,
            "member": row.member,
            "owner": row.owner,
            "ends_at": row.ends_at.isoformat(),
        },
        now=now,
    )
