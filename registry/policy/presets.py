"""Ready sets of parameters for a profile. The rules are the same for every preset; only values differ."""

from dataclasses import dataclass
from enum import StrEnum

POLICY_VERSION = "baseline-1"


class AssertionAudience(StrEnum):
    """Which `aud` a client assertion may carry: see RFC 7523 §3 and its revision."""

    ISSUER = "issuer"
    ISSUER_OR_TOKEN_ENDPOINT = "issuer_or_token_endpoint"


class Rotation(StrEnum):
    """When the holder of a client gets another registration access token: see RFC 7592 §5."""

    NEVER = "never"
    ON_UPDATE = "on_update"
    ON_READ_AND_UPDATE = "on_read_and_update"
    BY_AGE = "by_age"


@dataclass(frozen=True, slots=True)
class PolicyParameters:
    """What a preset decides. Sizes in octets or characters as named, lifetimes in seconds, disuse in days.

    registration_access_token_days  the age at which one is replaced at the next call, for Rotation.BY_AGE
    client_secret_days              how long a secret lives; 0 for ever
    client_secret_renewal_days      how long before its end an update brings another one
    """

    name: str
    version: str
    auth_methods: frozenset[str]
    signing_algs: frozenset[str]
    grant_types: frozenset[str]
    response_types: frozenset[str]
    minimum_rsa_bits: int = 2048
    maximum_rsa_bits: int = 8192
    maximum_redirect_uris: int = 20
    maximum_uri_characters: int = 2048
    maximum_keys: int = 10
    maximum_jwks_octets: int = 32_768
    one_client_per_software_id: bool = False
    allow_localhost: bool = False
    require_pkce: bool = True
    rotate_refresh_tokens: bool = True
    assertion_audience: AssertionAudience = AssertionAudience.ISSUER
    access_token_seconds: int = 300
    registration_access_token_rotation: Rotation = Rotation.ON_UPDATE
    registration_access_token_days: int = 90
    client_secret_days: int = 0
    client_secret_renewal_days: int = 30
    unused_days_until_notice: int = 90
    unused_days_until_restricted: int = 120
    unused_days_until_suspended: int = 180


BASELINE = PolicyParameters(
    name="baseline",
    version=POLICY_VERSION,
    auth_methods=frozenset({"private_key_jwt", "client_secret_basic", "client_secret_post", "none"}),
    signing_algs=frozenset({"PS256", "ES256", "EdDSA"}),
    grant_types=frozenset({"authorization_code", "client_credentials", "refresh_token"}),
    response_types=frozenset({"code"}),
)

PRESETS = {preset.name: preset for preset in (BASELINE,)}
