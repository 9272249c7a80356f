from collections.abc import Mapping
from typing import Any

class TokenEndpoint:
    def __init__(
        self, default_grant_type: str, default_token_type: Any, grant_types: Mapping[str, Any]
    ) -> None: ...
