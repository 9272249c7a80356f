"""The auditor reads only what is its own canonical form, and writes as RFC 8785 says."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.auditor import canonical
from portal.auditor.canonical import NotCanonical
from registry import canonical_json
from tests.anything import json_values, unhurried
from tests.registry.test_canonical_json import EXAMPLE, EXAMPLE_OCTETS, NUMBERS, SORTED

STRICT = {
    "a space": b'{"a": 1}',
    "the order of names": b'{"b":1,"a":2}',
    "a name twice": b'{"a":1,"a":1}',
    "an escape that is not needed": b'"\\u0041"',
    "an escaped slash": b'"\\/"',
    "capitals in an escape": b'"\\u001F"',
    "a long escape": b'"\\u000a"',
    "a fraction of zero": b"1.0",
    "an exponent": b"1e2",
    "minus zero": b"-0",
    "a large integer": b"9007199254740992",
    "an endless integer": b"9" * 5000,
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "a large exponent": b"1e999",
    "half a surrogate pair": b'"\\ud800"',
    "raw half of one": b'"\xed\xa0\x80"',
    "not UTF-8": b'"\xff"',
    "a mark at the beginning": b"\xef\xbb\xbf1",
    "something behind": b"1 2",
    "nothing": b"",
    "brackets without end": b"[" * 100_000,
    "a raw control character": b'"\x0b"',
}


@pytest.mark.parametrize("line", STRICT.values(), ids=STRICT.keys())
def test_refuses(line: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical.read(line)


def test_example_of_the_standard() -> None:
    assert canonical.write(EXAMPLE) == bytes.fromhex(EXAMPLE_OCTETS)
    assert canonical.read(bytes.fromhex(EXAMPLE_OCTETS))[0] == EXAMPLE


def test_names_in_the_order_of_the_standard() -> None:
    assert canonical.read(canonical.write(SORTED))[0] == SORTED


@pytest.mark.parametrize(("octets", "text"), [line.split() for line in NUMBERS.strip().splitlines()])
def test_numbers_of_the_standard(octets: str, text: str) -> None:
    assert canonical.write(struct.unpack(">d", bytes.fromhex(octets))[0]).decode() == text


@unhurried
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_those_of_the_writer(value: float) -> None:
    assert canonical.write([value]) == canonical_json.encode([value])


@unhurried
@given(json_values())
def test_text_is_that_of_the_writer(value: object) -> None:
    try:
        written = canonical_json.encode(value)
    except canonical_json.NotCanonical:
        return
    assert canonical.read(written)[0] == value
    assert canonical.write(value) == written


@unhurried
@given(json_values(), st.data())
def test_a_flipped_bit_is_another_value_or_none(value: object, data: st.DataObject) -> None:
    written = bytearray(canonical.write(json.loads(json.dumps(value))))
    place = data.draw(st.integers(0, len(written) * 8 - 1))
    written[place // 8] ^= 1 << place % 8
    try:
        assert canonical.read(bytes(written))[0] != value
    except NotCanonical:
        return
