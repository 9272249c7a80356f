"""Hostile bytes end in one named refusal, never in anything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import errors, strict_json
from registry.errors import Refusal
from tests.anything import json_values, sound_text, unhurried

WITHIN = b'{"a": "' + b"x" * (65_536 - 9) + b'"}'


class TestRead:
    def test_returns_the_object(self) -> None:
        assert strict_json.read(b'{"a": [1, 2.5, null, true, "\\u00e9"]}') == {"a": [1, 2.5, None, True, "é"]}

    @pytest.mark.parametrize(
        ("body", "error", "rule"),
        [
            (b"", errors.NotJson, "L1.json"),
            (b"{", errors.NotJson, "L1.json"),
            (b"[]", errors.NotAnObject, "L1.object"),
            (b"null", errors.NotAnObject, "L1.object"),
            (b"\xef\xbb\xbf{}", errors.ByteOrderMark, "L1.byte_order_mark"),
            (b'{"a": "\xff"}', errors.NotUtf8, "L1.utf8"),
            (b'{"a": "\xed\xa0\x80"}', errors.NotUtf8, "L1.utf8"),
            (b'{"a": NaN}', errors.NotAFiniteNumber, "L1.finite"),
            (b'{"a": 1e999}', errors.NotAFiniteNumber, "L1.finite"),
            (b'{"a": ' + b"9" * 65 + b"}", errors.NumberTooLong, "L1.number_length"),
            (b'{"a": 0.' + b"9" * 1000 + b"}", errors.NumberTooLong, "L1.number_length"),
            (b'{"a": "\\ud800"}', errors.LoneSurrogate, "L1.surrogate"),
            (b'{"\\udc00": 1}', errors.LoneSurrogate, "L1.surrogate"),
            (b'{"a": "\\u0000"}', errors.NulCharacter, "L1.nul"),
            (b'{"a\\u0000": 1}', errors.NulCharacter, "L1.nul"),
            (b'{"a": 1, "\\u0061": 2}', errors.DuplicateMember, "L1.duplicate"),
            (b"[" * 9 + b"]" * 9, errors.TooDeep, "L1.depth"),
            (WITHIN + b" ", errors.RequestTooLarge, "L1.size"),
        ],
    )
    def test_names_what_is_wrong(self, body: bytes, error: type[Refusal], rule: str) -> None:
        with pytest.raises(error) as caught:
            strict_json.read(body)
        assert type(caught.value) is error
        assert [finding.rule for finding in caught.value.findings] == [rule]

    @pytest.mark.parametrize(
        ("body", "member"),
        [
            (b'{"jwks": {"keys": [{"kty": "EC", "kty": "oct"}]}}', "jwks.keys[0].kty"),
            (b'{"a": 1, "a": 2}', "a"),
            (b'{"a b": 1, "a b": 2}', "(unprintable)"),
        ],
    )
    def test_names_the_member_but_echoes_nothing_hostile(self, body: bytes, member: str) -> None:
        with pytest.raises(errors.DuplicateMember) as caught:
            strict_json.read(body)
        assert caught.value.findings[0].member == member

    def test_reads_as_much_as_the_limits_allow(self) -> None:
        assert len(str(strict_json.read(WITHIN)["a"])) == 65_536 - 9
        assert strict_json.read(b'{"a": ' + b"[" * 7 + b"]" * 7 + b"}")
        assert strict_json.read(b'{"a": ' + b"9" * 64 + b"}") == {"a": int("9" * 64)}

    @pytest.mark.parametrize(
        "body",
        [b"[" * 60_000, b'{"a":' * 10_000, b'"\\"' * 20_000, b'{"a": "' + b"\\" * 60_000, b"]" * 60_000],
    )
    def test_stands_hostile_nesting(self, body: bytes) -> None:
        with pytest.raises((errors.TooDeep, errors.NotJson)):
            strict_json.read(body)

    def test_brackets_in_text_are_text(self) -> None:
        assert strict_json.read(b'{"a": "[[[[[[[[[[[\\"[[[", "b": "\\\\"}')["b"] == "\\"


def ends_well(body: bytes) -> None:
    try:
        assert isinstance(strict_json.read(body), dict)
    except Refusal as refusal:
        assert refusal.findings


class TestAnyBytes:
    @unhurried
    @given(st.binary(max_size=200))
    def test_end_in_a_value_or_a_named_refusal(self, body: bytes) -> None:
        ends_well(body)

    @unhurried
    @given(st.text(alphabet='{}[]",:\\u0d8 1eE-+.NaItrfls', max_size=80))
    def test_of_json_characters_too(self, text: str) -> None:
        ends_well(text.encode())

    @unhurried
    @given(st.dictionaries(sound_text, json_values(), max_size=5))
    def test_of_sound_documents_are_read_back(self, document: dict[str, object]) -> None:
        assert strict_json.read(json.dumps(document).encode(), max_depth=20) == document


class TestRequireMediaType:
    @pytest.mark.parametrize(
        "value",
        [
            "application/json",
            "Application/JSON",
            "application/json;charset=utf-8",
            'application/json ; charset="UTF-8"',
        ],
    )
    def test_accepts(self, value: str) -> None:
        strict_json.require_media_type(value)

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "",
            "text/json",
            "application/jsonp",
            "application/json, text/plain",
            "application/json; charset=utf-16",
            "application/json; charset=utf-8; a=b",
            "application/json\r\nX: y",
        ],
    )
    def test_refuses(self, value: str | None) -> None:
        with pytest.raises(errors.UnsupportedMediaType):
            strict_json.require_media_type(value)
