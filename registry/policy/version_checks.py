"""What a policy version may say: known rules, modes that a rule may have, parameters within bounds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from registry.errors import Finding
from registry.policy import versions
from registry.policy.engine import RULES
from registry.policy.presets import PRESETS, AssertionAudience, PolicyParameters
from registry.policy.versions import Mode, Policy
from registry.states import Environment, Route

MAXIMUM_SETTINGS = 200
_SOURCE = "product: policy versions"

# Rules that may be watched or switched off. Whatever is not named here the server relies on, and so is every rule that
# is added until somebody has thought about it: see docs/adr/0013.
SWITCHABLE = frozenset(
    {
        "A1.native_secret",
        "A2.key",
        "D1.contacts",
        "D1.host",
        "D1.length",
        "D1.software",
        "D1.userinfo",
        "G1.refresh",
        "K1.algorithm",
        "K1.count",
        "K1.operations",
        "K1.size",
        "K1.use",
        "L1.keys",
        "T2.holder",
        "U1.count",
        "U1.length",
        "U1.port",
        "U1.response_parameter",
        "U2.localhost",
        "U3.proved_domain",
        "U3.reverse_domain",
        "U4.proved_domain",
    }
)


@dataclass(frozen=True, slots=True)
class Bound:
    """What values one parameter may have: a test, and the same in words."""

    holds: Callable[[Any], bool]
    words: str


def _between(least: int, most: int) -> Bound:
    return Bound(
        lambda value: type(value) is int and least <= value <= most, f"a number from {least} to {most}"
    )


_YES_OR_NO = Bound(lambda value: isinstance(value, bool), "true or false")


def _some_of(choices: Sequence[str]) -> Bound:
    def holds(value: Any) -> bool:
        return (
            isinstance(value, list)
            and bool(value)
            and all(isinstance(each, str) and each in choices for each in value)
            and len(set(value)) == len(value)
        )

    return Bound(holds, f"one or more of {', '.join(choices)}, each once")


def _offered(member: str) -> Bound:
    return _some_of(sorted(frozenset[str]().union(*(getattr(preset, member) for preset in PRESETS.values()))))


_AUDIENCES = [each.value for each in AssertionAudience]

# The parameters that registration reads. PKCE is not among them: it cannot be given up.
BOUNDS: Mapping[str, Bound] = {
    "auth_methods": _offered("auth_methods"),
    "signing_algs": _offered("signing_algs"),
    "grant_types": _offered("grant_types"),
    "response_types": _offered("response_types"),
    "minimum_rsa_bits": _between(2048, 8192),
    "maximum_rsa_bits": _between(2048, 16_384),
    "maximum_redirect_uris": _between(1, 100),
    "maximum_uri_characters": _between(128, 8192),
    "maximum_keys": _between(1, 50),
    "maximum_jwks_octets": _between(1024, 65_536),
    "one_client_per_software_id": _YES_OR_NO,
    "allow_localhost": _YES_OR_NO,
    "rotate_refresh_tokens": _YES_OR_NO,
    "assertion_audience": Bound(
        lambda value: isinstance(value, str) and value in _AUDIENCES, f"one of {', '.join(_AUDIENCES)}"
    ),
    "access_token_seconds": _between(60, 3600),
}
_KNOWN = {each.name for each in fields(PolicyParameters)}


def check(document: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What is wrong with the document of a version; empty when it may be published."""
    found = tuple(_shape(document)) or tuple(_settings(document))
    return found or tuple(_contradictions(versions.read(0, document)))


def _shape(document: Mapping[str, Any]) -> Iterator[Finding]:
    for name in sorted(set(document) - {"rules", "parameters"}):
        yield _finding(name, "is no part of a policy version", "Send rules and parameters alone.")
    for name in ("rules", "parameters"):
        entries = document.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            yield _finding(name, "is not a list of objects", "Send a list with one object for each setting.")
        elif len(entries) > MAXIMUM_SETTINGS:
            yield _finding(name, "has too many settings", f"Send at most {MAXIMUM_SETTINGS}.")


def _settings(document: Mapping[str, Any]) -> Iterator[Finding]:
    for kind, judge, members in (
        ("rules", _rule, {"rule", "mode"}),
        ("parameters", _parameter, {"parameter", "value"}),
    ):
        seen = set()
        for place, entry in enumerate(document.get(kind, [])):
            at = f"{kind}[{place}]"
            yield from _members(at, entry, members)
            if not members - set(entry):
                yield from judge(at, entry)
            key = repr(sorted((name, entry.get(name)) for name in _SCOPES | (members - {"mode", "value"})))
            if key in seen:
                yield _finding(at, "says again what was set before", "Name each rule and scope once.")
            seen.add(key)


_SCOPES = {"preset", "environment", "route"}
_CHOICES: Mapping[str, Callable[[], list[str]]] = {
    "preset": lambda: sorted(PRESETS),
    "environment": lambda: [each.value for each in Environment],
    "route": lambda: [each.value for each in Route],
}


def _members(at: str, entry: Mapping[str, Any], wanted: set[str]) -> Iterator[Finding]:
    for name in sorted(wanted - set(entry)):
        yield _finding(f"{at}.{name}", "is missing", f"Send {' and '.join(sorted(wanted))}.")
    for name in sorted(set(entry) - wanted - _SCOPES):
        yield _finding(f"{at}.{name}", "is no member of a setting", "Leave it out.")
    for name in sorted(_SCOPES & set(entry)):
        choices = _CHOICES[name]()
        if not isinstance(entry[name], str) or entry[name] not in choices:
            yield _finding(f"{at}.{name}", f"is no {name}", f"Send one of {', '.join(choices)}, or nothing.")


_RULE_IDS = frozenset(rule.id for rule in RULES)


def _rule(at: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
    rule, mode = entry["rule"], entry["mode"]
    modes = [each.value for each in Mode]
    if not isinstance(rule, str) or rule not in _RULE_IDS:
        yield _finding(f"{at}.rule", "is no rule of the catalogue", "Take the id from the list of rules.")
    elif not isinstance(mode, str) or mode not in modes:
        yield _finding(f"{at}.mode", "is no mode", f"Send one of {', '.join(modes)}.")
    elif mode != Mode.ENFORCE and rule not in SWITCHABLE:
        yield _finding(f"{at}.mode", "cannot be given to this rule: the server relies on it", "Enforce it.")


def _parameter(at: str, entry: Mapping[str, Any]) -> Iterator[Finding]:
    name = entry["parameter"]
    if not isinstance(name, str) or name not in _KNOWN:
        yield _finding(f"{at}.parameter", "is no parameter", f"Send one of {', '.join(sorted(BOUNDS))}.")
    elif name not in BOUNDS:
        yield _finding(
            f"{at}.parameter", "is not set by policy versions", f"Send one of {', '.join(sorted(BOUNDS))}."
        )
    elif not BOUNDS[name].holds(entry["value"]):
        yield _finding(f"{at}.value", "is out of bounds", f"Send {BOUNDS[name].words}.")


def _contradictions(policy: Policy) -> Iterator[Finding]:
    """Settings that are fine alone and not together, wherever they meet."""
    for preset in PRESETS.values():
        for environment in Environment:
            for route in Route:
                parameters = versions.in_force(policy, preset, environment, route).parameters
                if parameters.minimum_rsa_bits > parameters.maximum_rsa_bits:
                    where = f"{preset.name}, {environment}, {route}"
                    yield _finding(
                        "parameters",
                        f"minimum_rsa_bits is above maximum_rsa_bits ({where})",
                        "Raise the maximum or lower the minimum.",
                    )


def _finding(member: str, found: str, fix: str) -> Finding:
    return Finding(member, found, fix, "product.policy_version", _SOURCE)
