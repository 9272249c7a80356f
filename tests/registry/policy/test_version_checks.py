"""What a policy version may say, both sides of every bound."""

from typing import Any

import pytest

from registry.policy import version_checks
from registry.policy.engine import RULES
from registry.policy.presets import BASELINE
from registry.policy.version_checks import BOUNDS, SWITCHABLE


def members(document: dict[str, Any]) -> list[str]:
    return [finding.member for finding in version_checks.check(document)]


def parameter(name: str, value: Any) -> dict[str, Any]:
    return {"parameters": [{"parameter": name, "value": value}]}


@pytest.mark.parametrize("mode", ["enforce", "monitor", "off"])
def test_every_switchable_rule_may_have_every_mode(mode: str) -> None:
    assert members({"rules": [{"rule": rule, "mode": mode} for rule in sorted(SWITCHABLE)]}) == []


@pytest.mark.parametrize("mode", ["monitor", "off"])
def test_every_other_rule_is_enforced(mode: str) -> None:
    fixed = [rule.id for rule in RULES if rule.id not in SWITCHABLE]
    found = members({"rules": [{"rule": rule, "mode": mode} for rule in fixed]})
    assert found == [f"rules[{place}].mode" for place in range(len(fixed))]
    assert members({"rules": [{"rule": rule, "mode": "enforce"} for rule in fixed]}) == []


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("minimum_rsa_bits", 2048, 8192),
        ("maximum_redirect_uris", 1, 100),
        ("maximum_uri_characters", 128, 8192),
        ("maximum_keys", 1, 50),
        ("maximum_jwks_octets", 1024, 65_536),
        ("access_token_seconds", 60, 3600),
    ],
)
def test_numbers_have_bounds(name: str, least: int, most: int) -> None:
    assert members(parameter(name, least)) == members(parameter(name, most)) == []
    for value in (least - 1, most + 1, str(least), True, None, float(least)):
        assert members(parameter(name, value)) == ["parameters[0].value"]


@pytest.mark.parametrize(
    ("name", "value", "is_sound"),
    [
        ("signing_algs", ["PS256"], True),
        ("signing_algs", ["none"], False),
        ("signing_algs", ["PS256", "PS256"], False),
        ("signing_algs", [], False),
        ("signing_algs", "PS256", False),
        ("grant_types", ["password"], False),
        ("auth_methods", [["none"]], False),
        ("allow_localhost", True, True),
        ("allow_localhost", 1, False),
        ("assertion_audience", "issuer", True),
        ("assertion_audience", "anybody", False),
        ("assertion_audience", [], False),
    ],
)
def test_other_values_are_among_those_offered(name: str, value: Any, is_sound: bool) -> None:
    assert members(parameter(name, value)) == ([] if is_sound else ["parameters[0].value"])


@pytest.mark.parametrize(
    "name", ["require_pkce", "name", "version", "unused_days_until_notice", "nothing", 7]
)
def test_other_parameters_are_not_set(name: Any) -> None:
    assert members(parameter(name, 1)) == ["parameters[0].parameter"]


def test_what_contradicts_itself_in_some_scope_is_refused() -> None:
    least = {"parameter": "minimum_rsa_bits", "value": 4096, "environment": "production"}
    most = {"parameter": "maximum_rsa_bits", "value": 3072}
    assert members({"parameters": [least]}) == members({"parameters": [most]}) == []
    assert set(members({"parameters": [least, most]})) == {"parameters"}
    assert members({"parameters": [least, most | {"environment": "sandbox"}]}) == []


@pytest.mark.parametrize(
    ("document", "member"),
    [
        ({"weights": {}}, "weights"),
        ({"rules": {}}, "rules"),
        ({"rules": ["U1.count"]}, "rules"),
        ({"rules": [{"rule": "U1.count", "mode": "off"}] * 201}, "rules"),
        ({"rules": [{"rule": "U1.count"}]}, "rules[0].mode"),
        ({"rules": [{"mode": "off"}]}, "rules[0].rule"),
        ({"rules": [{"rule": "U9.unknown", "mode": "off"}]}, "rules[0].rule"),
        ({"rules": [{"rule": ["U1.count"], "mode": "off"}]}, "rules[0].rule"),
        ({"rules": [{"rule": "U1.count", "mode": "loud"}]}, "rules[0].mode"),
        ({"rules": [{"rule": "U1.count", "mode": "off", "route": "mail"}]}, "rules[0].route"),
        ({"rules": [{"rule": "U1.count", "mode": "off", "environment": None}]}, "rules[0].environment"),
        ({"rules": [{"rule": "U1.count", "mode": "off", "preset": "mine"}]}, "rules[0].preset"),
        ({"rules": [{"rule": "U1.count", "mode": "off", "until": 1}]}, "rules[0].until"),
        (
            {"rules": [{"rule": "U1.count", "mode": "off"}, {"rule": "U1.count", "mode": "monitor"}]},
            "rules[1]",
        ),
    ],
)
def test_what_is_no_policy_is_named(document: dict[str, Any], member: str) -> None:
    assert members(document) == [member]


def test_what_is_built_in_is_within_bounds() -> None:
    for name in BOUNDS:
        value = getattr(BASELINE, name)
        assert members(parameter(name, sorted(value) if isinstance(value, frozenset) else value)) == []
