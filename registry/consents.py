"""What end users decide: the decision's event commits with the code that it allows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from registry import audit
from registry.actors import Actor
from registry.events import Event
from registry.loading import ActingClient


@contextmanager
def decided(
    acting: ActingClient,
    *,
    actor: Actor,
    scopes: Sequence[str],
    granted: bool,
    redirect_host: str,
    now: datetime,
) -> Iterator[None]:
    """Record one decision; what the block writes commits with it. A refusal commits although the block raises."""
    if granted:
        with transaction.atomic():
            _record(acting, Event.CONSENT_GIVEN, actor, scopes, redirect_host, now)
            yield
        return
    with transaction.atomic():
        _record(acting, Event.CONSENT_REFUSED, actor, scopes, redirect_host, now)
    yield


def _record(
    acting: ActingClient,
    event: Event,
    actor: Actor,
    scopes: Sequence[str],
    redirect_host: str,
    now: datetime,
) -> None:
    audit.record(
        event,
        organization=acting.standing.organization.id,
        environment=acting.standing.organization.environment,
        subject=("client", acting.standing.client_id),
        actor=actor,
        after={"scopes": list(scopes), "redirect_host": redirect_host},
        now=now,
    )
