"""RFC 8785, by its own examples and by the promise that equal values have equal bytes."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import canonical_json
from registry.canonical_json import NotCanonical
from tests.anything import json_values, unhurried

EXAMPLE = {
    "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
    "literals": [None, True, False],
}
# §3.2.4, as hexadecimal octets
EXAMPLE_OCTETS = """
7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73
22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31
65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c
22 2f 22 7d
"""
# Appendix B: the double in hexadecimal, and its text
NUMBERS = """
0000000000000000 0
8000000000000000 0
0000000000000001 5e-324
8000000000000001 -5e-324
7fefffffffffffff 1.7976931348623157e+308
ffefffffffffffff -1.7976931348623157e+308
4340000000000000 9007199254740992
c340000000000000 -9007199254740992
4430000000000000 295147905179352830000
44b52d02c7e14af5 9.999999999999997e+22
44b52d02c7e14af6 1e+23
44b52d02c7e14af7 1.0000000000000001e+23
444b1ae4d6e2ef4e 999999999999999700000
444b1ae4d6e2ef4f 999999999999999900000
444b1ae4d6e2ef50 1e+21
3eb0c6f7a0b5ed8c 9.999999999999997e-7
3eb0c6f7a0b5ed8d 0.000001
41b3de4355555553 333333333.3333332
41b3de4355555554 333333333.33333325
41b3de4355555555 333333333.3333333
41b3de4355555556 333333333.3333334
41b3de4355555557 333333333.33333343
becbf647612f3696 -0.0000033333333333333333
43143ff3c1cb0959 1424953923781206.2
"""
# §3.2.3: names in the order of UTF-16 code units
SORTED = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\U0001f600": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
}
ORDER = [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
]
doubles = st.floats(allow_nan=False, allow_infinity=False)


class TestTheTextOfTheStandard:
    def test_example_of_section_3_2_4(self) -> None:
        assert canonical_json.encode(EXAMPLE) == bytes.fromhex(EXAMPLE_OCTETS)

    @pytest.mark.parametrize(("octets", "text"), [line.split() for line in NUMBERS.strip().splitlines()])
    def test_numbers_of_appendix_b(self, octets: str, text: str) -> None:
        assert canonical_json.number(struct.unpack(">d", bytes.fromhex(octets))[0]) == text

    def test_names_of_section_3_2_3(self) -> None:
        assert list(json.loads(canonical_json.encode(SORTED)).values()) == ORDER

    @pytest.mark.parametrize("octets", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
    def test_refuses_what_is_not_finite(self, octets: str) -> None:
        with pytest.raises(NotCanonical, match="finite"):
            canonical_json.encode(struct.unpack(">d", bytes.fromhex(octets))[0])

    def test_refuses_half_a_surrogate_pair(self) -> None:
        with pytest.raises(NotCanonical, match="surrogate"):
            canonical_json.encode({"a": "\udead"})

    @pytest.mark.parametrize(
        ("character", "escaped"),
        [
            ("\b", rb"\b"),
            ("\t", rb"\t"),
            ("\n", rb"\n"),
            ("\f", rb"\f"),
            ("\r", rb"\r"),
            ("\x1f", rb"\u001f"),
            ("\x7f", b"\x7f"),
            ("/", b"/"),
            ("\u2028", b"\xe2\x80\xa8"),
        ],
    )
    def test_escapes_of_section_3_2_2_2(self, character: str, escaped: bytes) -> None:
        assert canonical_json.encode(character) == b'"' + escaped + b'"'


class TestEncode:
    @unhurried
    @given(json_values(), st.booleans())
    def test_reading_gives_the_value_back(self, value: object, wrapped: bool) -> None:
        try:
            written = canonical_json.encode([value] if wrapped else value)
        except NotCanonical as refused:
            assert "2^53" in refused.found
        else:
            assert json.loads(written) == ([value] if wrapped else value)

    @unhurried
    @given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-9, 9)))
    def test_the_order_of_names_does_not_matter(self, value: dict[str, int]) -> None:
        backwards = dict(reversed(value.items()))
        assert canonical_json.encode(value) == canonical_json.encode(backwards)

    @unhurried
    @given(doubles)
    def test_a_number_reads_as_itself(self, value: float) -> None:
        assert float(canonical_json.number(value)) == value

    @pytest.mark.parametrize("value", [2**53, -(2**53), 10**30])
    def test_refuses_integers_that_a_double_may_not_hold(self, value: int) -> None:
        with pytest.raises(NotCanonical, match="2\\^53"):
            canonical_json.encode([value])

    @pytest.mark.parametrize("value", [2**53 - 1, -(2**53) + 1, 0])
    def test_takes_safe_integers(self, value: int) -> None:
        assert canonical_json.encode(value) == str(value).encode()

    @pytest.mark.parametrize("value", [object(), {1}, b"x", Path("x"), {"a": 1j}])
    def test_refuses_what_is_not_json(self, value: object) -> None:
        with pytest.raises(NotCanonical, match="is not JSON"):
            canonical_json.encode(value)

    @pytest.mark.parametrize("value", [{1: 2}, {None: 2}, {"a": {True: 1}}])
    def test_refuses_names_that_are_not_text(self, value: object) -> None:
        with pytest.raises(NotCanonical, match="name"):
            canonical_json.encode(value)
