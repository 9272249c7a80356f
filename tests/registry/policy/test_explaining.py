"""Every rule is explained, with the values that it reads."""

import inspect
import re

import pytest

from registry.policy import explaining, versions
from registry.policy.engine import RULES
from registry.policy.presets import BASELINE
from registry.policy.versions import Mode
from registry.states import Environment, Route

READ = re.compile(r"parameters\.(\w+)")


def test_lists_every_rule_once() -> None:
    found = explaining.explained(versions.read(2, {}), BASELINE, Environment.SANDBOX, Route.DYNAMIC)
    assert [each.id for each in found] == [rule.id for rule in RULES]
    assert {each.mode for each in found} == {Mode.ENFORCE}


def test_shows_modes_and_values_where_they_hold() -> None:
    policy = versions.read(
        2,
        {
            "rules": [{"rule": "U1.count", "mode": "monitor", "environment": "sandbox"}],
            "parameters": [{"parameter": "maximum_redirect_uris", "value": 3}],
        },
    )

    def count(environment: Environment) -> explaining.Explained:
        found = explaining.explained(policy, BASELINE, environment, Route.DYNAMIC)
        return next(each for each in found if each.id == "U1.count")

    assert (count(Environment.SANDBOX).mode, count(Environment.PRODUCTION).mode) == (
        Mode.MONITOR,
        Mode.ENFORCE,
    )
    assert count(Environment.SANDBOX).parameters == {"maximum_redirect_uris": 3}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_that_reads_parameters_shows_them(rule) -> None:
    named = set(READ.findall(inspect.getsource(rule.check or rule.change)))
    assert named <= set(explaining.READS.get(rule.id, ()))
