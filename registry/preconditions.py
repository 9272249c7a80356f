"""Changes that bind to what was seen: the row is locked, compared and changed in one transaction.

An edition names what may be edited of a thing, in the state in which somebody saw it; it is the entity tag of the API
(RFC 9110 §8.8.3). It does not change with what is merely counted or noted, such as the last use of a client.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from django.db import transaction

from registry import lifecycle
from registry.errors import PreconditionFailed
from registry.models import Client, Registration

Seen = Collection[str] | None


class Versioned(Protocol):
    """A row that counts its changes."""

    version: int


def edition(row: Versioned) -> str:
    """Of an organization with its contacts, entitlements, domains and quotas, or of a client."""
    return str(row.version)


def edition_of_registration(row: Registration, client: Client) -> str:
    """Of the metadata that is to be decided on, and of the decision so far."""
    stage = "seconded" if row.first_approval_by and row.decided_at is None else row.outcome
    return f"{client.version}-{stage}"


@contextmanager
def organization_as_seen(organization_id: UUID, seen: Seen) -> Iterator[None]:
    """Keep an organization as it was seen until the block ends. Raises PreconditionFailed, NotFound."""
    with transaction.atomic():
        if seen is not None:
            _require(edition(lifecycle.lock_organization(organization_id)), seen)
        yield


@contextmanager
def client_as_seen(client_id: str, seen: Seen) -> Iterator[None]:
    """Keep a client as it was seen until the block ends. Raises PreconditionFailed, NotFound."""
    with transaction.atomic():
        if seen is not None:
            _require(edition(lifecycle.lock_client(client_id)), seen)
        yield


@contextmanager
def registration_as_seen(row: Registration, seen: Seen) -> Iterator[None]:
    """Keep a registration and its client as they were seen until the block ends. Raises PreconditionFailed."""
    with transaction.atomic():
        if seen is not None:
            client = lifecycle.lock_client(row.client.client_id)
            _require(edition_of_registration(Registration.objects.get(pk=row.pk), client), seen)
        yield


def _require(found: str, seen: Collection[str]) -> None:
    if found not in seen:
        raise PreconditionFailed(
            "Somebody changed it since it was read.", fix="Read it again, then decide anew."
        )
