"""Replacements settle first; then every rule judges what would be in force."""

import re
from collections.abc import Iterator

import pytest

from registry.client_metadata import ClientMetadata, parse
from registry.errors import Finding, InvalidClientMetadata, InvalidRedirectUri, QuotaReached, Refusal
from registry.policy import engine
from registry.policy.context import Context
from registry.policy.rule import (
    EXAMPLE_CONTEXT,
    Catalogue,
    Objection,
    Proposal,
    example,
    replacement,
    rule,
)
from tests.registry.policy.judging import SOUND, judge


class TestJudge:
    def test_accepts_a_sound_request(self) -> None:
        judgement = judge(SOUND)
        assert judgement.is_acceptable
        assert judgement.refusal() is None

    def test_returns_the_effective_metadata(self) -> None:
        assert judge(SOUND).metadata.scope == "accounts:read"

    def test_says_what_it_replaced(self) -> None:
        (replaced,) = judge(SOUND).replaced
        assert (replaced.member, replaced.before, replaced.after, replaced.rule) == (
            "scope",
            None,
            "accounts:read",
            "S1.default",
        )

    def test_judges_what_was_replaced(self) -> None:
        judgement = judge(SOUND, default_scopes=frozenset({"admin"}))
        assert [finding.rule for finding in judgement.findings] == ["S1.entitled"]

    def test_names_every_problem(self) -> None:
        document = SOUND | {"redirect_uris": ["http://a.example/#"], "grant_types": ["password"]}
        rules = {finding.rule for finding in judge(document).findings}
        assert {"U1.fragment", "U2.plain_http", "U4.proved_domain", "G1.forbidden"} <= rules


def replacing(catalogue: Catalogue, rule_id: str, before: str, after: str) -> None:
    @replacement(rule_id, title="t", source="s", accepts=(), replaces=(example(),), catalogue=catalogue)
    def change(metadata: ClientMetadata, context: Context) -> Iterator[Proposal]:
        if metadata.software_id == before:
            yield Proposal("software_id", after, "because")


class TestReplacements:
    def test_build_on_one_another(self) -> None:
        catalogue = Catalogue()
        replacing(catalogue, "X1.b", "a", "b")
        replacing(catalogue, "X1.a", "b", "c")
        judgement = engine.judge(parse(SOUND | {"software_id": "a"}), EXAMPLE_CONTEXT, rules=catalogue)
        assert judgement.metadata.software_id == "c"
        assert [(each.before, each.after) for each in judgement.replaced] == [("a", "b"), ("b", "c")]

    def test_that_undo_one_another_are_a_fault(self) -> None:
        catalogue = Catalogue()
        replacing(catalogue, "X1.b", "a", "b")
        replacing(catalogue, "X1.a", "b", "a")
        with pytest.raises(engine.PolicyDoesNotSettle):
            engine.judge(parse(SOUND | {"software_id": "a"}), EXAMPLE_CONTEXT, rules=catalogue)

    def test_are_seen_by_refusing_rules(self) -> None:
        catalogue = Catalogue()
        replacing(catalogue, "X1.a", "a", "b")

        @rule("X1.b", title="t", source="s", accepts=(), refuses=(example(),), catalogue=catalogue)
        def check(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
            yield Objection("software_id", f"is {metadata.software_id}", "Go.")

        judgement = engine.judge(parse(SOUND | {"software_id": "a"}), EXAMPLE_CONTEXT, rules=catalogue)
        assert [finding.found for finding in judgement.findings] == ["is b"]


class TestRefusal:
    @pytest.mark.parametrize(
        ("changes", "facts", "error"),
        [
            (
                {"redirect_uris": ["https://rp.example/#"], "grant_types": ["password"]},
                {},
                InvalidRedirectUri,
            ),
            ({"scope": "admin"}, {"clients_left": 0}, InvalidClientMetadata),
            ({}, {"clients_left": 0}, QuotaReached),
        ],
    )
    def test_is_the_first_in_precedence(
        self, changes: dict[str, object], facts: dict[str, object], error: type[Refusal]
    ) -> None:
        judgement = judge({**SOUND, **changes}, **facts)  # type: ignore[dict-item]
        refusal = judgement.refusal()
        assert type(refusal) is error
        assert refusal.findings == judgement.findings


def finding(member: str = "scope", found: str = "is wrong", fix: str = "Send another.") -> Finding:
    return Finding(member, found, fix, "X1.a", "RFC 0")


class TestDescribe:
    def test_names_member_rule_and_fix(self) -> None:
        assert engine.describe([finding()]) == "scope: is wrong [X1.a]. Send another."

    def test_lists_every_finding(self) -> None:
        said = engine.describe([finding(), finding(found="is long"), finding("contacts")])
        assert said.count("[X1.a]") == 2
        assert "scope, contacts: is wrong" in said
        assert "scope: is long" in said

    def test_calls_the_whole_request_by_name(self) -> None:
        assert engine.describe([finding("")]).startswith("request: ")

    def test_keeps_to_the_characters_of_a_description(self) -> None:
        said = engine.describe([finding('a"b\\c\n\u00e9\x00', "<\x7f>")])
        assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*", said)

    def test_counts_what_does_not_fit(self) -> None:
        findings = [finding(f"redirect_uris[{n}]", f"is wrong in way {n}") for n in range(100)]
        said = engine.describe(findings, limit=500)
        assert len(said) <= 500
        shown = said.count("[X1.a]")
        assert said.endswith(f"(and {100 - shown} more)")

    def test_counts_when_nothing_fits(self) -> None:
        assert engine.describe([finding(found="x" * 5000)]) == "(and 1 more)"

    def test_says_nothing_about_nothing(self) -> None:
        assert engine.describe([]) == ""
