"""What a figure is held against: bars in CPU-ms per request, and the share of the stock toolkit's cost allowed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """`cpu` in milliseconds of web server, PostgreSQL and Valkey; `of_stock` as a share, where one is set."""

    cpu: float
    of_stock: float | None = None


GOALS = {
    "client_credentials": Goal(1.5, 0.4),
    "private_key_jwt": Goal(2.0),
    "introspection": Goal(1.0, 0.22),
    "registration": Goal(5.0),
    "reading": Goal(2.0),
    "update": Goal(7.0),
    "deregistration": Goal(6.0),
    "refresh": Goal(2.5),
}
FLAT = 1.25
IDLE_MIB = 200.0
WORKER_MIB = 130.0
PAGE_MS = 100.0
