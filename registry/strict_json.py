"""Read one JSON object from hostile bytes.

Where the grammar of RFC 8259 leaves a choice to the parser, the strict answer is taken: two parsers that
choose differently read two different requests from the same bytes.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from registry.errors import (
    ByteOrderMark,
    DuplicateMember,
    Finding,
    LoneSurrogate,
    MalformedRequest,
    NotAFiniteNumber,
    NotAnObject,
    NotJson,
    NotUtf8,
    NulCharacter,
    NumberTooLong,
    RequestTooLarge,
    TooDeep,
    UnsupportedMediaType,
)

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
_Raw: TypeAlias = "None | bool | int | float | str | list[_Raw] | _Object"

MAX_NUMBER_CHARACTERS = 64

_SOURCE = "RFC 8259"
# A string (an unterminated one runs to the end, so that the scan stays linear) or one bracket.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_#.-]{1,64}")
_JSON_MEDIA_TYPE = re.compile(
    r'application/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?;?', re.IGNORECASE
)

_RULES: Mapping[type[MalformedRequest], str] = {
    NotUtf8: "L1.utf8",
    ByteOrderMark: "L1.byte_order_mark",
    NotJson: "L1.json",
    NotAnObject: "L1.object",
    TooDeep: "L1.depth",
    DuplicateMember: "L1.duplicate",
    NotAFiniteNumber: "L1.finite",
    NumberTooLong: "L1.number_length",
    LoneSurrogate: "L1.surrogate",
    NulCharacter: "L1.nul",
}


@dataclass(frozen=True, slots=True)
class _Object:
    """The members of one object in their order, duplicates included."""

    pairs: list[tuple[str, "_Raw"]]


def require_media_type(content_type: str | None) -> None:
    """Raise UnsupportedMediaType unless the header says `application/json`, at most with `charset=utf-8`.

    Source: RFC 7591 §3.1; RFC 9110 §8.3, §15.5.16.
    """
    if content_type is None or not _JSON_MEDIA_TYPE.fullmatch(content_type.strip(" \t")):
        fix = "Send Content-Type: application/json."
        finding = Finding("", "is not sent as application/json", fix, "L1.media_type", "RFC 7591 §3.1")
        raise UnsupportedMediaType("The content type is not application/json.", findings=[finding])


def read(body: bytes, *, max_bytes: int = 65_536, max_depth: int = 8) -> dict[str, Json]:
    """Return the one object that `body` holds.

    max_bytes  largest accepted body in octets
    max_depth  levels of arrays and objects, the outermost counted as 1

    Raises RequestTooLarge, or one named subclass of MalformedRequest, each with one finding.
    Does not know client metadata: types and names of members are judged by the caller.
    Source: RFC 8259 §4, §6, §8.1; RFC 7493 (I-JSON) §2.
    """
    if len(body) > max_bytes:
        finding = Finding(
            "", f"is larger than {max_bytes} octets", "Send a smaller document.", "L1.size", "CWE-770"
        )
        raise RequestTooLarge(f"The body {finding.found}.", findings=[finding])
    text = _text(body)
    _check_depth(text, max_depth)
    document = _plain(_parsed(text), "")
    if not isinstance(document, dict):
        _refuse(NotAnObject, "", "is not an object", "Send one JSON object.", "RFC 7591 §3.1")
    return document


def safe_name(name: str) -> str:
    """A member's name fit for an answer: as it is when plain, else a placeholder."""
    return name if _PLAIN_NAME.fullmatch(name) else "(unprintable)"


def _text(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        _refuse(
            ByteOrderMark, "", "begins with a byte order mark", "Send UTF-8 without one.", f"{_SOURCE} §8.1"
        )
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        _refuse(NotUtf8, "", "is not UTF-8", "Encode the document as UTF-8.", f"{_SOURCE} §8.1")


def _check_depth(text: str, max_depth: int) -> None:
    """Count brackets outside strings before any parser recurses."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        token = match[0]
        depth += token in ("[", "{")
        depth -= token in ("]", "}")
        if depth > max_depth:
            found = f"is nested deeper than {max_depth} levels"
            _refuse(TooDeep, "", found, "Send a flatter document.", f"{_SOURCE} §9")


def _parsed(text: str) -> "_Raw":
    try:
        raw: _Raw = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError:
        _refuse(NotJson, "", "is not JSON", "Send a document that follows the grammar.", _SOURCE)
    return raw


def _integer(digits: str) -> int:
    _check_length(digits)
    return int(digits)


def _number(digits: str) -> float:
    _check_length(digits)
    value = float(digits)
    if not math.isfinite(value):
        _constant(digits)
    return value


def _constant(_: str) -> NoReturn:
    _refuse(
        NotAFiniteNumber, "", "holds a number that is not finite", "Send finite numbers.", f"{_SOURCE} §6"
    )


def _check_length(digits: str) -> None:
    if len(digits) > MAX_NUMBER_CHARACTERS:
        found = f"holds a number of more than {MAX_NUMBER_CHARACTERS} characters"
        _refuse(NumberTooLong, "", found, "Send a shorter number.", f"{_SOURCE} §6, §9")


def _plain(raw: "_Raw", path: str) -> Json:
    """The value without duplicates, surrogates or NUL. Depth is bounded by then, so recursion is too."""
    if isinstance(raw, _Object):
        return dict(_members(raw.pairs, path))
    if isinstance(raw, list):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(raw)]
    if isinstance(raw, str):
        _check_characters(raw, path)
    return raw


def _members(pairs: list[tuple[str, _Raw]], path: str) -> Iterator[tuple[str, Json]]:
    seen: set[str] = set()
    for name, raw in pairs:
        here = f"{path}.{safe_name(name)}" if path else safe_name(name)
        _check_characters(name, here)
        if name in seen:
            _refuse(DuplicateMember, here, "is given twice", "Send each member once.", f"{_SOURCE} §4")
        seen.add(name)
        yield name, _plain(raw, here)


def _check_characters(text: str, path: str) -> None:
    if "\x00" in text:
        _refuse(NulCharacter, path, "holds the character U+0000", "Remove it.", "RFC 8259 §9")
    if _SURROGATE.search(text):
        found = "holds half of a surrogate pair"
        _refuse(LoneSurrogate, path, found, "Send whole characters.", f"{_SOURCE} §8.2")


def _refuse(refusal: type[MalformedRequest], member: str, found: str, fix: str, source: str) -> NoReturn:
    finding = Finding(member, found, fix, _RULES[refusal], source)
    raise refusal(f"{member or 'The body'} {found}.", fix=fix, findings=[finding])
