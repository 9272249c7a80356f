"""A policy version: which rules are on and with which parameters, by preset, environment and route; pure data.

Rules are code and parameters have built-in values (`presets`): that is version 1, an empty document. Every later
version is a document of settings over it; of several settings that apply, the last one counts.

    {"rules": [{"rule": "U4.proved_domain", "mode": "monitor", "environment": "sandbox"}],
     "parameters": [{"parameter": "minimum_rsa_bits", "value": 3072, "preset": "baseline", "route": "dynamic"}]}
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from registry.policy.presets import AssertionAudience, PolicyParameters
from registry.states import Environment, Route

BUILT_IN = 1


class Mode(StrEnum):
    """What becomes of what a rule says: it counts, it is only written down, or the rule is not asked."""

    ENFORCE = "enforce"
    MONITOR = "monitor"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a setting holds; None for everywhere."""

    preset: str | None = None
    environment: str | None = None
    route: str | None = None

    def covers(self, preset: str, environment: str, route: str) -> bool:
        return all(
            mine is None or mine == theirs
            for mine, theirs in (
                (self.preset, preset),
                (self.environment, environment),
                (self.route, route),
            )
        )


@dataclass(frozen=True, slots=True)
class RuleSetting:
    rule: str
    mode: Mode
    scope: Scope


@dataclass(frozen=True, slots=True)
class ParameterSetting:
    parameter: str
    value: Any
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One version. Two of equal content are still two: what is kept of one is kept by identity."""

    number: int
    rules: tuple[RuleSetting, ...] = ()
    parameters: tuple[ParameterSetting, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def name(self, preset: str) -> str:
        """How clients, tokens and events name what judged them, such as `baseline-1`."""
        return f"{preset}-{self.number}"


@dataclass(frozen=True, slots=True)
class InForce:
    """A version for one preset, environment and route. `modes` names rules that are not enforced, and no others."""

    parameters: PolicyParameters
    modes: Mapping[str, Mode] = field(default_factory=dict, hash=False)

    def mode(self, rule: str) -> Mode:
        return self.modes.get(rule, Mode.ENFORCE)


@lru_cache(maxsize=512)
def in_force(policy: Policy, preset: PolicyParameters, environment: Environment, route: Route) -> InForce:
    """What a version says for software under one preset, by one route into one environment."""
    where = (preset.name, environment.value, route.value)
    values = {each.parameter: each.value for each in policy.parameters if each.scope.covers(*where)}
    modes = {each.rule: each.mode for each in policy.rules if each.scope.covers(*where)}
    return InForce(
        replace(preset, version=policy.name(preset.name), **values),
        {rule: mode for rule, mode in modes.items() if mode is not Mode.ENFORCE},
    )


def read(number: int, document: Mapping[str, Any]) -> Policy:
    """A version from a document that was found to be in order: see `version_checks.check`."""
    return Policy(
        number,
        tuple(
            RuleSetting(each["rule"], Mode(each["mode"]), _scope(each)) for each in document.get("rules", ())
        ),
        tuple(
            ParameterSetting(each["parameter"], _value(each["parameter"], each["value"]), _scope(each))
            for each in document.get("parameters", ())
        ),
        document,
    )


def _scope(entry: Mapping[str, Any]) -> Scope:
    return Scope(entry.get("preset"), entry.get("environment"), entry.get("route"))


def _value(parameter: str, value: Any) -> Any:
    if isinstance(value, list):
        return frozenset(value)
    return AssertionAudience(value) if parameter == "assertion_audience" else value


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that two versions do not share: what it is about, and what each of them says (None: nothing)."""

    kind: str
    name: str
    scope: Scope
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What changes from one document to another, rules first, each by name and scope."""
    return tuple(
        difference
        for kind, name, said in (("rules", "rule", "mode"), ("parameters", "parameter", "value"))
        for difference in _differences(name, _said(before, kind, name, said), _said(after, kind, name, said))
    )


_Said = dict[tuple[str, Scope], Any]


def _said(document: Mapping[str, Any], kind: str, name: str, said: str) -> _Said:
    return {(entry[name], _scope(entry)): entry[said] for entry in document.get(kind, ())}


def _differences(kind: str, before: _Said, after: _Said) -> Iterable[Difference]:
    for key in sorted(before.keys() | after.keys(), key=repr):
        if before.get(key) != after.get(key):
            yield Difference(kind, key[0], key[1], before.get(key), after.get(key))
