"""What rests of a client beside its state: effective metadata, the toolkit's columns, and its keys."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from registry import jwk, logos, rows
from registry.client_credentials import SECRET_METHODS
from registry.client_metadata import ClientMetadata
from registry.errors import Finding, InvalidClientMetadata
from registry.models import Client, ClientKey, ClientSecret, KeyState

_TOOLKIT_GRANTS = {
    "authorization_code": Client.GRANT_AUTHORIZATION_CODE,
    "client_credentials": Client.GRANT_CLIENT_CREDENTIALS,
}


def project(client: Client, metadata: ClientMetadata) -> None:
    """Write effective metadata, and from it the toolkit's columns: the only place that does either."""
    public = metadata.token_endpoint_auth_method == "none"
    client.metadata = metadata.as_document()
    client.software_id = metadata.software_id or ""
    client.name = metadata.client_name or ""
    client.redirect_uris = " ".join(metadata.redirect_uris)
    client.client_type = Client.CLIENT_PUBLIC if public else Client.CLIENT_CONFIDENTIAL
    client.authorization_grant_type = _toolkit_grant(metadata.grant_types)


_PROJECTED = ("metadata", "software_id", "name", "redirect_uris", "client_type", "authorization_grant_type")


def _toolkit_grant(grant_types: Sequence[str]) -> str:
    """The toolkit knows one grant a client; which ones are allowed is read from the metadata instead."""
    return next((_TOOLKIT_GRANTS[name] for name in grant_types if name in _TOOLKIT_GRANTS), "")


def new_keys(client: Client, metadata: ClientMetadata, now: datetime) -> list[ClientKey]:
    """Rows of the keys that the metadata names, for the ledger; still to be written."""
    return [
        _key(client, key, document, now)
        for key, document in zip(metadata.keys, metadata.key_documents, strict=True)
    ]


@contextmanager
def no_key_taken() -> Iterator[None]:
    """Say of a key that it is taken, when somebody registered it between our reading and our writing.

    Raises InvalidClientMetadata, and leaves the transaction to be rolled back.
    """
    try:
        yield
    except IntegrityError as cause:
        diagnosis = getattr(cause.__cause__, "diag", None)
        if diagnosis is None or diagnosis.constraint_name != _ONE_OWNER:
            raise
        raise InvalidClientMetadata(findings=[_KEY_TAKEN]) from cause


_ONE_OWNER = "one_key_belongs_to_one_active_client"


def replace(client: Client, metadata: ClientMetadata, now: datetime) -> None:
    """Let a locked client have other effective metadata, with its keys and secrets following, in the transaction.

    Raises InvalidClientMetadata when a key was taken since the metadata was judged. Judges nothing itself.
    """
    sources, method = _key_sources(client), client.metadata["token_endpoint_auth_method"]
    logo = client.metadata.get("logo_uri")
    project(client, metadata)
    client.version += 1
    rows.update(client, *_PROJECTED, "version")
    if metadata.logo_uri != logo:
        logos.follow(client, metadata, now)
    if _key_sources(client) != sources:
        follow_keys(client, metadata, now)
    if metadata.token_endpoint_auth_method not in SECRET_METHODS and method in SECRET_METHODS:
        ClientSecret.objects.filter(client=client, ended_at=None).update(ended_at=now)


def _key_sources(client: Client) -> tuple[Any, Any]:
    return client.metadata.get("jwks"), client.metadata.get("jwks_uri")


def follow_keys(client: Client, metadata: ClientMetadata, now: datetime) -> None:
    """Add, bring back and retire rows of a locked client, so that the active ones are those of the metadata.

    Raises InvalidClientMetadata when a key was taken since they were judged.
    """
    held = {row.thumbprint: row for row in ClientKey.objects.filter(client=client)}
    wanted = new_keys(client, metadata, now)
    names = [row.thumbprint for row in wanted]
    gone = ClientKey.objects.filter(client=client, state=KeyState.ACTIVE).exclude(thumbprint__in=names)
    gone.update(state=KeyState.RETIRED, ended_at=now)
    with no_key_taken(), transaction.atomic(savepoint=False):
        for row in wanted:
            _bring_back(held.get(row.thumbprint), row)
        ClientKey.objects.bulk_create([row for row in wanted if row.thumbprint not in held])


def _bring_back(held: ClientKey | None, wanted: ClientKey) -> None:
    """A key that the client has or had is active, under the kid and with the members of now."""
    if held is None or (held.state == KeyState.ACTIVE and held.jwk == wanted.jwk):
        return
    held.kid, held.jwk = wanted.kid, wanted.jwk
    held.state, held.ended_at = KeyState.ACTIVE, None
    held.save(force_update=True)


def _key(client: Client, key: jwk.Jwk, document: dict[str, Any], now: datetime) -> ClientKey:
    return ClientKey(
        client=client,
        organization_id=client.organization_id,
        kid=str(key["kid"]),
        thumbprint=jwk.thumbprint(key),
        jwk=document,
        created_at=now,
    )


_KEY_TAKEN = Finding(
    "jwks", "a key belongs to another client", "Make a new key for this client.", "K2.owner", "OWASP NHI9"
)
