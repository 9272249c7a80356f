from collections.abc import Callable
from typing import Any

class BearerToken:
    def __init__(
        self,
        request_validator: Any = None,
        token_generator: Callable[[Any], str] | None = None,
        expires_in: int | Callable[[Any], int] | None = None,
        refresh_token_generator: Callable[[Any], str] | None = None,
    ) -> None: ...
