"""What ends by itself: initial access tokens, clients past their validity, tokens that nobody can use."""

from datetime import datetime

from registry import credentials, lifecycle
from registry.actors import system
from registry.errors import NotFound, TransitionRefused
from registry.models import Client, InitialAccessToken
from registry.states import State

_CAN_EXPIRE = (State.PENDING, State.ACTIVE, State.RESTRICTED)


def expire_initial_access_tokens(*, limit: int, now: datetime) -> int:
    """Close initial access tokens whose end has come; how many were found. Safe to run twice at once."""
    due = InitialAccessToken.objects.filter(ended_at=None, expires_at__lte=now).order_by("expires_at")
    found = list(due.values_list("pk", flat=True)[:limit])
    for token_id in found:
        credentials.expire_initial_access_token(
            token_id, actor=system("expire_initial_access_tokens"), now=now
        )
    return len(found)


def expire_clients(*, limit: int, now: datetime) -> int:
    """Suspend clients past `valid_until`; how many were suspended. Safe to run twice at once."""
    due = Client.objects.filter(state__in=_CAN_EXPIRE, valid_until__lte=now).order_by("valid_until")
    return sum(_expire(client_id, now) for client_id in list(due.values_list("client_id", flat=True)[:limit]))


def _expire(client_id: str, now: datetime) -> bool:
    try:
        lifecycle.expire_client(client_id, actor=system("expire_clients"), now=now)
    except (TransitionRefused, NotFound):  # another worker, or a person, was faster
        return False
    return True
