"""Every rule as partners may read it: what it asks, by which law, with which values, and whether it counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.policy import versions
from registry.policy.engine import RULES
from registry.policy.presets import PolicyParameters
from registry.policy.rule import Kind
from registry.policy.version_checks import SWITCHABLE
from registry.policy.versions import Mode, Policy
from registry.states import Environment, Route

# Which parameters a rule reads; a test asks the rules themselves.
READS: Mapping[str, tuple[str, ...]] = {
    "A1.method": ("auth_methods",),
    "A2.algorithm": ("signing_algs",),
    "A2.key": ("signing_algs", "maximum_keys"),
    "D1.length": ("maximum_uri_characters",),
    "G1.entitled": ("grant_types",),
    "G1.response_type": ("response_types",),
    "K1.count": ("maximum_keys",),
    "K1.rsa": ("minimum_rsa_bits", "maximum_rsa_bits"),
    "K1.size": ("maximum_jwks_octets",),
    "K3.address": ("maximum_uri_characters",),
    "K3.domain": ("maximum_uri_characters",),
    "T2.holder": ("one_client_per_software_id",),
    "U1.count": ("maximum_redirect_uris",),
    "U1.length": ("maximum_uri_characters", "maximum_redirect_uris"),
    "U2.localhost": ("allow_localhost",),
}


@dataclass(frozen=True, slots=True)
class Explained:
    id: str
    title: str
    source: str
    kind: Kind
    mode: Mode
    is_switchable: bool
    parameters: Mapping[str, Any]


def explained(
    policy: Policy, preset: PolicyParameters, environment: Environment, route: Route
) -> Sequence[Explained]:
    """All rules, sorted by id, as a version has them for one preset, environment and route."""
    terms = versions.in_force(policy, preset, environment, route)
    return [
        Explained(
            rule.id,
            rule.title,
            rule.source,
            rule.kind,
            terms.mode(rule.id),
            rule.id in SWITCHABLE,
            {name: _plain(getattr(terms.parameters, name)) for name in READS.get(rule.id, ())},
        )
        for rule in RULES
    ]


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
