"""From the sandbox to production: the same metadata, judged by the policy there, with credentials of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from registry import client_metadata, lifecycle, registration
from registry.actors import Actor
from registry.client_metadata import ClientMetadata
from registry.errors import Conflict, Finding, InvalidInput
from registry.models import Client, Registration
from registry.registration import Registered, RegistrationRequest
from registry.routes import manual
from registry.states import FINAL_STATES, Environment, Route, State


@transaction.atomic
def promote(
    client_id: str, *, jwks: Mapping[str, Any] | None = None, reason: str, actor: Actor, now: datetime
) -> Registered:
    """Register in production what a client of the sandbox is, beside it; the sandbox goes on.

    jwks  its keys there, when it has keys here: none of these is accepted (rule K2)
    Nothing of the sandbox works in production, and the other way round: a resource server belongs to one environment.
    Raises InvalidInput without keys where they are needed; Conflict for a client that is not at work in the sandbox, or
    has a client in production already; a RegistrationRefused with every finding; QuotaReached; StandingForbids.
    """
    if not reason.strip():
        raise InvalidInput("No reason is given.", fix="Say why; whoever decides reads it.")
    client = lifecycle.lock_client(client_id)
    _require_sandbox(client)
    request = RegistrationRequest(
        organization_id=client.organization_id,
        environment=Environment.PRODUCTION,
        route=Route(client.route),
        metadata=_with_keys(client, jwks),
        evidence={"promoted_from": client.client_id, "justification": reason, "by": actor.name},
        valid_until=client.valid_until,
    )
    made, promoted = registration.register(request, actor=actor, now=now)
    manual.carry_over(client, promoted, actor=actor, now=now)
    return made


def _require_sandbox(client: Client) -> None:
    if client.environment != Environment.SANDBOX or client.state != State.ACTIVE:
        raise Conflict(
            f"The client is {client.state} in {client.environment}.",
            fix="Promote a client that is active in the sandbox.",
        )
    living = Registration.objects.filter(
        organization=client.organization_id, evidence__promoted_from=client.client_id
    ).exclude(client__state__in=FINAL_STATES)
    if (other := living.values_list("client__client_id", flat=True).first()) is not None:
        raise Conflict(
            f"It was promoted before, as {other}.", fix="Change that client, or deregister it first."
        )


def _with_keys(client: Client, jwks: Mapping[str, Any] | None) -> ClientMetadata:
    """The metadata of the sandbox with other keys in place of its own."""
    if jwks is None and not client.metadata.keys().isdisjoint(_KEY_SOURCES):
        raise InvalidInput(findings=[_NO_KEYS])
    document = {name: value for name, value in client.metadata.items() if name not in _KEY_SOURCES}
    metadata = client_metadata.parse(document | ({"jwks": dict(jwks)} if jwks is not None else {}))
    return replace(metadata, claimed_client_id=None)


_KEY_SOURCES = frozenset({"jwks", "jwks_uri"})
_NO_KEYS = Finding(
    "jwks",
    "is missing: keys of the sandbox do not go to production",
    "Send jwks with new public keys.",
    "product.promotion",
    "OWASP NHI8:2025",
)
