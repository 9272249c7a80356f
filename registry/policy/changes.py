"""Which changes of a client's metadata raise its risk: those wait for a decision, the rest apply at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry.client_metadata import Change, ClientMetadata

# Shown to people or read by nobody: rules judge them, and a wrong one is undone.
HARMLESS = frozenset(
    {"client_name", "client_uri", "contacts", "logo_uri", "policy_uri", "software_version", "tos_uri"}
)


@dataclass(frozen=True, slots=True)
class Risk:
    """One reason why a change is not applied at once; `why` is ours, never an echo of a value."""

    member: str
    why: str


def risks(before: ClientMetadata, after: ClientMetadata) -> tuple[Risk, ...]:
    """Why this change needs a decision, sorted by member; empty when it only narrows, renames or rotates.

    A member that nothing here knows to be harmless raises the risk. Does not judge whether the result is acceptable:
    see `engine.judge`.
    Source: product (RFC 7592 §2.2 lets the server keep old values).
    """
    return tuple(risk for change in before.diff(after) for risk in _of(change, before, after))


def _of(change: Change, before: ClientMetadata, after: ClientMetadata) -> Iterator[Risk]:
    member = change.member.partition("#")[0]
    if member in HARMLESS:
        return
    known = _KNOWN.get(member)
    if known is None:
        yield Risk(change.member, "changes")
    else:
        yield from (Risk(change.member, why) for why in known(before, after))


def _redirect_uris(before: ClientMetadata, after: ClientMetadata) -> Iterator[str]:
    if {_origin(uri) for uri in after.redirect_uris} - {_origin(uri) for uri in before.redirect_uris}:
        yield "names a host that it did not name before"


def _origin(uri: str) -> tuple[str, str]:
    """Scheme and authority; of a private-use scheme the scheme alone (RFC 8252 §7.1)."""
    parts = urlsplit(uri)
    return parts.scheme, parts.netloc


def _grant_types(before: ClientMetadata, after: ClientMetadata) -> Iterator[str]:
    if set(after.grant_types) - set(before.grant_types):
        yield "has a new grant type"


def _response_types(before: ClientMetadata, after: ClientMetadata) -> Iterator[str]:
    if set(after.response_types) - set(before.response_types):
        yield "has a new response type"


def _scope(before: ClientMetadata, after: ClientMetadata) -> Iterator[str]:
    if set(after.scopes) - set(before.scopes):
        yield "is wider"


def _auth_method(before: ClientMetadata, after: ClientMetadata) -> Iterator[str]:
    yield "is another method"


def _keys(before: ClientMetadata, after: ClientMetadata) -> Iterator[str]:
    """Keys by value come and go by rotation; it is the first ones that are a new source."""
    if before.jwks is None and after.jwks is not None:
        yield "is a new source of keys"


def _key_address(before: ClientMetadata, after: ClientMetadata) -> Iterator[str]:
    if after.jwks_uri is not None:
        yield "is a new source of keys"


_KNOWN: Mapping[str, Callable[[ClientMetadata, ClientMetadata], Iterator[str]]] = {
    "redirect_uris": _redirect_uris,
    "grant_types": _grant_types,
    "response_types": _response_types,
    "scope": _scope,
    "token_endpoint_auth_method": _auth_method,
    "jwks": _keys,
    "jwks_uri": _key_address,
}
