"""What is measured of each request, at the one place that all of them pass."""

import time

from portal.metrics import instruments
from registry import measures
from registry.errors import Refusal

_CONTAINING = frozenset({"api:organization_contain", "staff:organization_contain"})
_POOL_EVERY_SECONDS = 1.0


class _PoolClock:
    """When this process looked at its pool last."""

    next_look = 0.0


def request(method: str | None, address: str, status: int, seconds: float) -> None:
    """Measure one answered request."""
    instruments.REQUEST_SECONDS.labels(address, status).observe(seconds)
    if address in _CONTAINING and method == "POST" and status < 400:
        instruments.CONTAINMENT_SECONDS.observe(seconds)
    if time.monotonic() >= _PoolClock.next_look:
        _PoolClock.next_look = time.monotonic() + _POOL_EVERY_SECONDS
        _pool()


def _pool() -> None:
    pool = measures.pool()
    if pool is not None:
        instruments.POOL_CONNECTIONS.set(pool.connections)
        instruments.POOL_IDLE.set(pool.idle)
        instruments.POOL_WAITING.set(pool.waiting)


def refusal(refused: Refusal) -> None:
    """Count a refusal under each rule that objected, or under its own name when it is no rule's."""
    rules = {finding.rule for finding in refused.findings} or {type(refused).__name__}
    for rule in rules:
        instruments.REFUSALS.labels(rule).inc()
