"""What holds for every request: determinism, independence of order, and omission judged by its default."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.client_metadata import MEMBERS, ClientMetadata, default_response_types, parse
from registry.errors import Refusal
from registry.policy import engine
from registry.policy.context import Context
from registry.policy.key_examples import EC_KEY, OKP_KEY, RSA_KEY
from registry.policy.rule import EXAMPLE_CONTEXT, Example
from registry.states import Environment, Route, Verb
from registry.strict_json import Json
from tests.anything import json_values, sound_text, unhurried

GRANTS = ["authorization_code", "client_credentials", "refresh_token", "implicit", "password", "x"]
URIS = [
    "https://rp.example/cb",
    "https://a.rp.example/",
    "http://127.0.0.1/cb",
    "example.rp:/cb",
    "javascript:a",
    "x#",
]
KEYS: list[Any] = [EC_KEY, OKP_KEY, RSA_KEY, {"kty": "oct", "k": "AQ"}, {**EC_KEY, "d": "AQ"}]


def some(values: list[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), max_size=4, unique_by=str)


# Members as clients send them, right and wrong, each one optional.
DOCUMENTS: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {},
    optional={
        "redirect_uris": some(URIS),
        "token_endpoint_auth_method": st.sampled_from(
            ["none", "client_secret_basic", "private_key_jwt", "x"]
        ),
        "token_endpoint_auth_signing_alg": st.sampled_from(["ES256", "PS256", "none", "HS256"]),
        "grant_types": some(GRANTS),
        "response_types": some(["code", "token", "code id_token", "none"]),
        "application_type": st.sampled_from(["web", "native", "x"]),
        "client_name": st.sampled_from(["Acme", "Cafe\u0301", "a\u202eb", " "]),
        "client_name#de": st.sampled_from(["Acme", "e\u0301"]),
        "client_uri": st.sampled_from(["https://rp.example/", "javascript:a"]),
        "logo_uri": st.sampled_from(["https://rp.example/l", "https://10.0.0.1/"]),
        "tos_uri": st.sampled_from(["https://rp.example/t", "http://rp.example/t"]),
        "policy_uri": st.sampled_from(["https://rp.example/p", "x"]),
        "scope": st.sampled_from(["accounts:read", "accounts:read payments:write", "admin", " a"]),
        "contacts": some(["ops@rp.example", "a\nb"]),
        "jwks": st.fixed_dictionaries({"keys": some(KEYS)}),
        "jwks_uri": st.sampled_from(["https://rp.example/jwks"]),
        "software_id": st.sampled_from(["app", "a\u0007"]),
        "software_version": st.sampled_from(["1", " 1"]),
        "client_id": st.just("c_9"),
        "unknown": sound_text,
    },
)
FACTS = st.fixed_dictionaries(
    {
        "environment": st.sampled_from(Environment),
        "route": st.sampled_from(Route),
        "verb": st.sampled_from(Verb),
        "default_scopes": st.sampled_from([frozenset(), frozenset({"accounts:read"}), frozenset({"admin"})]),
        "proved_domains": st.sampled_from([frozenset(), frozenset({"rp.example"})]),
    }
)


def context(facts: dict[str, Any]) -> Context:
    return Example({}, facts).context


def default_of(member: str, document: dict[str, Json]) -> Json:
    """What the member means when it is left out of this document."""
    if member == "response_types":
        return list(default_response_types(parse({"grant_types": document.get("grant_types")}).grant_types))
    defaults: dict[str, Json] = {
        "redirect_uris": [],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "application_type": "web",
        "contacts": [],
    }
    return defaults.get(member)


class TestJudge:
    @unhurried
    @given(DOCUMENTS, FACTS)
    def test_is_deterministic(self, document: dict[str, Json], facts: dict[str, Any]) -> None:
        assert engine.judge(parse(document), context(facts)) == engine.judge(parse(document), context(facts))

    @unhurried
    @given(DOCUMENTS, FACTS, st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_members(
        self, document: dict[str, Json], facts: dict[str, Any], random: Any
    ) -> None:
        shuffled = list(document.items())
        random.shuffle(shuffled)
        assert engine.judge(parse(dict(shuffled)), context(facts)) == engine.judge(
            parse(document), context(facts)
        )

    @unhurried
    @given(DOCUMENTS, FACTS)
    def test_replaces_nothing_twice(self, document: dict[str, Json], facts: dict[str, Any]) -> None:
        first = engine.judge(parse(document), context(facts))
        again = engine.judge(first.metadata, context(facts))
        assert again.replaced == ()
        assert (again.metadata, again.findings) == (first.metadata, first.findings)

    @unhurried
    @given(DOCUMENTS, FACTS)
    def test_survives_the_way_through_the_answer(
        self, document: dict[str, Json], facts: dict[str, Any]
    ) -> None:
        """What was registered, sent again as an update would, is judged the same."""
        creating = context(facts | {"verb": Verb.CREATE})
        first = engine.judge(parse(document), creating)
        assert engine.judge(parse(first.metadata.as_document()), creating).findings == first.findings

    @pytest.mark.parametrize("member", MEMBERS)
    @settings(unhurried, max_examples=30)
    @given(document=DOCUMENTS, facts=FACTS)
    def test_judges_omission_as_the_default(
        self, member: str, document: dict[str, Json], facts: dict[str, Any]
    ) -> None:
        """CVE-2026-18570: leaving a member out is the same as sending its default."""
        without = {name: value for name, value in document.items() if name != member}
        sent = without | {member: default_of(member, without)}
        omitted, given_ = (engine.judge(parse(each), context(facts)) for each in (without, sent))
        assert (omitted.metadata, omitted.findings) == (given_.metadata, given_.findings)

    @unhurried
    @given(DOCUMENTS)
    def test_takes_over_nothing_that_is_not_metadata(self, document: dict[str, Json]) -> None:
        effective = engine.judge(parse(document), EXAMPLE_CONTEXT).metadata.as_document()
        assert set(effective) <= {*MEMBERS, "client_name#de"}


class TestAnyRequest:
    @unhurried
    @given(
        st.dictionaries(
            st.sampled_from(MEMBERS),
            json_values(st.sampled_from(["keys", "kty", "crv", "x", "n"])),
            max_size=6,
        )
    )
    def test_ends_in_a_judgement_or_a_refusal(self, document: dict[str, Any]) -> None:
        try:
            metadata = parse(document)
        except Refusal:
            return
        judgement = engine.judge(metadata, EXAMPLE_CONTEXT)
        assert isinstance(judgement.metadata, ClientMetadata)
        assert len(engine.describe(judgement.findings)) <= engine.MAX_DESCRIPTION

    @unhurried
    @given(st.lists(st.text(max_size=60), max_size=3), st.sampled_from(["web", "native"]))
    def test_with_any_redirection_uri_too(self, uris: list[str], application_type: str) -> None:
        document: dict[str, Any] = {"redirect_uris": uris, "application_type": application_type}
        judgement = engine.judge(parse(document), EXAMPLE_CONTEXT)
        assert not uris or not judgement.is_acceptable or all(text.isascii() for text in uris)

    @unhurried
    @given(
        st.dictionaries(
            st.sampled_from(["kty", "crv", "x", "y", "n", "e", "d", "kid", "use", "alg", "key_ops"]),
            json_values(),
        )
    )
    def test_with_any_key_too(self, key: dict[str, Any]) -> None:
        engine.judge(parse({"jwks": {"keys": [key]}}), EXAMPLE_CONTEXT)
