"""Every rule runs on every route, verb and environment: no path skips one (KC#49436, CVE-2026-15572, -18573)."""

from dataclasses import replace
from typing import Any

import pytest

from registry.client_metadata import parse
from registry.policy import engine
from registry.policy.context import Context
from registry.policy.rule import Example, Kind, Rule
from registry.states import Environment, Route, Verb
from tests.each import check_each

# Rules whose meaning depends on the verb, with the verb on which they speak. Everything else speaks on both.
ONE_VERB = {
    "C1.identity": Verb.REPLACE,
    "P1.protected": Verb.REPLACE,
    "L1.clients": Verb.CREATE,
    "L1.rate": Verb.CREATE,
    "O1.terms": Verb.CREATE,
}


def context_of(shown: Example, route: Route, verb: Verb, environment: Environment) -> Context:
    facts: dict[str, Any] = {"route": route, "verb": verb, "environment": environment}
    return replace(shown.context, **facts)


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("route", Route)
def test_every_rule_runs(route: Route, verb: Verb) -> None:
    def check(each: Rule) -> None:
        speaks = ONE_VERB.get(each.id, verb) is verb
        for environment in Environment:
            shown = each.refuses[0]
            judgement = engine.judge(parse(shown.document), context_of(shown, route, verb, environment))
            by = judgement.findings if each.kind is Kind.REFUSE else judgement.replaced
            assert (each.id in {one.rule for one in by}) is speaks, environment

    check_each(((each.id, each) for each in engine.RULES), check)


class TestTheTable:
    def test_names_only_rules_that_exist(self) -> None:
        assert set(ONE_VERB) <= {each.id for each in engine.RULES}
