"""JSON in the one spelling of RFC 8785 (JCS): equal values have equal bytes, so that a hash can stand for a value."""

import math
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring
from typing import Any

LARGEST_INTEGER = 2**53 - 1


class NotCanonical(ValueError):
    """The value has no canonical form. `found` says what stands in the way, never the value itself."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


def encode(value: Any) -> bytes:
    """The canonical bytes of a value made of None, bool, int, float, str, list or tuple, and mappings.

    Raises NotCanonical for any other type, for names that are not strings, for numbers that are not finite, for
    integers beyond ±(2⁵³ − 1), and for halves of surrogate pairs.
    Does not normalise text: two spellings of "é" stay two values (§3.1).
    Source: RFC 8785 §3.2; RFC 7493 §2.
    """
    try:
        return _text(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("text holds half of a surrogate pair") from error


def _text(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return f"{{{','.join(_members(value))}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_text, value))}]"
    return _literal_or_number(value)


def _literal_or_number(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise NotCanonical("an integer is beyond 2^53 - 1")
        return str(int(value))
    if isinstance(value, float):
        return number(value)
    raise NotCanonical(f"a {type(value).__name__} is not JSON")


def _members(value: Mapping[Any, Any]) -> Iterable[str]:
    for name in _sorted_names(value):
        yield f"{encode_basestring(name)}:{_text(value[name])}"


def _sorted_names(names: Iterable[Any]) -> list[str]:
    """In the order of UTF-16 code units (§3.2.3), which is that of code points as long as nothing is beyond ASCII."""
    held = list(names)
    if not all(isinstance(name, str) for name in held):
        raise NotCanonical("a name is not text")
    if all(map(str.isascii, held)):
        return sorted(held)
    return sorted(held, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def number(value: float) -> str:
    """A double as ECMAScript writes it: Number::toString, §3.2.2.3.

    Python's repr finds the same shortest digits; only the notation differs.
    """
    if not math.isfinite(value):
        raise NotCanonical("a number is not finite")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, point = _digits(abs(value))
    return sign + _notation(digits, point)


def _digits(value: float) -> tuple[str, int]:
    """Shortest digits, and where the decimal point stands: value = 0.digits × 10^point."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    return digits.rstrip("0"), point


def _notation(digits: str, point: int) -> str:
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"
