"""Alternated rounds: each operation on each side in turn, so that a busy neighbour falls on both; medians."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from portal.local.bench import load, measure
from portal.local.bench.bed import Bed, Web
from portal.local.bench.load import Prepared
from portal.local.bench.measure import StatementCounter, Statements
from portal.local.bench.plan import CONNECTIONS, Plan


class Side(Protocol):
    """A server under test."""

    name: str
    plan: Plan
    web: Web

    def prepare(self) -> None: ...
    def start(self) -> None: ...
    def take(self, operation: str, count: int) -> list[Prepared]: ...


@dataclass(frozen=True, slots=True)
class Cost:
    """One operation in one round. Milliseconds; CPU of the web server, of PostgreSQL and of Valkey per request."""

    requests: int
    per_second: float
    p50: float
    p99: float
    web_cpu: float
    database_cpu: float
    broker_cpu: float

    @property
    def cpu(self) -> float:
        return self.web_cpu + self.database_cpu + self.broker_cpu


@dataclass(frozen=True, slots=True)
class Figures:
    """One operation on one side: medians over the rounds, and how far the rounds lay apart."""

    requests: int
    per_second: float
    p50: float
    p99: float
    cpu: float
    cpu_lowest: float
    cpu_highest: float
    web_cpu: float
    database_cpu: float
    statements: Statements

    @classmethod
    def of(cls, rounds: Sequence[Cost], statements: Statements) -> "Figures":
        def middle(name: str) -> float:
            return round(float(median(getattr(cost, name) for cost in rounds)), 3)

        return cls(
            requests=sum(cost.requests for cost in rounds),
            per_second=middle("per_second"),
            p50=middle("p50"),
            p99=middle("p99"),
            cpu=middle("cpu"),
            cpu_lowest=round(min(cost.cpu for cost in rounds), 3),
            cpu_highest=round(max(cost.cpu for cost in rounds), 3),
            web_cpu=middle("web_cpu"),
            database_cpu=middle("database_cpu"),
            statements=statements,
        )


Told = Callable[[str], None]


def compare(bed: Bed, sides: Sequence[Side], plan: Plan, tell: Told) -> dict[str, dict[str, Figures]]:
    """Figures by side and operation. A side that does not offer an operation has none for it."""
    costs: dict[tuple[str, str], list[Cost]] = {}
    for number in range(plan.rounds):
        for operation in plan.operations:
            for side in sides:
                tell(f"round {number + 1} of {plan.rounds}: {operation} on {side.name}")
                if number == 0:
                    _drive(side, operation, plan.warm_up)
                if (cost := _measured(bed, side, operation, plan.requests)) is not None:
                    costs.setdefault((side.name, operation), []).append(cost)
    return {
        side.name: {
            operation: Figures.of(costs[side.name, operation], _counted(side, operation, plan.warm_up))
            for operation in plan.operations
            if (side.name, operation) in costs
        }
        for side in sides
    }


def _measured(bed: Bed, side: Side, operation: str, count: int) -> Cost | None:
    requests = side.take(operation, count)
    if not requests:
        return None
    roots = (side.web.pid, bed.database_pid, bed.broker_pid)
    before = [measure.cpu_seconds(root) for root in roots]
    driven = load.drive(side.web.port, requests, connections=CONNECTIONS, seconds=side.plan.seconds)
    spent = [measure.cpu_seconds(root) - earlier for root, earlier in zip(roots, before, strict=True)]
    web, database, broker = (1000 * seconds / driven.requests for seconds in spent)
    return Cost(
        requests=driven.requests,
        per_second=driven.requests / driven.seconds,
        p50=driven.percentile(0.5),
        p99=driven.percentile(0.99),
        web_cpu=web,
        database_cpu=database,
        broker_cpu=broker,
    )


def _counted(side: Side, operation: str, count: int) -> Statements:
    with StatementCounter(side.web.database_url) as counter:
        return counter.per_request(_drive(side, operation, count))


def _drive(side: Side, operation: str, count: int) -> int:
    requests = side.take(operation, count)
    if not requests:
        return 0
    return load.drive(side.web.port, requests, connections=CONNECTIONS, seconds=side.plan.seconds).requests
