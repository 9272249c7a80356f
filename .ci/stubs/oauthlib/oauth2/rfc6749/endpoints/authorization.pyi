from collections.abc import Mapping
from typing import Any

class AuthorizationEndpoint:
    def __init__(
        self, default_response_type: str, default_token_type: Any, response_types: Mapping[str, Any]
    ) -> None: ...
