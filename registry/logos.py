"""Logos: fetched by the worker alone, drawn anew, served by us; nobody's browser is sent to a partner's server."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from registry import audit, clock, egress, lifecycle, pictures
from registry.actors import system
from registry.client_metadata import ClientMetadata
from registry.egress import Limits
from registry.events import Event
from registry.fetch_failures import FetchFailed
from registry.models import Client, ClientLogo
from registry.pictures import NoPicture
from registry.states import FINAL_STATES

MEDIA_TYPES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
LIMITS = Limits(body_octets=262_144)
AGAIN = timedelta(days=7)
AGAIN_AFTER_A_FAILURE = timedelta(hours=6)

_ACTOR = system("fetch_logos")


def follow(client: Client, metadata: ClientMetadata, now: datetime) -> None:
    """Have the logo that the metadata names fetched soon, in the caller's transaction; a former one goes at once."""
    held = ClientLogo.objects.filter(client=client)
    if metadata.logo_uri is None:
        held.delete()
    elif not held.filter(uri=metadata.logo_uri).exists():
        held.delete()
        ClientLogo.objects.create(client=client, uri=metadata.logo_uri, next_fetch_at=now)


def fetch_due(*, ids: Sequence[int] | None = None, limit: int, now: datetime) -> int:
    """Fetch logos whose time has come, at most `limit`; how many were asked for by this run.

    ids  only these of them; None for any. Safe to run twice at once: each is claimed before it is fetched.
    """
    due = ClientLogo.objects.filter(next_fetch_at__lte=now).exclude(client__state__in=FINAL_STATES)
    found = (due if ids is None else due.filter(pk__in=ids)).order_by("next_fetch_at")
    rows = list(found.select_related("client")[:limit])
    return sum(_fetch(row, now) for row in clock.within(clock.SWEEP_SECONDS, rows))


def _fetch(row: ClientLogo, now: datetime) -> bool:
    due = ClientLogo.objects.filter(pk=row.pk, next_fetch_at__lte=now)
    if not due.update(next_fetch_at=now + AGAIN_AFTER_A_FAILURE):
        return False
    try:
        picture = pictures.drawn(egress.get(row.uri, media_types=MEDIA_TYPES, limits=LIMITS).body)
    except (FetchFailed, NoPicture) as failure:
        ClientLogo.objects.filter(pk=row.pk).update(found=f"logo_uri {failure.found}"[:500])
        return True
    _take(row, picture, now)
    return True


@transaction.atomic
def _take(row: ClientLogo, picture: bytes, now: datetime) -> None:
    client = lifecycle.lock_client(row.client.client_id)
    held = ClientLogo.objects.filter(pk=row.pk).first()
    if held is None:
        return
    before, held.digest = held.digest, sha256(picture).hexdigest()
    held.picture, held.fetched_at, held.next_fetch_at, held.found = picture, now, now + AGAIN, ""
    held.save(force_update=True)
    if held.digest != before:
        audit.record(
            Event.LOGO_CHANGED,
            organization=client.organization_id,
            environment=client.environment,
            subject=("client", client.client_id),
            actor=_ACTOR,
            now=now,
            after={"logo_uri": held.uri, "sha256": held.digest},
        )


def digest_of(client: Client) -> str:
    """By which a client's logo is served, "" without one."""
    found = ClientLogo.objects.filter(client=client).values_list("digest", flat=True).first()
    return found or ""


def picture(digest: str) -> bytes | None:
    """The PNG of this digest, while a client that has not ended shows it."""
    shown = ClientLogo.objects.filter(digest=digest).exclude(client__state__in=FINAL_STATES)
    found = shown.values_list("picture", flat=True).first() if digest else None
    return None if found is None else bytes(found)
