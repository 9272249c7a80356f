"""Who calls: a service client of the operator, by an access token of our own token endpoint."""

import re

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from portal import trail
from registry import clock, tokens
from registry.actors import Actor, ActorKind
from registry.errors import InvalidToken
from registry.states import Action
from registry.tokens import LiveToken

_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.IGNORECASE)


class ServiceToken(BaseAuthentication):
    """Bearer tokens in the Authorization header (RFC 6750 §2.1), read from the database on every request.

    A token of another organization or one that speaks for a person is as unknown here as a made-up one:
    whoever holds it learns nothing from trying. Tokens in a body or a query are not looked at.
    """

    def authenticate(self, request: Request) -> tuple[Actor, LiveToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        found = _BEARER.fullmatch(header)
        live = tokens.find_live_token(found[1], Action.USE, clock.now()) if found else None
        if live is None or not _is_of_a_service(live):
            raise InvalidToken(
                "The access token is not valid here.", fix="Get a new one at the token endpoint."
            )
        return _actor(live, request), live


def _is_of_a_service(live: LiveToken) -> bool:
    return live.user_id is None and live.organization_slug == settings.REGISTRY.operator_slug


def _actor(live: LiveToken, request: Request) -> Actor:
    client_id = live.standing.client_id
    trail.know(client=client_id)
    return Actor(
        ActorKind.SERVICE,
        client_id,
        live.client_name or client_id,
        request_id=str(getattr(request, "id", "")),
        organization_id=live.standing.organization.id,
    )
