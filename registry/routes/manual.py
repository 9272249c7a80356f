"""Registration by hand: the exception, with a justification and an end date."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from registry import client_metadata, organization_facts, registration
from registry.actors import Actor
from registry.errors import InvalidInput
from registry.registration import Registered, RegistrationRequest
from registry.states import Environment, Route


def register(
    organization_id: UUID,
    environment: Environment,
    document: Mapping[str, Any],
    *,
    justification: str,
    valid_until: datetime | None,
    actor: Actor,
    now: datetime,
) -> Registered:
    """Register a client in the name of an organization. Raises InvalidInput without a justification, or a real end."""
    if not justification.strip():
        raise InvalidInput("No justification is given.", fix="Say why no automatic route fits.")
    organization_facts.check_end("valid_until", valid_until)
    request = RegistrationRequest(
        organization_id=organization_id,
        environment=environment,
        route=Route.MANUAL,
        metadata=client_metadata.parse(document),
        evidence={"justification": justification, "by": actor.name},
        valid_until=valid_until,
    )
    return registration.register(registration.with_keys(request, now=now), actor=actor, now=now)[0]
