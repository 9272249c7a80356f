"""What the rules may know beside the metadata: facts that the pipeline has read before, frozen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from registry.policy.presets import BASELINE, PolicyParameters
from registry.policy.versions import Mode
from registry.states import Environment, Route, Verb


class KeyStanding(StrEnum):
    """What became of a key that was seen before.

    ACTIVE       in use by a client
    RETIRED      rotated out; it still belongs to its client
    ENDED        its client was deregistered without suspicion
    COMPROMISED  revoked because somebody else may hold it
    """

    ACTIVE = "active"
    RETIRED = "retired"
    ENDED = "ended"
    COMPROMISED = "compromised"


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Who holds, or held, the key of one thumbprint."""

    organization_id: str
    client_id: str
    state: KeyStanding


@dataclass(frozen=True, slots=True)
class Context:
    """One registration attempt as the rules see it.

    client_id           the client that is replaced; None when one is created
    proved_domains      domains the organization has proved, any spelling
    allowed_hosts       hosts the initial access token is bound to; None when it is not bound
    allowed_software_id software the initial access token is bound to; None when it is not bound
    scopes_by_grant_type   grant type → scopes of the roles that allow it; None where each goes with every one
    key_owners          thumbprint (RFC 7638) → owner, for the keys of this request that were seen before
    software_holder     active client with the same software_id in this organization and environment
    foreign_names       skeletons of names of this request that another organization bears, and of reserved names
    clients_left        how many more clients the organization may have in this environment
    keys_per_client     how many keys one client of the organization may have
    terms_outstanding   version of the terms that is asked for here and was not accepted; "" when none is
    modes               rules that are not enforced here, by id
    waivers             findings that are forgiven to this client: rule, member without places, value as canonical JSON
    """

    environment: Environment
    route: Route
    verb: Verb
    organization_id: str
    client_id: str | None = None
    parameters: PolicyParameters = BASELINE
    entitled_scopes: frozenset[str] = frozenset()
    entitled_grant_types: frozenset[str] = frozenset()
    scopes_by_grant_type: Mapping[str, frozenset[str]] | None = field(default=None, hash=False)
    default_scopes: frozenset[str] = frozenset()
    proved_domains: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] | None = None
    allowed_software_id: str | None = None
    key_owners: Mapping[str, KeyOwner] = field(default_factory=dict, hash=False)
    software_holder: str | None = None
    foreign_names: frozenset[str] = frozenset()
    clients_left: int = 0
    keys_per_client: int = 0
    registrations_left_this_hour: int = 0
    terms_outstanding: str = ""
    modes: Mapping[str, Mode] = field(default_factory=dict, hash=False)
    waivers: frozenset[tuple[str, str, str]] = frozenset()


def scopes_by_grant_type(roles: Iterable[tuple[Iterable[str], Iterable[str]]]) -> dict[str, frozenset[str]]:
    """By grant type, the scopes of the roles that allow it; each role as its scopes and its grant types."""
    found: dict[str, frozenset[str]] = {}
    for scopes, grant_types in roles:
        for grant_type in grant_types:
            found[grant_type] = found.get(grant_type, frozenset()) | frozenset(scopes)
    return found
