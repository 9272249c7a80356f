"""How values look on a page: words, icons, instants, numbers, identifiers (their tables: vocabulary).

Pure: nothing here queries, decides or reads the clock; `now` arrives from the page.
Source: the interface design, §5 (words for states) and §6 (numbers, dates, identifiers).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django import template
from django.forms import BaseForm, BoundField
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags.vocabulary import (
    FLASH_TONES,
    ICONS,
    LAST_GROUP,
    ORGANIZATION_GROUPS,
    REASON_FIELDS,
    SEGMENT_TONES,
    STATES,
    UNKNOWN_STATE,
    UNKNOWN_VERDICT,
    VERDICTS,
    WORDS,
)

register = template.Library()

NARROW_SPACE = "\u202f"
DAY, MONTH, HALF_YEAR, YEAR = 86_400, 30 * 86_400, 183 * 86_400, 365 * 86_400
UNITS = ((YEAR, "y"), (MONTH, "mo"), (DAY, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """An icon of the sprite (parts/icons.html), hidden from readers; KeyError if the sprite has no such icon."""
    if name not in ICONS:
        raise KeyError(name)
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="#i-{}"/></svg>', f"icon {classes}".strip(), name
    )


def _state(value: object) -> tuple[str, str, str]:
    return STATES.get(str(value).lower(), UNKNOWN_STATE)


@register.filter
def state_word(value: object) -> str:
    return _state(value)[0]


@register.filter
def state_icon(value: object) -> str:
    return _state(value)[1]


@register.filter
def state_tone(value: object) -> str:
    return _state(value)[2]


def _verdict(value: object) -> tuple[str, str, str]:
    return VERDICTS.get(str(value).lower(), UNKNOWN_VERDICT)


@register.filter
def verdict_word(value: object) -> str:
    return _verdict(value)[0]


@register.filter
def verdict_icon(value: object) -> str:
    return _verdict(value)[1]


@register.filter
def verdict_tone(value: object) -> str:
    return _verdict(value)[2]


@register.filter
def flash_tone(level: str) -> str:
    """The colour word for a Django message level tag."""
    return FLASH_TONES.get(level, ("info", "info"))[0]


@register.filter
def flash_icon(level: str) -> str:
    return FLASH_TONES.get(level, ("info", "info"))[1]


@register.filter
def words(value: object) -> str:
    """A code value (`federation_automatic`, `account_information`) as words of a sentence."""
    text = str(value)
    return WORDS.get(text, text.replace("_", " "))


@register.filter
def thin(value: float | None) -> str:
    """1284 → `1 284` with a narrow no-break space; None is the unknown, not zero."""
    if value is None:
        return "not known"
    return f"{value:,}".replace(",", NARROW_SPACE)


@register.filter
def duration(seconds: float) -> str:
    """Seconds as the two largest units: `0.4 s`, `41 s`, `3 h 12 min`."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    left, parts = int(seconds), []
    for size, unit in UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


def _largest_unit(span: timedelta) -> str:
    seconds = int(abs(span).total_seconds())
    if MONTH <= seconds < HALF_YEAR:
        return f"{seconds // DAY} d"
    return next((f"{seconds // size} {unit}" for size, unit in UNITS if seconds >= size), "")


def _to_the_minute(span: timedelta) -> timedelta:
    """What ends in more than an hour, to the nearest minute: 24 h, chosen seconds ago, are not 23 h."""
    minutes = timedelta(minutes=round(span / timedelta(minutes=1)))
    return minutes if span > timedelta(hours=1) - timedelta(seconds=30) else span


@register.filter
def relative(instant: datetime | None, now: datetime) -> str:
    """`3 h ago`, `in 6 d` or `now`; both instants aware; days are counted for half a year, then months."""
    if instant is None:
        return "never"
    span = _largest_unit(_to_the_minute(instant - now))
    if not span:
        return "now"
    return f"in {span}" if instant > now else f"{span} ago"


@register.filter
def absolute(instant: datetime) -> str:
    """`23 Nov 2026 06:12 UTC`."""
    moment = instant.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y %H:%M} UTC"


@register.filter
def day(instant: date) -> str:
    """`23 Nov 2026`; an instant is taken in UTC."""
    moment = instant.astimezone(UTC) if isinstance(instant, datetime) else instant
    return f"{moment.day} {moment:%b %Y}"


@register.filter
def weekday(instant: date) -> str:
    """`Mon 23 Nov 2026`."""
    moment = instant.astimezone(UTC) if isinstance(instant, datetime) else instant
    return f"{moment:%a} {day(moment)}"


@register.filter
def minute(instant: datetime) -> str:
    """`Mon 23 Nov 2026 09:12` in UTC, for the clock in the footer."""
    return f"{weekday(instant)} {instant.astimezone(UTC):%H:%M}"


@register.filter
def iso(instant: datetime) -> str:
    """`2026-11-23T06:12:04Z`, to the second, as in audit and certificates."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@register.filter
def clock_time(instant: datetime) -> str:
    """`06:12:04` in UTC, for rows under a day's heading."""
    return f"{instant.astimezone(UTC):%H:%M:%S}"


@register.filter
def breakable(value: object) -> SafeString:
    """An identifier that may break after `_ / .`, and nowhere else; escaped."""
    text = str(conditional_escape(str(value)))
    for sign in "_/.":
        text = text.replace(sign, f"{sign}\0")
    return mark_safe(text.replace("\0", "<wbr>"))  # noqa: S308  # escaped above; only <wbr> was added


@register.filter
def shortened(value: object, limit: int = 32) -> str:
    """Shortened in the middle, at most `limit` characters: `https://rp.acme.ex…/ledger`."""
    text = str(value)
    if len(text) <= limit:
        return text
    head = math.ceil((limit - 1) * 0.55)
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def _fours(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


@register.filter
def thumbprint(value: str) -> str:
    """The whole thumbprint in groups of four."""
    return " ".join(_fours(value))


@register.filter
def thumbprint_ends(value: str) -> str:
    """`Zp7w Qm3L … c41A`: enough to compare by eye in a table, never for a decision."""
    if len(value) <= 16:
        return thumbprint(value)
    return f"{value[:4]} {value[4:8]} … {value[-4:]}"


@register.filter
def per_mille(value: float, limit: float) -> int:
    """The filled part of a meter that is 1000 wide; a limit of zero is full."""
    if limit <= 0:
        return 1000
    return max(0, min(1000, round(value * 1000 / limit)))


@register.filter
def meter_tone(value: float, limit: float) -> str:
    share = per_mille(value, limit)
    return "stop" if share >= 1000 else "warn" if share >= 800 else ""


def _read(row: object, name: str) -> object:
    return row[name] if isinstance(row, Mapping) else getattr(row, name)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar that is 1000 wide."""

    tone: str
    x: str
    width: str


@register.filter
def segments(rows: Sequence[object]) -> list[Segment]:
    """Rows of (state, count), objects or dicts, as pieces of one bar; empty rows take no place."""
    counts = [(state_tone(_read(row, "state")), int(str(_read(row, "count")))) for row in rows]
    total, x, pieces = sum(count for _, count in counts), 0.0, []
    for tone, count in counts:
        if count:
            width = count * 1000 / total
            pieces.append(Segment(SEGMENT_TONES.get(tone, tone), f"{x:.1f}", f"{width:.1f}"))
            x += width
    return pieces


@register.filter
def lines(value: object) -> Sequence[str]:
    """One member of client metadata as the lines that show it: each entry of a list, compact JSON of an object."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(line for entry in value for line in lines(entry))
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, default=str),)


@register.filter
def pretty(value: object) -> str:
    """A before or after picture of an audit event as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)


@register.filter
def reason_fields(form: BaseForm) -> list[BoundField]:
    return [field for field in form.visible_fields() if field.name in REASON_FIELDS]


@register.filter
def other_fields(form: BaseForm) -> list[BoundField]:
    return [field for field in form.visible_fields() if field.name not in REASON_FIELDS]


@dataclass(frozen=True, slots=True)
class FieldGroup:
    heading: str
    note: str
    fields: Sequence[BoundField]


@register.filter
def field_groups(form: BaseForm) -> list[FieldGroup]:
    """The visible fields of an organization's form under headings; empty groups are left out, no field is lost."""
    fields = form.visible_fields()
    named = frozenset[str]().union(*(names for _, _, names in ORGANIZATION_GROUPS))
    rest = frozenset(field.name for field in fields) - named
    groups = [
        FieldGroup(heading, note, [field for field in fields if field.name in names])
        for heading, note, names in (*ORGANIZATION_GROUPS, (*LAST_GROUP, rest))
    ]
    return [group for group in groups if group.fields]


@register.filter
def control(field: BoundField, classes: str = "") -> SafeString:
    """The widget of a form field with the look of `parts/field.html`; no placeholder stands in for its label."""
    own = str(field.field.widget.attrs.get("class", ""))
    names = " ".join(f"in {own} {classes}".split())
    return field.as_widget(attrs={"class": names, "placeholder": False})


@register.filter
def widget_kind(field: BoundField) -> str:
    """`select`, `radioselect`, `checkboxinput`, `textarea`, `textinput` …, to choose the layout of a field."""
    return type(field.field.widget).__name__.lower()
