from typing import Any

class OAuthToolkitError(Exception):
    oauthlib_error: Any
    def __init__(
        self, error: object = None, redirect_uri: str | None = None, *args: object, **kwargs: object
    ) -> None: ...

class FatalClientError(OAuthToolkitError): ...
