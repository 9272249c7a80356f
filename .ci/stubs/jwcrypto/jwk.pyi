from typing import Any

class JWK:
    def __init__(self, **kwargs: Any) -> None: ...
