"""Lists of both portals: what the query string asks for, and the filter bar, columns and pager that show it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest

from registry import queries

PAGE_SIZE = 50
MAX_TEXT = 200
MAX_PAGE = 100_000

Options = Sequence[tuple[str, str]]
Value = TypeVar("Value")


class Query:
    """The query string of one list page. Unknown names and values are dropped, so every answer can be linked."""

    def __init__(self, request: HttpRequest) -> None:
        self.path = request.path
        self._sent = request.GET
        self._kept: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Free text, trimmed; "" when absent. PostgreSQL takes no NUL, so none is passed on."""
        value = self._sent.get(name, "").replace("\x00", "").strip()[:MAX_TEXT]
        return self._keep(name, value)

    def is_read(self, name: str) -> bool:
        """Whether what was sent under a name is what `text` or `choice` took; False when it was cut or dropped."""
        return self._sent.get(name, "").strip() == self._kept.get(name, "")

    def names(self) -> list[str]:
        """Every name that was sent, read or not, as often as it was."""
        return [name for name, values in self._sent.lists() for _ in values]

    def choice(self, name: str, values: Iterable[str]) -> str:
        """One of `values`, or "" for anything else."""
        value = self._sent.get(name, "")
        return self._keep(name, value if value in set(values) else "")

    def day(self, name: str) -> "Day":
        """A day as people write it. One that is none limits nothing and is in no link, but stays in its field."""
        text = self.text(name)
        day = Day.read(text)
        return self.without(name, day) if day.error else day

    def without(self, name: str, value: Value) -> Value:
        """Leave this value out of every link."""
        self._keep(name, "")
        return value

    def page(self) -> int:
        value = self._sent.get("page", "")
        return (
            min(max(1, int(value)), MAX_PAGE) if value.isascii() and value.isdigit() and len(value) < 9 else 1
        )

    def href(self, **changes: str) -> str:
        """This list with some values changed; "" removes one. The page starts again unless it is named."""
        values = {name: value for name, value in {**self._kept, **changes}.items() if value}
        return f"{self.path}?{urlencode(values)}" if values else self.path

    def _keep(self, name: str, value: str) -> str:
        self._kept[name] = value
        return value


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a filter: what was written, its first instant (UTC), and what is wrong with it."""

    text: str
    begin: datetime | None = None
    error: str = ""

    @classmethod
    def read(cls, text: str) -> "Day":
        if not text:
            return cls(text)
        try:
            return cls(text, datetime.combine(date.fromisoformat(text), time(), UTC))
        except ValueError:
            return cls(text, error="Write the day as 2026-11-23.")

    @property
    def end(self) -> datetime | None:
        """The first instant after it; None for the last day that there is."""
        is_last = self.begin is None or self.begin.date() == date.max
        return None if is_last or self.begin is None else self.begin + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the filter bar. `shown` says its value in words on the chip that removes it.

    error  what is wrong with the value, which then is no filter and has no chip
    """

    name: str
    label: str
    value: str
    options: Options = ()
    kind: str = "text"
    wide: bool = False
    mono: bool = False
    error: str = ""

    @property
    def shown(self) -> str:
        return f"{self.label.lower()}: {self.shown_value}"

    @property
    def shown_value(self) -> str:
        return dict(self.options).get(self.value, self.value)


def search(value: str, label: str, *, error: str = "") -> Field:
    return Field("q", label, value, kind="search", wide=True, error=error)


def select(
    name: str, label: str, value: str, options: Options, *, every: str = "Any", error: str = ""
) -> Field:
    return Field(name, label, value, (("", every), *options), kind="select", error=error)


def filter_bar(query: Query, fields: Sequence[Field], count_sentence: str) -> dict[str, Any]:
    """The context of parts/filter_bar.html."""
    return {
        "action": query.path,
        "fields": fields,
        "chips": [
            {"text": f.shown, "href": query.href(**{f.name: ""})} for f in fields if f.value and not f.error
        ],
        "clear_href": query.path,
        "count_sentence": count_sentence,
    }


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page, and what to say of the others."""

    rows: list[Any]
    total: int
    pager: Mapping[str, str] = field(default_factory=dict)


Read = Callable[[QuerySet[Any, Any], int, int], list[Any]]


def page(
    query: Query, rows: QuerySet[Any, Any], total: int | None = None, *, read: Read = queries.part_of
) -> Page:
    """The page that the query string names; one beyond the last is empty, with a way back.

    total  how many rows there are, when that is known
    read   how the rows from one place to another are read
    """
    number, total = query.page(), rows.count() if total is None else total
    start = (number - 1) * PAGE_SIZE
    shown = read(rows, start, start + PAGE_SIZE)
    pager = {"sentence": f"{start + 1}–{start + len(shown)} of {total}" if shown else f"0 of {total}"}
    if number > 1:
        last = max(1, -(-total // PAGE_SIZE))
        pager["previous_href"] = query.href(page=str(min(number - 1, last)))
    if start + len(shown) < total and shown:
        pager["next_href"] = query.href(page=str(number + 1))
    return Page(shown, total, pager)


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `sort` is the word of the query string that sorts by it, "" for none."""

    text: str
    sort: str = ""
    num: bool = False


def table_head(query: Query, columns: Sequence[Column], current: str) -> list[dict[str, Any]]:
    """The context of parts/table_head.html: a second click on a sorted column turns it round."""
    return [_head(query, column, current) for column in columns]


def _head(query: Query, column: Column, current: str) -> dict[str, Any]:
    head: dict[str, Any] = {"text": column.text, "num": column.num}
    if column.sort:
        head["sort_href"] = query.href(sort=f"-{column.sort}" if current == column.sort else column.sort)
        if current.removeprefix("-") == column.sort:
            head["sorted"] = "descending" if current.startswith("-") else "ascending"
    return head


def sort_values(columns: Sequence[Column]) -> set[str]:
    """What `sort` may be in a query string."""
    words = {column.sort for column in columns if column.sort}
    return words | {f"-{word}" for word in words}


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 client`, `2 clients`, `no client`."""
    if count == 0:
        return f"no {noun}"
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}".replace(",", "\u202f")


def line(count: int, noun: str, text: str, plural: str = "") -> dict[str, str]:
    """One line of parts/consequences.html that begins with a number; of nothing it says so."""
    lead = counted(count, noun, plural)
    return {"lead": lead, "text": text} if count else {"lead": lead.capitalize(), "text": "is live now."}


STATE_OPTIONS: Options = tuple(
    (word, word.capitalize())
    for word in ("draft", "pending", "active", "restricted", "suspended", "revoked", "offboarded")
)
ENVIRONMENT_OPTIONS: Options = (("production", "Production"), ("sandbox", "Sandbox"))
ROUTE_OPTIONS: Options = (
    ("dynamic", "Dynamic"),
    ("manual", "Manual"),
    ("federation_automatic", "Federation, automatic"),
    ("federation_explicit", "Federation, explicit"),
    ("metadata_document", "Metadata document"),
)
