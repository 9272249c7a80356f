"""Canonical JSON (RFC 8785), read strictly and written again. Written apart from the writer's on purpose."""

import json
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import Any, NoReturn, TypeAlias

_PLAIN = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
_TEXT = json.JSONEncoder(ensure_ascii=False).encode
_SAFE = 2**53


Writer: TypeAlias = Callable[[Any], bytes]


class NotCanonical(ValueError):
    """The bytes are no JSON, or are not the canonical spelling of what they say."""


def read(line: bytes) -> tuple[Any, Writer]:
    """The value of a text that is exactly its own canonical form, and the writer of its parts.

    No other bytes may say the same. Raises NotCanonical.
    """
    try:
        value, write_it = parse(line.decode())
        written = write_it(value)
    except (UnicodeError, RecursionError) as error:
        raise NotCanonical("the text is not Unicode, or nested too deeply") from error
    if written != line:
        raise NotCanonical("the text is not in its canonical form")
    return value, write_it


def parse(text: str) -> tuple[Any, Writer]:
    """The value of any JSON text, and the function that writes it; duplicates and unsafe numbers are refused.

    Python's own encoder writes the canonical form as long as there are no fractions, and no names beyond ASCII.
    """
    seen: list[object] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            raise NotCanonical("a name stands twice in one object")
        seen.extend(name for name in value if not name.isascii())
        return value

    def fraction(digits: str) -> float:
        seen.append(digits)
        return float(digits)

    try:
        value = json.loads(
            text,
            object_pairs_hook=members,
            parse_float=fraction,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        raise NotCanonical("the text is no JSON") from error
    return value, write if seen else write_plain


def write(value: Any) -> bytes:
    """The canonical form of a parsed value."""
    return "".join(_pieces(value)).encode()


def write_plain(value: Any) -> bytes:
    """The canonical form of a value that has no fractions, and no names beyond ASCII."""
    return _PLAIN(value).encode()


def _pieces(value: Any) -> list[str]:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return ["{", ",".join("".join([_TEXT(name), ":", *_pieces(value[name])]) for name in names), "}"]
    if isinstance(value, list):
        return ["[", ",".join("".join(_pieces(item)) for item in value), "]"]
    return [_double(value) if isinstance(value, float) else _TEXT(value)]


def _double(value: float) -> str:
    """ECMAScript's Number::toString, from the shortest digits that give the same double."""
    if not isfinite(value):
        raise NotCanonical("a number is not finite")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text, count = "".join(map(str, digits)), len(digits)
    place = count + int(exponent)
    if value == 0:
        return "0"
    if count <= place <= 21:
        text += "0" * (place - count)
    elif 0 < place <= 21:
        text = text[:place] + "." + text[place:]
    elif -6 < place <= 0:
        text = "0." + "0" * -place + text
    else:
        text = (
            text[0] + ("." + text[1:] if count > 1 else "") + f"e{'+' if place > 0 else '-'}{abs(place - 1)}"
        )
    return "-" * sign + text


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) < 20 else _SAFE
    if not -_SAFE < value < _SAFE:
        raise NotCanonical("an integer is beyond 2^53 - 1")
    return value


def _refuse_constant(_name: str) -> NoReturn:
    raise NotCanonical("a number is not finite")
