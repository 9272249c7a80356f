from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse

class OAuth2ResponseRedirect(HttpResponse):
    def __init__(
        self, redirect_to: str, allowed_schemes: Sequence[str], *args: Any, **kwargs: Any
    ) -> None: ...
