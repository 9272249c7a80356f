"""Celery: one line of work a task. Ids in, idempotent, safe to run twice at once; schedule in the settings."""

from uuid import UUID

from celery import shared_task

from registry import (
    clock,
    domain_reviews,
    dry_run,
    expiry,
    heartbeat,
    idempotency,
    key_refresh,
    logos,
    notices,
    rate,
    staleness,
    transparency,
    waivers,
)


@shared_task
def note_heartbeat(*, queue: str, **_: object) -> None:
    heartbeat.note(f"queue {queue}", now=clock.now())


@shared_task
def expire_initial_access_tokens(*, ids: list[str] | None = None, limit: int = 500, **_: object) -> None:
    chosen = None if ids is None else [UUID(text) for text in ids]
    expiry.expire_initial_access_tokens(ids=chosen, limit=limit, now=clock.now())


@shared_task
def expire_clients(*, ids: list[str] | None = None, limit: int = 500, **_: object) -> None:
    expiry.expire_clients(ids=ids, limit=limit, now=clock.now())


@shared_task
def follow_unused_clients(*, ids: list[str] | None = None, limit: int = 500, **_: object) -> None:
    staleness.follow_unused(ids=ids, limit=limit, now=clock.now())


@shared_task
def recheck_domains(*, ids: list[int] | None = None, limit: int = 20, **_: object) -> None:
    domain_reviews.recheck_due(ids=ids, limit=limit, now=clock.now())


@shared_task
def refresh_key_sets(*, ids: list[int] | None = None, limit: int = 40, **_: object) -> None:
    key_refresh.refresh_due(ids=ids, limit=limit, now=clock.now())


@shared_task
def fetch_logos(*, ids: list[int] | None = None, limit: int = 20, **_: object) -> None:
    logos.fetch_due(ids=ids, limit=limit, now=clock.now())


@shared_task
def send_notices(*, ids: list[str] | None = None, limit: int = 200, **_: object) -> None:
    chosen = None if ids is None else [UUID(text) for text in ids]
    notices.send_due(ids=chosen, limit=limit, now=clock.now())


@shared_task
def sequence_audit(*, limit: int = 2000, **_: object) -> None:
    """In rounds until nobody waits: a burst need not wait for the next beat."""
    for _round in range(50):
        if not transparency.sequence(limit=limit, now=clock.now()).is_full:
            return


@shared_task
def purge_expired_tokens(*, limit: int = 1000, **_: object) -> None:
    expiry.purge_tokens(limit=limit, now=clock.now())


@shared_task
def purge_remembered_answers(*, limit: int = 20_000, **_: object) -> None:
    """And rates of those who have not asked for minutes: both tables forget."""
    idempotency.purge(now=clock.now(), limit=limit)
    rate.purge(now=clock.now(), limit=limit)


@shared_task
def expire_waivers(*, limit: int = 500, **_: object) -> None:
    waivers.expire_waivers(limit=limit, now=clock.now())


@shared_task
def judge_policies(*, limit: int = 5, **_: object) -> None:
    """Dry runs that were asked for: each page is a transaction of its own, so that two workers share one run."""
    dry_run.go_on_with_all(limit=limit, now=clock.now())
