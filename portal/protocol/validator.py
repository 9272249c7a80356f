"""The toolkit's validator hooks, fed by the registry. Method names are oauthlib's.

A request carries `acting` (an ActingClient) once its client is known; every row that is written carries the
epochs of that reading. Nothing is cached between requests.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from portal import trail
from portal.metrics import instruments, observation
from portal.protocol import client_authentication
from registry import access, clock, loading, tokens
from registry.actors import Actor, ActorKind
from registry.errors import InvalidClient, IssuanceStopped, UnauthorizedClient
from registry.events import Event
from registry.loading import ActingClient
from registry.states import Action

_ACTIONS = {"/token": Action.ISSUE, "/revoke": Action.REVOKE_TOKEN, "/authorize/": Action.AUTHORIZE}


def action_of(request: Any) -> Action:
    """What a protocol request wants; an unknown path is a programming error and fails."""
    action = _ACTIONS[urlsplit(request.uri).path]
    return Action.REFRESH if action is Action.ISSUE and request.grant_type == "refresh_token" else action


class Validator(OAuth2Validator):
    """One client, one standing, one set of scopes for each request."""

    # Clients

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        return True  # a public client is authenticated by the method "none"

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        now = clock.now()
        try:
            found = client_authentication.presented(
                dict(request.decoded_body or ()), request.headers.get("HTTP_AUTHORIZATION")
            )
            acting = client_authentication.authenticate(
                found, action_of(request), now, request_id=request.headers.get("concordat.request_id", "")
            )
        except UnauthorizedClient as refusal:
            observation.refusal(refusal)
            raise errors.UnauthorizedClientError(description=refusal.found, request=request) from refusal
        except InvalidClient as refusal:
            observation.refusal(refusal)
            raise errors.InvalidClientError(description=refusal.found, request=request) from refusal
        self._remember(request, acting, now)
        return True

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        return False

    def validate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        now = clock.now()
        acting = loading.acting_client(client_id, now)
        verdict = access.may(acting.standing, action_of(request), now) if acting else None
        if verdict is not None and verdict.is_pause:
            raise IssuanceStopped
        if acting is None or verdict is None or not verdict.allowed:
            return False
        self._remember(request, acting, now)
        return True

    def _remember(self, request: Any, acting: ActingClient, now: datetime) -> None:
        request.acting, request.now = acting, now
        request.client, request.client_id = acting.row, acting.row.client_id
        trail.know(client=acting.row.client_id, organization=str(acting.row.organization_id))

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return grant_type in request.acting.grant_types

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        if response_type != "code":
            raise errors.UnsupportedResponseTypeError(request=request)
        return "authorization_code" in request.acting.grant_types

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return redirect_uri_is_registered(redirect_uri, request.acting.row.metadata)

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        client = request.acting.row
        return bool(client.require_pkce or client.client_type == client.CLIENT_PUBLIC)

    # Scopes: what was asked, registered and is held at this moment

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return bool(scopes) and frozenset(scopes) <= _held_scopes(request)

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return sorted(_held_scopes(request))

    # Authorization codes

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        tokens.save_code(
            request.acting.row,
            request.acting.standing,
            code["code"],
            now=request.now,
            user=request.user,
            redirect_uri=request.redirect_uri if request.redirect_uri_was_sent else "",
            scope=" ".join(request.scopes),
            code_challenge=request.code_challenge or "",
            code_challenge_method=request.code_challenge_method or "",
        )

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        grant = tokens.find_code(code, request.acting.row)
        if grant is None:
            return False
        if grant.spent_at is not None:
            self._end_family(request, grant.family, Event.CODE_REPLAY_SEEN, "authorization code used again")
        if not tokens.code_stands(grant, request.acting.standing, request.now) or not grant.user.is_active:
            return False
        if bool(request.code_verifier) != bool(grant.code_challenge):
            return False  # a verifier without a challenge is a downgrade (RFC 9700 §2.1.1)
        if (request.redirect_uri or "") != grant.redirect_uri:
            return False  # sent then, sent now, and the same (RFC 6749 §4.1.3)
        request.grant, request.user = grant, grant.user
        request.scopes = _still_held(grant.scope, request.acting)
        return True

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        return request.grant.code_challenge or None

    def get_code_challenge_method(self, code: str, request: Any) -> str | None:
        return request.grant.code_challenge_method or None

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return True  # compared with the code, where a difference is invalid_grant (RFC 6749 §5.2)

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """The code was spent where its tokens were written."""

    # Refresh tokens

    def rotate_refresh_token(self, request: Any) -> bool:
        return bool(request.acting.row.rotate_refresh_tokens)

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        row = tokens.find_refresh_token(refresh_token, request.acting.row)
        if row is None:
            return False
        if row.revoked is not None and row.token_family is not None:
            self._end_family(request, row.token_family, Event.TOKEN_REUSE_SEEN, "refresh token used again")
        if not tokens.refresh_token_stands(row, request.acting.standing, request.now):
            return False
        request.refresh_token_row = row
        return row.user_is_active

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        return _still_held(request.refresh_token_row.scope, request.acting)

    # Issue

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        if not token.get("scope"):
            raise errors.InvalidScopeError(request=request)
        {
            "client_credentials": self._issue_to_client,
            "authorization_code": self._issue_for_code,
            "refresh_token": self._issue_for_refresh,
        }[request.grant_type](token, request)
        instruments.TOKENS_ISSUED.labels(request.grant_type).inc()

    def _issue_to_client(self, token: dict[str, Any], request: Any) -> None:
        self._save_access_token(token, request)

    def _issue_for_code(self, token: dict[str, Any], request: Any) -> None:
        grant = request.grant
        with transaction.atomic():
            spent = tokens.spend_code(grant, request.now)
            if spent:
                self._begin_family(token, request)
                self._save_access_token(token, request, user_id=grant.user_id, family=grant.family)
        if not spent:
            self._end_family(request, grant.family, Event.CODE_REPLAY_SEEN, "authorization code used twice")
            raise errors.InvalidGrantError(request=request)

    def _begin_family(self, token: dict[str, Any], request: Any) -> None:
        if "refresh_token" not in request.acting.grant_types:
            token.pop("refresh_token", None)
            return
        tokens.begin_family(
            request.acting.row,
            request.acting.standing,
            token["refresh_token"],
            grant=request.grant,
            scope=token["scope"],
            now=request.now,
        )

    def _issue_for_refresh(self, token: dict[str, Any], request: Any) -> None:
        row = request.refresh_token_row
        with transaction.atomic():
            used = self._use_refresh_token(row, token, request)
            if used:
                self._save_access_token(token, request, user_id=row.user_id, family=row.token_family)
        if not used:
            self._end_family(request, row.token_family, Event.TOKEN_REUSE_SEEN, "refresh token used twice")
            raise errors.InvalidGrantError(request=request)

    def _use_refresh_token(self, row: Any, token: dict[str, Any], request: Any) -> bool:
        if not self.rotate_refresh_token(request):
            return tokens.keep(row, now=request.now)
        return tokens.rotate(
            row, request.acting.row, request.acting.standing, token["refresh_token"], now=request.now
        )

    def _save_access_token(self, token: dict[str, Any], request: Any, **whom: Any) -> None:
        tokens.save_access_token(
            request.acting.row,
            request.acting.standing,
            token["access_token"],
            scope=token["scope"],
            now=request.now,
            **whom,
        )

    # Revoke

    def revoke_token(
        self, token: str, token_type_hint: str | None, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        tokens.revoke(token, client=request.acting.row, actor=self._actor(request), now=request.now)

    def _end_family(self, request: Any, family: Any, event: Event, reason: str) -> None:
        tokens.end_family(
            family,
            event,
            client=request.acting.row,
            actor=self._actor(request),
            reason=reason,
            now=request.now,
        )

    def _actor(self, request: Any) -> Actor:
        client = request.acting.row
        request_id = request.headers.get("concordat.request_id", "")
        return Actor(ActorKind.CLIENT, client.client_id, str(client), request_id=request_id)


def _still_held(scope: str, acting: ActingClient) -> list[str]:
    held = acting.scopes_by("authorization_code")
    return [name for name in scope.split() if name in held]


def _held_scopes(request: Any) -> frozenset[str]:
    """Of the grant that is asked for; a question to a person is the beginning of a code."""
    begins_code = action_of(request) is Action.AUTHORIZE
    found: frozenset[str] = request.acting.scopes_by(
        "authorization_code" if begins_code else request.grant_type
    )
    return found


def redirect_uri_is_registered(redirect_uri: str, metadata: Any) -> bool:
    """Exact comparison (RFC 9700 §2.1); for loopback redirects of native apps the port is free (RFC 8252 §7.3)."""
    registered = metadata.get("redirect_uris", ())
    if redirect_uri in registered:
        return True
    if metadata.get("application_type") != "native":
        return False
    asked = _without_port(redirect_uri)
    return asked is not None and any(asked == _without_port(uri) for uri in registered)


_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::([1-9][0-9]{0,4}))?([/?][^#]*|)")


def _without_port(uri: str) -> str | None:
    """A loopback URI to the letter but for its port; None for anything else, odd spellings included."""
    found = _LOOPBACK.fullmatch(uri)
    if found is None or int(found[2] or 1) > 65_535:
        return None
    return found[1] + found[3]
