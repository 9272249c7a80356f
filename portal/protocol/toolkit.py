"""How the toolkit reads a request: by our rules, so that both sides judge one and the same set of parameters."""

from urllib.parse import urlencode

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore

from portal.protocol import requests


class Backend(OAuthLibCore):
    """Each parameter once, those without a value as if they were not sent (RFC 6749 §3.1, §3.2)."""

    def extract_body(self, request: HttpRequest) -> list[tuple[str, str]]:
        return list(requests.read_form(request).items()) if request.method == "POST" else []

    def _get_escaped_full_path(self, request: HttpRequest) -> str:
        query = urlencode(requests.parameters(request.GET))
        return f"{request.path}?{query}" if query else request.path
