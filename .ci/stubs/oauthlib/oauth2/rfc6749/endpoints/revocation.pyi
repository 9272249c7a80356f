from collections.abc import Collection
from typing import Any

class RevocationEndpoint:
    def __init__(
        self,
        request_validator: Any,
        supported_token_types: Collection[str] | None = None,
    ) -> None: ...
