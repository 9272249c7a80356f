"""The shape of client metadata: every problem is named, defaults are those of the standard, nothing hostile stays."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.client_metadata import LOCALIZABLE, MEMBERS, PROTECTED, ClientMetadata, parse
from registry.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidSoftwareStatement, Refusal
from registry.strict_json import Json
from tests.anything import json_values, sound_text, unhurried

KEY: dict[str, Json] = {"kty": "EC", "crv": "P-256", "kid": "a"}
FULL: dict[str, Json] = {
    "redirect_uris": ["https://rp.example/cb"],
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "ES256",
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "application_type": "web",
    "client_name": "Example",
    "client_name#de": "Beispiel",
    "client_uri": "https://rp.example/",
    "logo_uri": "https://rp.example/logo.png",
    "scope": "accounts:read",
    "contacts": ["ops@rp.example"],
    "tos_uri": "https://rp.example/tos",
    "policy_uri": "https://rp.example/privacy",
    "jwks": {"keys": [KEY]},
    "software_id": "app",
    "software_version": "1",
}


def refused(document: dict[str, Json]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(document)
    return caught.value


def shape(document: dict[str, Json]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.member) for finding in refused(document).findings]


class TestDefaults:
    def test_are_those_of_the_standard(self) -> None:
        metadata = parse({})
        assert metadata.token_endpoint_auth_method == "client_secret_basic"
        assert metadata.grant_types == ("authorization_code",)
        assert metadata.response_types == ("code",)
        assert metadata.application_type == "web"
        assert metadata == ClientMetadata()

    def test_of_response_types_follow_the_grants(self) -> None:
        assert parse({"grant_types": ["client_credentials"]}).response_types == ()
        assert parse({"grant_types": ["client_credentials", "authorization_code"]}).response_types == (
            "code",
        )

    def test_do_not_overrule_what_is_sent(self) -> None:
        sent = parse({"grant_types": ["client_credentials"], "response_types": ["code"]})
        assert sent.response_types == ("code",)
        assert parse({"response_types": []}).response_types == ()

    def test_presence_is_remembered_but_not_compared(self) -> None:
        sent, omitted = parse({"application_type": "web"}), parse({})
        assert (sent.given, omitted.given) == (frozenset({"application_type"}), frozenset())
        assert sent == omitted

    @pytest.mark.parametrize("name", MEMBERS)
    def test_null_counts_as_omitted(self, name: str) -> None:
        metadata = parse({name: None})
        assert metadata == parse({})
        assert not metadata.given


class TestAsDocument:
    def test_gives_back_what_was_sent(self) -> None:
        assert parse(FULL).as_document() == FULL

    def test_is_read_back_as_the_same(self) -> None:
        metadata = parse(FULL)
        assert parse(metadata.as_document()) == metadata

    def test_leaves_out_what_is_absent(self) -> None:
        assert set(parse({}).as_document()) == {
            "token_endpoint_auth_method",
            "grant_types",
            "response_types",
            "application_type",
        }

    def test_says_that_there_is_no_response_type(self) -> None:
        assert parse({"grant_types": ["client_credentials"]}).as_document()["response_types"] == []

    def test_is_a_copy(self) -> None:
        metadata = parse(FULL)
        document: Any = metadata.as_document()
        document["jwks"]["keys"][0]["kid"] = "b"
        assert metadata == parse(FULL)


class TestValue:
    def test_is_frozen_to_the_bottom(self) -> None:
        document: Any = {"jwks": {"keys": [dict(KEY)]}}
        metadata = parse(document)
        document["jwks"]["keys"][0]["kid"] = "b"
        assert metadata.keys[0]["kid"] == "a"
        with pytest.raises(TypeError):
            metadata.keys[0]["kid"] = "b"  # type: ignore[index]

    def test_can_be_hashed(self) -> None:
        assert hash(parse(FULL)) == hash(parse(dict(reversed(FULL.items()))))

    def test_lists_scopes(self) -> None:
        assert parse({"scope": "a b"}).scopes == ("a", "b")
        assert parse({}).scopes == ()

    def test_diff_names_what_differs(self) -> None:
        (change,) = parse(FULL).diff(parse(FULL | {"client_name": "Other"}))
        assert (change.member, change.before, change.after) == ("client_name", "Example", "Other")

    def test_diff_of_equals_is_empty(self) -> None:
        assert parse({}).diff(parse({"application_type": "web"})) == ()

    def test_with_member_sets_members_of_every_kind(self) -> None:
        metadata = parse({}).with_member("scope", "a").with_member("contacts", ["b"])
        assert metadata.with_member("client_name#de", "c") == parse(
            {"scope": "a", "contacts": ["b"], "client_name#de": "c"}
        )


class TestUnknownMembers:
    def test_are_ignored_and_remembered(self) -> None:
        metadata = parse({"zeta": 1, "alpha": {"a": []}})
        assert metadata == parse({})
        assert metadata.ignored == ("alpha", "zeta")
        assert metadata.protected == ()

    @pytest.mark.parametrize("name", sorted(PROTECTED | {"registration_anything"}))
    def test_that_only_the_server_sets_are_ignored_too(self, name: str) -> None:
        metadata = parse({name: "x"})
        assert metadata == parse({})
        assert metadata.as_document() == parse({}).as_document()
        assert metadata.protected == (name,)

    def test_are_remembered_in_printable_form(self) -> None:
        assert parse({"<script>": 1, "a" * 500: 1}).ignored == ("(unprintable)", "(unprintable)")

    def test_are_remembered_up_to_a_hundred(self) -> None:
        assert len(parse({f"x{n}": 1 for n in range(500)}).ignored) == 100

    def test_of_a_key_set_are_dropped(self) -> None:
        metadata = parse({"jwks": {"keys": [], "issuer": "x"}})
        assert metadata.as_document()["jwks"] == {"keys": []}
        assert metadata.ignored == ("jwks.issuer",)

    def test_a_claimed_client_id_is_kept_aside(self) -> None:
        assert parse({"client_id": "c"}).claimed_client_id == "c"
        assert parse({"client_id": 1}).claimed_client_id is None


class TestSoftwareStatement:
    @pytest.mark.parametrize("statement", ["a.b.c", "", {}, [], 1, False])
    def test_is_refused_and_never_ignored(self, statement: Json) -> None:
        refusal = refused({"software_statement": statement})
        assert type(refusal) is InvalidSoftwareStatement
        assert "no issuer of software statements is registered" in refusal.found

    def test_wins_over_other_codes(self) -> None:
        assert type(refused({"software_statement": "x", "redirect_uris": 1})) is InvalidSoftwareStatement


class TestShape:
    @pytest.mark.parametrize("value", [1, 1.5, True, [], {}])
    @pytest.mark.parametrize(
        "name", sorted(set(MEMBERS) - {"redirect_uris", "grant_types", "response_types", "contacts", "jwks"})
    )
    def test_texts_are_strings(self, name: str, value: Json) -> None:
        assert shape({name: value}) == [("shape.type", name)]

    @pytest.mark.parametrize("value", ["x", 1, True, {}])
    @pytest.mark.parametrize("name", ["redirect_uris", "grant_types", "response_types", "contacts"])
    def test_lists_are_arrays(self, name: str, value: Json) -> None:
        assert shape({name: value}) == [("shape.type", name)]

    @pytest.mark.parametrize("name", ["redirect_uris", "grant_types", "response_types", "contacts"])
    def test_lists_hold_strings(self, name: str) -> None:
        assert shape({name: ["a", 1, None]}) == [("shape.type", f"{name}[1]")]

    @pytest.mark.parametrize(
        ("jwks", "member"),
        [
            ("x", "jwks"),
            ([], "jwks"),
            ({}, "jwks.keys"),
            ({"keys": {}}, "jwks.keys"),
            ({"keys": [{}, 1]}, "jwks.keys[1]"),
        ],
    )
    def test_key_sets_are_sets_of_objects(self, jwks: Json, member: str) -> None:
        assert shape({"jwks": jwks}) == [("shape.type", member)]

    @pytest.mark.parametrize(
        ("name", "limit"),
        [("client_name", 200), ("scope", 4096), ("software_id", 255), ("client_name#de", 200)],
    )
    def test_texts_have_a_limit(self, name: str, limit: int) -> None:
        parse({name: "x" * limit})
        assert shape({name: "x" * (limit + 1)}) == [("shape.length", name)]

    @pytest.mark.parametrize(
        ("name", "limit"), [("contacts", 10), ("grant_types", 20), ("response_types", 20)]
    )
    def test_lists_have_a_limit(self, name: str, limit: int) -> None:
        parse({name: [f"x{n}" for n in range(limit)]})
        assert shape({name: [f"x{n}" for n in range(limit + 1)]}) == [("shape.count", name)]

    @pytest.mark.parametrize("item", ["", "x" * 256])
    def test_items_have_a_length(self, item: str) -> None:
        parse({"contacts": ["x" * 255]})
        assert shape({"contacts": [item]}) == [("shape.length", "contacts")]

    def test_texts_are_not_empty(self) -> None:
        assert shape({"client_name": ""}) == [("shape.empty", "client_name")]

    def test_lists_do_not_repeat(self) -> None:
        assert shape({"grant_types": ["a", "a"]}) == [("shape.repeated", "grant_types")]

    def test_all_problems_are_named(self) -> None:
        assert set(shape({"client_name": 1, "scope": [], "jwks": "x", "contacts": "y"})) == {
            ("shape.type", name) for name in ("client_name", "scope", "jwks", "contacts")
        }

    def test_redirection_uris_have_their_own_code(self) -> None:
        assert type(refused({"redirect_uris": "x", "client_name": 1})) is InvalidRedirectUri
        assert type(refused({"client_name": 1})) is InvalidClientMetadata


class TestLocalizedMembers:
    @pytest.mark.parametrize("tag", ["de", "ja-Jpan-JP", "zh-Hant", "de-CH-1996", "EN"])
    def test_are_kept(self, tag: str) -> None:
        assert parse({f"client_name#{tag}": "x"}).localized == ((f"client_name#{tag}", "x"),)

    @pytest.mark.parametrize(
        "name", ["client_name#", "client_name#d", "client_name#de_CH", "client_name#de#fr", "scope#de", "#de"]
    )
    def test_that_are_none_are_ignored(self, name: str) -> None:
        assert parse({name: "x"}) == parse({})

    def test_do_not_repeat_a_tag_in_other_case(self) -> None:
        assert shape({"client_name#de": "x", "client_name#DE": "y"}) == [("shape.language", "client_name#de")]
        parse({"client_name#de": "x", "client_uri#DE": "y"})

    def test_have_a_limit(self) -> None:
        tags = [f"client_name#a{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(31)]
        parse(dict.fromkeys(tags[:30], "x"))
        assert shape(dict.fromkeys(tags, "x")) == [("shape.count", "")]

    @pytest.mark.parametrize("member", sorted(LOCALIZABLE))
    def test_have_the_shape_of_the_plain_member(self, member: str) -> None:
        assert shape({f"{member}#de": 1}) == [("shape.type", f"{member}#de")]


NAMES = st.sampled_from([*MEMBERS, *PROTECTED, "software_statement", "client_name#de"]) | st.text(max_size=8)
VALUES = json_values(sound_text | st.just("keys"))


class TestAnyDocument:
    @unhurried
    @given(st.dictionaries(NAMES, VALUES, max_size=8))
    def test_ends_in_metadata_or_a_named_refusal(self, document: dict[str, Any]) -> None:
        try:
            metadata = parse(document)
        except (InvalidClientMetadata, InvalidRedirectUri, InvalidSoftwareStatement) as refusal:
            assert refusal.findings
        else:
            assert parse(metadata.as_document()) == metadata
