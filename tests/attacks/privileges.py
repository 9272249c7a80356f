"""The table of who is let in where (privileges.txt), read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.doors import CAST, VERBS

FILE = Path(__file__).with_suffix(".txt")
NOBODY = "-"
HEADING = ["address", *VERBS]


@dataclass(frozen=True, slots=True)
class Cell:
    """Who is let in at one address with one verb.

    roles  of the cast
    fresh  those of them who are first asked to prove themselves again, unless they did a moment ago
    scope  what a service's token has to carry; "" where no token counts
    """

    roles: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    scope: str = ""


Table = Mapping[tuple[str, str], Cell]


def read(text: str) -> Table:
    """The cells of all rows. Fails where one is missing, a row stands twice, or a word means nobody."""
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    groups: dict[str, frozenset[str]] = {name: frozenset({name}) for name in CAST}
    table: dict[tuple[str, str], Cell] = {}
    for words in lines:
        if words[1:2] == ["="]:
            groups[words[0]] = frozenset().union(*(groups[name] for name in words[2:]))
        elif words != HEADING:
            assert len(words) == len(HEADING), f"not one cell for each verb: {' '.join(words)}"
            assert (words[0], "GET") not in table, f"told twice: {words[0]}"
            table |= {
                (words[0], verb): _cell(told, groups) for verb, told in zip(VERBS, words[1:], strict=True)
            }
    return table


def _cell(told: str, groups: Mapping[str, frozenset[str]]) -> Cell:
    if told == NOBODY:
        return Cell()
    if ":" in told:
        return Cell(frozenset({"service"}), scope=told)
    named = {word.removesuffix("!"): word.endswith("!") for word in told.split("+")}
    fresh = [groups[name] for name, asks in named.items() if asks]
    return Cell(frozenset().union(*(groups[name] for name in named)), frozenset().union(*fresh))


TABLE = read(FILE.read_text())
