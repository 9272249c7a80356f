"""The registrations of the bench: what a partner of an open banking platform would send."""

from collections.abc import Sequence
from typing import Any

KINDS = ("machine_secret", "machine_key", "web_secret", "web_key")
SEED_DOMAIN = "partner-seed.example"
SCOPES = ("accounts:read", "transactions:read", "payments:write")


def document(kind: str, domain: str, keys: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The body of one registration; `keys` for kinds that end in _key."""
    subject, _, proof = kind.partition("_")
    body: dict[str, Any] = {"client_name": "Ledger", "scope": "accounts:read transactions:read"}
    body |= (
        _web(domain) if subject == "web" else {"grant_types": ["client_credentials"], "response_types": []}
    )
    if proof == "secret":
        return body | {"token_endpoint_auth_method": "client_secret_basic"}
    return body | {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": list(keys)},
    }


def _web(domain: str) -> dict[str, Any]:
    return {
        "redirect_uris": [f"https://app.{domain}/callback", f"https://staging.{domain}/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "client_uri": f"https://www.{domain}/",
        "policy_uri": f"https://www.{domain}/privacy",
        "tos_uri": f"https://www.{domain}/terms",
        "contacts": [f"api@{domain}"],
    }
