"""The catalogue keeps its promises: one id, one kind, a source, examples of both sides that hold."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry.client_metadata import ClientMetadata, parse
from registry.errors import InvalidClientMetadata, InvalidRedirectUri, QuotaReached, TermsNotAccepted
from registry.policy import engine
from registry.policy.context import Context
from registry.policy.engine import RULES
from registry.policy.rule import (
    Catalogue,
    DuplicateRule,
    Example,
    Kind,
    Objection,
    Rule,
    example,
    rule,
)
from tests.each import check_each

SECTIONS = {
    "U1",
    "U2",
    "U3",
    "U4",
    "U5",
    "G1",
    "A1",
    "A2",
    "K1",
    "K2",
    "K3",
    "S1",
    "T2",
    "D1",
    "C1",
    "L1",
    "O1",
    "P1",
}


Shown = tuple[Rule, Example]


def examples(side: str) -> Iterator[tuple[str, Shown]]:
    for each in RULES:
        for number, shown in enumerate(getattr(each, side)):
            yield f"{each.id}-{number}", (each, shown)


def reaction(each: Rule, shown: Example) -> list[object]:
    metadata = parse(shown.document)
    return [*each.findings(metadata, shown.context), *each.proposals(metadata, shown.context)]


class TestExamples:
    def test_are_accepted(self) -> None:
        def check(shown: Shown) -> None:
            assert reaction(*shown) == []

        check_each(examples("accepts"), check)

    def test_are_refused_or_replaced(self) -> None:
        def check(shown: Shown) -> None:
            assert reaction(*shown) != []

        check_each(examples("refuses"), check)

    def test_are_refused_by_the_engine_too(self) -> None:
        def check(shown: Shown) -> None:
            each, refused = shown
            judgement = engine.judge(parse(refused.document), refused.context)
            by = judgement.findings if each.kind is Kind.REFUSE else judgement.replaced
            assert each.id in {one.rule for one in by}

        check_each(examples("refuses"), check)


def every_rule(check: Callable[[Any, Rule], None]) -> Callable[[object], None]:
    """A test of all rules from a check of one."""

    def test(self: object) -> None:
        check_each(((each.id, each) for each in RULES), lambda each: check(self, each))

    return test


class TestEveryRule:
    @every_rule
    def test_has_examples_of_both_sides(self, each: Rule) -> None:
        assert each.accepts
        assert each.refuses

    @every_rule
    def test_has_a_title_and_a_source(self, each: Rule) -> None:
        assert each.title
        assert re.search(r"RFC|CWE|OpenID|FAPI|UTR", each.source)

    @every_rule
    def test_belongs_to_a_row_of_the_catalogue(self, each: Rule) -> None:
        assert each.id.split(".")[0] in SECTIONS
        assert re.fullmatch(r"[A-Z][0-9]\.[a-z_]+", each.id)

    @every_rule
    def test_refuses_or_replaces_never_both(self, each: Rule) -> None:
        assert (each.check is None) != (each.change is None)

    @every_rule
    def test_has_the_error_of_its_row(self, each: Rule) -> None:
        row = each.id.split(".")[0]
        redirects = row in {"U1", "U2", "U3", "U4"}
        expected = InvalidRedirectUri if redirects else OWN_ERRORS.get(each.id, InvalidClientMetadata)
        assert each.error is expected

    @every_rule
    def test_speaks_within_the_characters_of_a_description(self, each: Rule) -> None:
        for shown in each.refuses:
            for finding in each.findings(parse(shown.document), shown.context):
                assert re.fullmatch(
                    r"[\x20-\x21\x23-\x5B\x5D-\x7E]*", finding.member + finding.found + finding.fix
                )


OWN_ERRORS = {"L1.clients": QuotaReached, "L1.rate": QuotaReached, "O1.terms": TermsNotAccepted}


class TestSections:
    def test_are_all_present(self) -> None:
        assert {each.id.split(".")[0] for each in RULES} == SECTIONS


def enter(catalogue: Catalogue, rule_id: str) -> None:
    @rule(rule_id, title="t", source="s", accepts=(), refuses=(example(),), catalogue=catalogue)
    def check(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
        yield Objection("", "is here", "Go.")


class TestCatalogue:
    def test_refuses_a_second_rule_of_one_id(self) -> None:
        catalogue = Catalogue()
        enter(catalogue, "X1.a")
        with pytest.raises(DuplicateRule):
            enter(catalogue, "X1.a")

    def test_is_sorted_by_id(self) -> None:
        catalogue = Catalogue()
        for rule_id in ("X1.b", "X1.a"):
            enter(catalogue, rule_id)
        assert [each.id for each in catalogue] == ["X1.a", "X1.b"]
        assert len(catalogue) == 2
