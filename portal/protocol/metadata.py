"""Authorization server metadata (RFC 8414): only what policy allows is advertised."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from portal.protocol import requests
from registry.policy.presets import BASELINE

_AUTH_METHODS = sorted(BASELINE.auth_methods)


@requests.only("GET", "HEAD")
def authorization_server(request: HttpRequest) -> JsonResponse:
    """The metadata document; the same for everybody."""
    return JsonResponse(_document(settings.REGISTRY.issuer), headers={"Cache-Control": "public, max-age=300"})


def _document(issuer: str) -> dict[str, object]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize/",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "response_types_supported": sorted(BASELINE.response_types),
        "response_modes_supported": ["query"],
        "grant_types_supported": sorted(BASELINE.grant_types),
        "token_endpoint_auth_methods_supported": _AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": sorted(BASELINE.signing_algs),
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        "revocation_endpoint_auth_methods_supported": _AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": sorted(BASELINE.signing_algs),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
