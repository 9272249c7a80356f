"""What ends by itself: initial access tokens, clients past their validity, tokens that nobody can use.

Every sweep may run twice at once: each row is taken in a transaction of its own, one that somebody else holds is passed
over, and the next sweep finds it again if it is still due. Nothing waits for a sweep to be refused: `access.may` and
`credentials` compare the end with the clock.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from registry import credentials, lifecycle, notices, tokens
from registry.actors import system
from registry.models import Client, InitialAccessToken, NoticeKind, Organization
from registry.states import State

_CAN_EXPIRE = (State.PENDING, State.ACTIVE, State.RESTRICTED)
_BATCHES = 100


def expire_initial_access_tokens(*, ids: Sequence[UUID] | None = None, limit: int, now: datetime) -> int:
    """Close initial access tokens whose end has come; how many were closed by this run.

    ids  only these of them; None for any
    """
    due = InitialAccessToken.objects.filter(ended_at=None, expires_at__lte=now)
    found = (due if ids is None else due.filter(pk__in=ids)).order_by("expires_at")
    return sum(_close(token_id, now) for token_id in list(found.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _close(token_id: UUID, now: datetime) -> bool:
    free = InitialAccessToken.objects.select_for_update(skip_locked=True, no_key=True)
    if not free.filter(pk=token_id, ended_at=None).values("pk").first():
        return False
    credentials.expire_initial_access_token(token_id, actor=system("expire_initial_access_tokens"), now=now)
    return True


def expire_clients(*, ids: Sequence[str] | None = None, limit: int, now: datetime) -> int:
    """Suspend clients past `valid_until` and owe their organizations a notice; how many were suspended by this run.

    ids  client_ids, only these; None for any
    """
    due = Client.objects.filter(state__in=_CAN_EXPIRE, valid_until__lte=now)
    found = (due if ids is None else due.filter(client_id__in=ids)).order_by("valid_until")
    return sum(
        _expire(client_id, now) for client_id in list(found.values_list("client_id", flat=True)[:limit])
    )


@transaction.atomic
def _expire(client_id: str, now: datetime) -> bool:
    due = Client.objects.filter(client_id=client_id, state__in=_CAN_EXPIRE, valid_until__lte=now)
    if not is_free(client_id) or not due.exists():
        return False
    client = lifecycle.expire_client(client_id, actor=system("expire_clients"), now=now)
    end = f"{client.valid_until:%Y-%m-%d}"
    notices.owe(NoticeKind.CLIENT_EXPIRED, client, once=f"{client.valid_until}", now=now, day=end)
    return True


def is_free(client_id: str) -> bool:
    """Take the lock under which a client's state changes until the transaction ends; False when somebody has it.

    It is the organization's row, as everywhere (`lifecycle.lock_client`): taking the client's first would deadlock.
    """
    organization = Client.objects.filter(client_id=client_id).values("organization_id")
    free = Organization.objects.select_for_update(skip_locked=True, no_key=True)
    return free.filter(pk__in=organization).values("pk").first() is not None


def purge_tokens(*, limit: int, now: datetime) -> int:
    """Delete what no clock can accept any more, `limit` rows of each kind a transaction; how many went."""
    gone = 0
    for _batch in range(_BATCHES):
        deleted = tokens.purge_expired(now=now, limit=limit)
        gone += deleted
        if not deleted:
            break
    return gone
