"""What an OAuth error of the toolkit means here and how to mend it, where the toolkit says nothing itself."""

from collections.abc import Mapping

DESCRIPTIONS: Mapping[str, str] = {
    "invalid_grant": (
        "The code or refresh token is spent, ended or not of this client, or redirect_uri or code_verifier "
        "do not belong to it. Send the person through authorization again."
    ),
    "invalid_scope": (
        "scope is empty or goes beyond what the client registered and its organization holds. Ask for less."
    ),
    "unauthorized_client": (
        "The client is not registered for this grant_type, or its organization does not hold it."
    ),
    "unsupported_grant_type": (
        "grant_type is not offered. Use authorization_code, client_credentials or refresh_token."
    ),
    "unsupported_response_type": "response_type is not offered. Use code.",
    "access_denied": "The person, or the state of the client, does not allow it.",
}


def description(error: str, said: str | None) -> str:
    """What the toolkit said, or what we say; never empty for an error of RFC 6749 §4.1.2.1 and §5.2."""
    return said or DESCRIPTIONS.get(error, "The request is not acceptable.")
