"""docs/performance.md: the part between the two marks is written from the JSON of one run, the rest by hand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.local.bench.goals import FLAT, GOALS, IDLE_MIB, PAGE_MS, WORKER_MIB
from portal.local.errors import CannotRun

BEGIN, END = "<!-- figures: written by manage.py bench -->", "<!-- end of figures -->"
OURS, THEIRS = "concordat", "stock toolkit"
Run = Mapping[str, Any]


class NoPlaceForFigures(CannotRun):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} has no place for figures: it needs the lines {BEGIN} and {END}.")


def write(path: Path, run: Run) -> None:
    """Put the figures of a run in place of those that the document holds. Raises NoPlaceForFigures."""
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlaceForFigures(path)
    path.write_text(f"{before}{BEGIN}\n\n{figures(run)}\n{END}{after}")


def figures(run: Run) -> str:
    """Markdown: where it ran, what requests cost, memory, flatness and containment as far as the run asked."""
    parts = [_machine(run), _costs(run["costs"]), _memory(run)]
    parts += [_flat(run["flat"])] if run["flat"] else []
    parts += [_pages(run["pages"])] if run.get("pages") else []
    parts += [_contained(run["contained"])] if run["contained"] else []
    return "\n".join(parts)


def _machine(run: Run) -> str:
    plan, machine = run["plan"], run["machine"]
    versions = ", ".join(f"{name} {machine[name]}" for name in machine if name[0].isupper() or "-" in name)
    return (
        f"Run of {machine['at']}: {plan['organizations']:,} organizations, {plan['clients']:,} clients, "
        f"{machine['connections']} connections, {machine['web_workers']} web workers, {machine['cpus']} CPUs, load "
        f"{machine['load_before']} before it began; {plan['rounds']} rounds of {plan['requests']} requests, medians. "
        f"Python {machine['python']}, {versions}.\n"
    )


def _costs(costs: Mapping[str, Mapping[str, Any]]) -> str:
    headings = (
        "Operation",
        "CPU ms",
        "web",
        "database",
        "SQL",
        "req/s",
        "p50 ms",
        "p99 ms",
        "stock",
        "ratio",
        "bar",
    )
    theirs = costs.get(THEIRS, {})
    rows = [_cost(operation, ours, theirs.get(operation)) for operation, ours in costs[OURS].items()]
    return _table(headings, rows)


def _cost(operation: str, ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> list[str]:
    goal = GOALS.get(operation)
    bar = (
        "" if goal is None else f"≤ {goal.cpu:g}" + (f", ratio ≤ {goal.of_stock:g}" if goal.of_stock else "")
    )
    beside = ("–", "–") if theirs is None else (f"{theirs['cpu']:.2f}", f"{ours['cpu'] / theirs['cpu']:.2f}")
    costs = [f"{ours[name]:.2f}" for name in ("cpu", "web_cpu", "database_cpu")]
    speed = [f"{ours['per_second']:.0f}", f"{ours['p50']:.1f}", f"{ours['p99']:.1f}"]
    return [operation.replace("_", " "), *costs, _sql(ours), *speed, *beside, bar]


def _sql(figures: Mapping[str, Any]) -> str:
    return f"{figures['statements']['work']:g} + {figures['statements']['control']:g}"


def _memory(run: Run) -> str:
    rows = [
        [
            side,
            f"{sum(parts):.0f}",
            _parts(parts),
            f"{sum(run['after_mib'][side]):.0f}",
        ]
        for side, parts in run["idle_mib"].items()
    ]
    rows += [
        [f"Celery {name}", f"{sum(parts):.0f}", _parts(parts), "–"]
        for name, parts in run["workers_mib"].items()
    ]
    table = _table(("Memory in MiB (PSS)", "idle", "master and workers", "after the run"), rows)
    bars = f"The bar for ours, idle, is {IDLE_MIB:.0f} MiB, for a Celery worker {WORKER_MIB:.0f} MiB."
    return f"{table}\n{bars}\n"


def _parts(parts: Sequence[float]) -> str:
    return " + ".join(f"{part:.0f}" for part in parts)


def _flat(flat: Mapping[str, Mapping[str, Any]]) -> str:
    sizes = sorted(flat, key=int)
    rows = []
    for operation in flat[sizes[0]]:
        costs = [float(flat[size][operation]["cpu"]) for size in sizes]
        told = [f"{cost:.2f}" for cost in costs]
        rows.append([operation.replace("_", " "), *told, f"{costs[-1] / costs[0]:.2f}"])
    table = _table(("CPU ms with clients", *(f"{int(size):,}" for size in sizes), "last / first"), rows)
    return f"{table}\nThe bar is a ratio of {FLAT:g}.\n"


def _pages(pages: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [name, *(f"{found[what]:.1f}" for what in ("cpu", "web_cpu", "database_cpu")), _sql(found)]
        for name, found in pages.items()
    ]
    table = _table(("Page of the staff portal", "CPU ms", "web", "database", "SQL"), rows)
    return f"{table}\nThe bar is {PAGE_MS:.0f} ms.\n"


def _contained(contained: Mapping[str, Any]) -> str:
    rows = [
        [name, *(f"{count[what]:,}" for what in ("after", "stale", "active_before", "refused_before"))]
        for name, count in contained["by_operation"].items()
    ]
    headings = ("Begun after containment", "answered", "active", "active before it", "refused before it")
    table = _table(headings, rows)
    return f"{table}\n{contained['organizations']} organizations were contained in {contained['seconds']:.0f} s.\n"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(_lines(headings, rows)) + "\n"


def _lines(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(headings) + " |"
    yield "|---" + "|---:" * (len(headings) - 1) + "|"
    yield from ("| " + " | ".join(row) + " |" for row in rows)


def read(path: Path) -> dict[str, Any]:
    """The figures of an earlier run."""
    run: dict[str, Any] = json.loads(path.read_text())
    return run
