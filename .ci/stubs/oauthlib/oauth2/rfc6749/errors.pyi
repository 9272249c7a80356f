from typing import Any

class OAuth2Error(Exception):
    error: str | None
    description: str
    redirect_uri: str | None
    state: str | None
    def __init__(
        self,
        description: str | None = None,
        uri: str | None = None,
        state: str | None = None,
        status_code: int | None = None,
        request: Any = None,
    ) -> None: ...

class AccessDeniedError(OAuth2Error): ...
class InvalidGrantError(OAuth2Error): ...
class InvalidScopeError(OAuth2Error): ...
class UnauthorizedClientError(OAuth2Error): ...
