"""The audit log in tests: events in numbers, leaves for all of them, and what an auditor holds in the hand."""

import io
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from portal.auditor.export import Export
from portal.auditor.heads import KnownHeads
from portal.auditor.notes import Head, PublicKey
from portal.auditor.verdict import Report
from registry import audit, audit_export, audit_identity, transparency
from registry.actors import system
from registry.audit_export import Selection
from registry.events import Event
from registry.models import Organization
from tests import world

EVERYTHING = Selection()


def record(holder: Organization, count: int = 1, **facts: Any) -> None:
    """`count` events of this organization in one transaction."""
    with transaction.atomic():
        for number in range(count):
            audit.record(
                Event.ORGANIZATION_CHANGED,
                organization=holder.pk,
                subject=("organization", holder.slug),
                actor=system("a_test"),
                after={"number": number, **facts},
                now=world.now(),
            )


def sequence(limit: int = 2000) -> int:
    """Sequence until nobody waits; how many got a leaf."""
    added, done = 0, None
    while done is None or done.is_full:
        done = transparency.sequence(now=world.now(), limit=limit)
        added += done.added
    return added


def keys() -> list[PublicKey]:
    return [PublicKey.read(str(key)) for key in audit_identity.verifier_keys()]


def exported(selection: Selection = EVERYTHING) -> bytes:
    return b"".join(line for _, line in audit_export.export(selection).lines(now=world.now()))


def verified(export: bytes, known: Iterable[Head] = ()) -> Report:
    return Export(io.BytesIO(export), keys(), known=KnownHeads(known)).verify()


def text(octets: bytes) -> str:
    return b64encode(octets).decode()
