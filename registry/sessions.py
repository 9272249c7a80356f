"""Sign-ins in the audit log: under the person's organization, or the operator's."""

from datetime import datetime

from django.db import transaction

from registry import audit, networks, queries
from registry.actors import Actor, ActorKind
from registry.events import Event


def record(event: Event, actor: Actor, *, now: datetime, reason: str = "") -> None:
    """One event about a person's session or factors."""
    with transaction.atomic():
        audit.record(
            event,
            organization=actor.organization_id or queries.operator_id(),
            subject=("person", actor.id),
            actor=actor,
            reason=reason,
            now=now,
        )


def record_refused(email: str, *, source: str, request_id: str, now: datetime) -> None:
    """A refused sign-in: one event a minute for each network and e-mail address."""
    operator = queries.operator_id_if_founded()
    if operator is None:  # nobody can sign in yet, and no organization carries the event
        return
    audit.record_once(
        Event.PERSON_SIGN_IN_REFUSED,
        once=f"{networks.network(source)}|{email.lower()[:100]}",
        organization=operator,
        subject=("person", email.lower()),
        actor=Actor(ActorKind.SOURCE, source, source, request_id=request_id),
        now=now,
    )


def record_refused_factor(actor: Actor, person_id: str, *, now: datetime) -> None:
    """A code that was not accepted: one event a minute for each person, whoever `actor` is that presents it."""
    audit.record_once(
        Event.PERSON_FACTOR_REFUSED,
        once=person_id,
        organization=actor.organization_id or queries.operator_id(),
        subject=("person", person_id),
        actor=actor,
        now=now,
    )
