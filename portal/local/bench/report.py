"""What a person sees of a run: progress while it goes, then one table for each question."""

from collections.abc import Mapping, Sequence
from typing import Self

from rich.console import Console
from rich.table import Table

from portal.local.bench.containment import Contained
from portal.local.bench.goals import FLAT, GOALS, IDLE_MIB, PAGE_MS, WORKER_MIB
from portal.local.bench.rounds import Figures

Compared = Mapping[str, Mapping[str, Figures]]
OURS, THEIRS = "concordat", "stock toolkit"
WIDTH = 140


class Report:
    """Prints to a terminal; where there is none, the moving line is left out."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._console.width = max(self._console.width, WIDTH)
        self._status = self._console.status("")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def tell(self, what: str) -> None:
        self._status.update(what)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def costs(self, compared: Compared) -> None:
        """CPU-ms per request, with the rounds' range; ratios to the stock toolkit where it ran."""
        table = _table(
            "Operation",
            "req/s",
            "p50 ms",
            "p99 ms",
            "CPU ms",
            "of it web",
            "database",
            "SQL",
            "lowest–highest",
        )
        for column in ("stock", "ratio", "bar"):
            table.add_column(column, justify="right", no_wrap=True)
        for operation, ours in compared[OURS].items():
            theirs = compared.get(THEIRS, {}).get(operation)
            table.add_row(operation, *_cells(ours), *_beside(operation, ours, theirs))
        self._console.print(table)

    def pages(self, found: Mapping[str, Figures]) -> None:
        """Server time of pages of the staff portal."""
        table = _table("Page", "p50 ms", "p99 ms", "CPU ms", "of it web", "database", "SQL", "bar")
        for name, figures in found.items():
            table.add_row(name, *_cells(figures)[1:7], f"{PAGE_MS:.0f}")
        self._console.print(table)

    def flat(self, sizes: Mapping[int, Mapping[str, Figures]]) -> None:
        """CPU-ms by number of clients, and the last as a multiple of the first."""
        table = _table("CPU ms at clients", *(f"{size:,}" for size in sizes), "ratio", "bar")
        first, last = min(sizes), max(sizes)
        for operation in sizes[first]:
            costs = [figures[operation].cpu for figures in sizes.values()]
            ratio = sizes[last][operation].cpu / sizes[first][operation].cpu
            table.add_row(operation, *(f"{cost:.2f}" for cost in costs), f"{ratio:.2f}", f"{FLAT:.2f}")
        self._console.print(table)

    def contained(self, found: Contained) -> None:
        table = _table(
            "Requests begun after containment", "answered", "active", "before it: active", "refused"
        )
        for operation, count in found.by_operation.items():
            table.add_row(
                operation,
                str(count.after),
                str(count.stale),
                str(count.active_before),
                str(count.refused_before),
            )
        self._console.print(table)

    def memory(
        self,
        idle: Mapping[str, Sequence[float]],
        after: Mapping[str, Sequence[float]],
        workers: Mapping[str, Sequence[float]],
    ) -> None:
        table = _table("Memory, MiB (PSS)", "idle", "master and workers", "after the run", "bar")
        for side, parts in idle.items():
            told = " + ".join(f"{part:.0f}" for part in parts)
            bar = f"{IDLE_MIB:.0f}" if side == OURS else ""
            table.add_row(side, f"{sum(parts):.0f}", told, f"{sum(after[side]):.0f}", bar)
        for name, parts in workers.items():
            told = " + ".join(f"{part:.0f}" for part in parts)
            table.add_row(f"Celery {name}", f"{sum(parts):.0f}", told, "", f"{WORKER_MIB:.0f}")
        self._console.print(table)


def _cells(ours: Figures) -> tuple[str, ...]:
    sql = f"{ours.statements.work:g}+{ours.statements.control:g}"
    return (
        f"{ours.per_second:.0f}",
        f"{ours.p50:.1f}",
        f"{ours.p99:.1f}",
        f"{ours.cpu:.2f}",
        f"{ours.web_cpu:.2f}",
        f"{ours.database_cpu:.2f}",
        sql,
        f"{ours.cpu_lowest:.2f}–{ours.cpu_highest:.2f}",
    )


def _beside(operation: str, ours: Figures, theirs: Figures | None) -> tuple[str, str, str]:
    goal = GOALS.get(operation)
    bar = "" if goal is None else f"{goal.cpu:g}" + (f" · {goal.of_stock:g}" if goal.of_stock else "")
    if theirs is None:
        return "", "", bar
    return f"{theirs.cpu:.2f}", f"{ours.cpu / theirs.cpu:.2f}", bar


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, header_style="dim", title_justify="left")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table
