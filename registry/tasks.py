"""Celery: one line of work a task. Ids in, idempotent, safe to run twice at once; schedule in the settings."""

from celery import shared_task

from registry import clock, expiry, idempotency, rate, tokens, transparency


@shared_task
def expire_initial_access_tokens(*, limit: int = 500, **_: object) -> None:
    expiry.expire_initial_access_tokens(limit=limit, now=clock.now())


@shared_task
def expire_clients(*, limit: int = 500, **_: object) -> None:
    expiry.expire_clients(limit=limit, now=clock.now())


@shared_task
def sequence_audit(*, limit: int = 2000, **_: object) -> None:
    """In rounds until nobody waits: a burst need not wait for the next beat."""
    for _round in range(50):
        if not transparency.sequence(limit=limit, now=clock.now()).is_full:
            return


@shared_task
def purge_expired_tokens(*, limit: int = 5000, **_: object) -> None:
    tokens.purge_expired(now=clock.now(), limit=limit)


@shared_task
def purge_remembered_answers(*, limit: int = 20_000, **_: object) -> None:
    """And rates of those who have not asked for minutes: both tables forget."""
    idempotency.purge(now=clock.now(), limit=limit)
    rate.purge(now=clock.now(), limit=limit)
