"""Introspection (RFC 7662) for resource servers: active, or inactive without a word why."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from portal import trail
from portal.metrics import instruments
from portal.protocol import requests
from registry import clock, resource_servers
from registry.errors import InvalidClient, MalformedForm
from registry.resource_servers import Asked, Introspector
from registry.tokens import LiveToken

_INACTIVE: dict[str, object] = {"active": False}


@csrf_exempt
@requests.only("POST")
@sensitive_post_parameters()
def introspect(request: HttpRequest) -> JsonResponse:
    """Say whether a token may be used now at the resource server that asks. One statement."""
    value = requests.read_form(request).get("token", "")
    asked = _asked(request, value)
    if not value:
        raise MalformedForm("token is missing.", fix="Send token.")
    answer = _INACTIVE if asked.live is None else _describe(asked.live, asked.server)
    instruments.INTROSPECTIONS.labels("no" if answer is _INACTIVE else "yes").inc()
    return JsonResponse(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _asked(request: HttpRequest, value: str) -> Asked:
    pair = requests.basic(request.META.get("HTTP_AUTHORIZATION"))
    request_id, now = str(getattr(request, "id", "")), clock.now()
    asked = resource_servers.asked(*pair, value, request_id=request_id, now=now) if pair else None
    if asked is None:
        raise InvalidClient(
            "Only a resource server of this registry may introspect.", fix="Use its Basic credentials."
        )
    trail.know(resource_server=asked.server.identifier)
    return asked


def _describe(live: LiveToken, server: Introspector) -> dict[str, object]:
    """A token of another environment, or without a scope of this resource server, is not active for it."""
    scopes = live.scopes & server.scopes
    if live.standing.organization.environment != server.environment or not scopes:
        return _INACTIVE
    answer: dict[str, object] = {
        "active": True,
        "scope": " ".join(sorted(scopes)),
        "client_id": live.standing.client_id,
        "org_id": str(live.standing.organization.id),
        "environment": live.standing.organization.environment,
        "token_type": "Bearer",
        "iat": int(live.issued_at.timestamp()),
        "exp": int(live.expires.timestamp()),
        "sub": str(live.user_id) if live.user_id else live.standing.client_id,
    }
    return answer
