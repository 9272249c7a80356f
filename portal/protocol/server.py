"""The toolkit's server, reduced to what this product offers: three grants, one response type, S256."""

import re
from typing import Any

from oauthlib.oauth2.rfc6749.endpoints.authorization import AuthorizationEndpoint
from oauthlib.oauth2.rfc6749.endpoints.resource import ResourceEndpoint
from oauthlib.oauth2.rfc6749.endpoints.revocation import RevocationEndpoint
from oauthlib.oauth2.rfc6749.endpoints.token import TokenEndpoint
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError
from oauthlib.oauth2.rfc6749.grant_types import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from oauthlib.oauth2.rfc6749.tokens import BearerToken

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant with PKCE by S256 alone (RFC 9700 §2.1.1)."""

    _code_challenge_methods = {
        "S256": AuthorizationCodeGrant._code_challenge_methods["S256"],  # noqa: SLF001  # the hook for this
    }

    def validate_authorization_request(self, request: Any) -> tuple[list[str], dict[str, Any]]:
        """A challenge is a SHA-256 in base64url (RFC 7636 §4.2); any other could never be met."""
        asked = super().validate_authorization_request(request)
        if request.code_challenge is not None and not _CHALLENGE.fullmatch(request.code_challenge):
            raise InvalidRequestError(
                description="code_challenge is not 43 characters of base64url.", request=request
            )
        return asked


class Server(AuthorizationEndpoint, TokenEndpoint, ResourceEndpoint, RevocationEndpoint):
    """Authorization, token, resource and revocation endpoints; no implicit, password or device grant."""

    def __init__(
        self,
        request_validator: Any,
        token_expires_in: Any = None,
        token_generator: Any = None,
        refresh_token_generator: Any = None,
        **_: Any,
    ) -> None:
        bearer = BearerToken(request_validator, token_generator, _lifetime, refresh_token_generator)
        code = CodeGrant(request_validator)
        AuthorizationEndpoint.__init__(
            self, default_response_type="code", response_types={"code": code}, default_token_type=bearer
        )
        TokenEndpoint.__init__(
            self,
            default_grant_type="authorization_code",  # it answers unsupported_grant_type for any other
            grant_types={
                "authorization_code": code,
                "client_credentials": ClientCredentialsGrant(request_validator),
                "refresh_token": RefreshTokenGrant(request_validator),
            },
            default_token_type=bearer,
        )
        ResourceEndpoint.__init__(self, default_token="Bearer", token_types={"Bearer": bearer})
        RevocationEndpoint.__init__(self, request_validator)


def _lifetime(request: Any) -> int:
    return int(request.client.access_token_seconds)
