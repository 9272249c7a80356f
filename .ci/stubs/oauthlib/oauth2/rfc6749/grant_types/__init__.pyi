from collections.abc import Callable
from typing import Any

class AuthorizationCodeGrant:
    _code_challenge_methods: dict[str, Callable[[str, str], bool]]
    def __init__(self, request_validator: Any = None, **kwargs: Any) -> None: ...
    def validate_authorization_request(self, request: Any) -> tuple[list[str], dict[str, Any]]: ...

class ClientCredentialsGrant:
    def __init__(self, request_validator: Any = None, **kwargs: Any) -> None: ...

class RefreshTokenGrant:
    def __init__(
        self, request_validator: Any = None, issue_new_refresh_tokens: bool = True, **kwargs: Any
    ) -> None: ...
