"""What rules would say of a document, without registering anything: for partners before they post."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from registry import client_metadata, facts
from registry.errors import Finding, NotFound, RegistrationRefused
from registry.models import Organization
from registry.policy import engine
from registry.policy.rule import Replaced
from registry.states import Environment, Route


@dataclass(frozen=True, slots=True)
class Linted:
    """A judgement that had no effect.

    metadata   the effective metadata; empty where the document could not be read that far
    findings   what would refuse it
    monitored  what rules say that are only watched
    """

    policy_version: str
    metadata: Mapping[str, Any]
    findings: tuple[Finding, ...]
    monitored: tuple[Finding, ...] = ()
    replaced: tuple[Replaced, ...] = ()

    @property
    def is_acceptable(self) -> bool:
        return not self.findings


def lint(
    organization_id: UUID,
    environment: Environment,
    document: Mapping[str, Any],
    *,
    route: Route = Route.DYNAMIC,
    now: datetime,
) -> Linted:
    """Judge a document as a new registration of this organization. Writes nothing, fetches nothing, records nothing.

    Does not ask whether the organization may register now, nor for the ceiling of a token. Raises NotFound.
    """
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise NotFound("There is no such organization.")
    try:
        metadata = client_metadata.parse(document)
    except RegistrationRefused as refusal:
        return Linted("", {}, refusal.findings)
    context = facts.gather(organization, environment, metadata, route=route, token=None, now=now)
    judgement = engine.judge(metadata, context, rules=engine.BEFORE_FETCH)
    return Linted(
        context.parameters.version,
        judgement.metadata.as_document(),
        judgement.findings,
        judgement.monitored,
        judgement.replaced,
    )
