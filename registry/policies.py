"""Versions of the policy: drafted by one person, published by another, brought back the same way.

A published version never changes; the newest is in force from its commit on, in every process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from registry import audit, lifecycle, policy_in_force, queries
from registry.actors import Actor, ActorKind
from registry.errors import Conflict, FourEyesRequired, InvalidInput, NotFound, RoleForbids
from registry.events import Event
from registry.models import DraftEnd, PolicyDraft, PolicyVersion
from registry.policy import explaining, version_checks, versions
from registry.policy.explaining import Explained
from registry.policy.presets import BASELINE, PRESETS
from registry.policy.versions import Difference
from registry.states import Environment, Route


def history() -> QuerySet[PolicyVersion]:
    """Published versions, newest first. Version 1 is built in and not among them."""
    return PolicyVersion.objects.order_by("-number")


def drafts() -> QuerySet[PolicyDraft]:
    """Drafts that wait, newest first."""
    return PolicyDraft.objects.filter(ended_at=None).order_by("-created_at")


def document(number: int) -> Mapping[str, Any]:
    """What a version says over the built-in one. Raises NotFound."""
    if number == versions.BUILT_IN:
        return {}
    found: Mapping[str, Any] | None = (
        PolicyVersion.objects.filter(number=number).values_list("document", flat=True).first()
    )
    if found is None:
        raise NotFound(f"There is no policy version {number}.")
    return found


def difference(before: int, after: int) -> tuple[Difference, ...]:
    """What changes between any two versions. Raises NotFound."""
    return versions.differences(document(before), document(after))


def newest() -> int:
    """The number of the version in force. One statement."""
    found = PolicyVersion.objects.order_by("-number").values_list("number", flat=True).first()
    return versions.BUILT_IN if found is None else found


@transaction.atomic
def draft_policy(said: Mapping[str, Any], *, actor: Actor, reason: str, now: datetime) -> PolicyDraft:
    """Write a new draft. Raises InvalidInput with every finding about it."""
    _require_sound(said)
    draft = PolicyDraft(
        document=dict(said),
        based_on=newest(),
        drafted_by=actor.name,
        reason=_needed(reason),
        created_at=now,
        edited_at=now,
    )
    draft.save(force_insert=True)
    _record_draft(Event.POLICY_DRAFTED, draft, actor, reason, now)
    return draft


@transaction.atomic
def edit_draft(
    draft_id: UUID, said: Mapping[str, Any], *, edition: int, actor: Actor, reason: str, now: datetime
) -> PolicyDraft:
    """Write a draft anew, over the version in force now.

    Raises RoleForbids for another person than the one who drafted it, Conflict when `edition` is not its newest,
    InvalidInput with every finding about it, NotFound when it has ended.
    """
    draft = _locked(draft_id)
    if draft.drafted_by != actor.name:
        raise RoleForbids(
            "Somebody else drafted it.", fix="Let them change it, or write a draft of your own."
        )
    if draft.edition != edition:
        raise Conflict("The draft was changed since you read it.", fix="Read it again.")
    _require_sound(said)
    draft.document, draft.reason, draft.edited_at = dict(said), _needed(reason), now
    draft.based_on, draft.restores, draft.edition = newest(), None, edition + 1
    draft.save(force_update=True)
    _record_draft(Event.POLICY_DRAFTED, draft, actor, reason, now)
    return draft


@transaction.atomic
def withdraw_draft(draft_id: UUID, *, actor: Actor, reason: str, now: datetime) -> PolicyDraft:
    """Give a draft up. Raises NotFound when it has ended, InvalidInput without a reason."""
    draft = _locked(draft_id)
    _end(draft, DraftEnd.WITHDRAWN, now)
    _record_draft(Event.POLICY_DRAFT_WITHDRAWN, draft, actor, _needed(reason), now)
    return draft


@transaction.atomic
def propose_rollback(number: int, *, actor: Actor, reason: str, now: datetime) -> PolicyDraft:
    """Draft an earlier version again. Raises NotFound, or Conflict for the one in force.

    Raises InvalidInput when rules or bounds changed since, so that it could not be published today.
    """
    current = newest()
    if number == current:
        raise Conflict(f"Version {number} is in force.", fix="Choose an earlier one.")
    said = document(number)
    _require_sound(said)
    draft = PolicyDraft(
        document=said,
        based_on=current,
        restores=number,
        drafted_by=actor.name,
        reason=_needed(reason),
        created_at=now,
        edited_at=now,
    )
    draft.save(force_insert=True)
    _record_draft(Event.POLICY_DRAFTED, draft, actor, reason, now)
    return draft


@transaction.atomic
def publish_draft(draft_id: UUID, *, edition: int, actor: Actor, reason: str, now: datetime) -> PolicyVersion:
    """Put a draft in force, as the next version. One publication at a time.

    Raises FourEyesRequired for whoever drafted it and for everybody who is no person, Conflict when the draft or the
    policy changed since, InvalidInput when rules or bounds did, NotFound when it has ended.
    """
    operator = lifecycle.lock_organization(queries.operator_id())
    draft = _locked(draft_id)
    _require_second_person(draft, actor)
    if draft.edition != edition:
        raise Conflict("The draft was changed since you read it.", fix="Read it again.")
    current = newest()
    if draft.based_on != current:
        raise Conflict(
            f"It was drafted over version {draft.based_on}, and {current} is in force.",
            fix="Let whoever drafted it write it anew.",
        )
    _require_sound(draft.document)
    version = PolicyVersion(
        number=current + 1,
        document=draft.document,
        restores=draft.restores,
        drafted_by=draft.drafted_by,
        reason=draft.reason,
        published_by=actor.name,
        published_at=now,
    )
    version.save(force_insert=True)
    _end(draft, DraftEnd.PUBLISHED, now)
    audit.record(
        Event.POLICY_PUBLISHED,
        organization=operator.pk,
        subject=("policy_version", str(version.number)),
        actor=actor,
        reason=_needed(reason),
        before={"number": current, "document": document(current)},
        after=_told(draft) | {"number": version.number},
        now=now,
    )
    return version


def _require_second_person(draft: PolicyDraft, actor: Actor) -> None:
    if actor.kind is not ActorKind.PERSON or actor.name == draft.drafted_by:
        raise FourEyesRequired(
            "A policy is published by a person who did not draft it.", fix="Let another person publish it."
        )


def _require_sound(said: Mapping[str, Any]) -> None:
    if findings := version_checks.check(said):
        raise InvalidInput(findings=findings)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; it is kept with the version.")
    return reason[:1000]


def _locked(draft_id: UUID) -> PolicyDraft:
    draft = PolicyDraft.objects.select_for_update(no_key=True).filter(pk=draft_id, ended_at=None).first()
    if draft is None:
        raise NotFound("There is no such draft, or it has ended.")
    return draft


def _end(draft: PolicyDraft, outcome: DraftEnd, now: datetime) -> None:
    draft.ended_at, draft.outcome = now, outcome
    draft.save(force_update=True)


def _told(draft: PolicyDraft) -> dict[str, Any]:
    told = {"drafted_by": draft.drafted_by, "edition": draft.edition, "document": draft.document}
    return told | ({"restores": draft.restores} if draft.restores else {})


def _record_draft(event: Event, draft: PolicyDraft, actor: Actor, reason: str, now: datetime) -> None:
    audit.record(
        event,
        organization=queries.operator_id(),
        subject=("policy_draft", str(draft.pk)),
        actor=actor,
        reason=reason,
        after=_told(draft) | {"based_on": draft.based_on},
        now=now,
    )


@dataclass(frozen=True, slots=True)
class RulesInForce:
    policy_version: str
    rules: Sequence[Explained]


def rules_in_force(
    *,
    preset: str = BASELINE.name,
    environment: str = Environment.PRODUCTION,
    route: str = Route.DYNAMIC,
) -> RulesInForce:
    """Every rule as it is judged now, for software of one preset that comes by one route. One statement."""
    policy, parameters = policy_in_force.current(), PRESETS[preset]
    rules = explaining.explained(policy, parameters, Environment(environment), Route(route))
    return RulesInForce(policy.name(parameters.name), rules)
