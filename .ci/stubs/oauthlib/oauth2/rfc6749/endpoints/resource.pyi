from collections.abc import Mapping
from typing import Any

class ResourceEndpoint:
    def __init__(self, default_token: str, token_types: Mapping[str, Any]) -> None: ...
