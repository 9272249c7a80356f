"""Sets of keys by reference: fetched before a transaction, kept in it, and read again from our own table."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from registry import client_metadata, egress, strict_json
from registry.client_metadata import ClientMetadata
from registry.errors import Finding, InvalidClientMetadata, RequestTooLarge
from registry.fetch_failures import FetchFailed
from registry.models import Client, KeySet

MEDIA_TYPES = frozenset({"application/json", "application/jwk-set+json"})

_DEPTH = 8
_RULE, _SOURCE = "K3.fetch", "RFC 7591 §2; RFC 7517 §5"


def fetched(metadata: ClientMetadata) -> ClientMetadata:
    """The same metadata with the keys that are at its `jwks_uri` now.

    Waits for a server of others: never called while a row is locked. Raises InvalidClientMetadata with one finding
    about `jwks_uri` when nothing usable comes back. Judges no key.
    """
    address = metadata.jwks_uri or ""
    try:
        body = egress.get(address, media_types=MEDIA_TYPES).body
    except FetchFailed as failure:
        raise _refused(failure.found, failure.fix) from failure
    try:
        document = strict_json.read(body, max_bytes=len(body), max_depth=_DEPTH)
        keys = client_metadata.parse({"jwks": document}).jwks
    except (InvalidClientMetadata, RequestTooLarge) as cause:
        raise _refused(
            "does not hold a JWK Set", "Publish a JSON object with an array of keys (RFC 7517 §5)."
        ) from cause
    return replace(metadata, fetched_jwks=keys)


def _refused(found: str, fix: str) -> InvalidClientMetadata:
    return InvalidClientMetadata(
        f"jwks_uri {found}.", fix=fix, findings=[Finding("jwks_uri", found, fix, _RULE, _SOURCE)]
    )


def held(client: Client, metadata: ClientMetadata) -> ClientMetadata:
    """The same metadata with the keys that were fetched from its `jwks_uri` for this client last, if they were."""
    if not metadata.awaits_keys:
        return metadata
    row = KeySet.objects.filter(client=client, uri=metadata.jwks_uri).first()
    if row is None:
        return metadata
    return replace(metadata, fetched_jwks=client_metadata.parse({"jwks": {"keys": row.keys}}).jwks)


def keep(client: Client, metadata: ClientMetadata, now: datetime) -> None:
    """Keep what was fetched for a client, in the caller's transaction; nothing where nothing was fetched anew."""
    if metadata.jwks_uri is None or metadata.fetched_jwks is None:
        return
    keys = metadata.key_documents
    if KeySet.objects.filter(client=client, uri=metadata.jwks_uri, keys=keys).exists():
        return
    fresh = {
        "keys": keys,
        "fetched_at": now,
        "tried_at": now,
        "next_fetch_at": now + timedelta(minutes=settings.REGISTRY.key_set_minutes),
        "failing_since": None,
        "found": "",
    }
    KeySet.objects.update_or_create(client=client, uri=metadata.jwks_uri, defaults=fresh)
