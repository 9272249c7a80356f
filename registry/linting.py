"""The linter: what the rules would say of a registration, without registering anything.

Nothing is locked, written, counted or fetched: whoever registers afterwards is judged again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry import client_metadata, facts
from registry.client_metadata import ClientMetadata
from registry.errors import Finding, RegistrationRefused
from registry.models import Organization
from registry.policy import engine
from registry.policy.rule import Replaced
from registry.states import Environment, Route


@dataclass(frozen=True, slots=True)
class Linted:
    """What would happen: the objections, the replacements, and what would be stored.

    metadata  effective metadata; None for a document that cannot be read as metadata at all
    """

    metadata: ClientMetadata | None
    findings: tuple[Finding, ...]
    replaced: tuple[Replaced, ...] = ()


def lint(
    organization: Organization,
    environment: Environment,
    document: Mapping[str, Any],
    *,
    now: datetime,
    route: Route = Route.DYNAMIC,
) -> Linted:
    """Judge a new registration of an organization, as it stands now. Raises nothing about the document."""
    try:
        metadata = client_metadata.parse(document)
    except RegistrationRefused as refusal:
        return Linted(None, refusal.findings)
    context = facts.gather(organization, environment, metadata, route=route, token=None, now=now)
    judgement = engine.judge(metadata, context, rules=engine.BEFORE_FETCH)
    return Linted(judgement.metadata, judgement.findings, judgement.replaced)
