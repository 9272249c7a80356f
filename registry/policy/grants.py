"""What a client may ask tokens with: rules U5 (no implicit, no hybrid) and G1 (grant types)."""

from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.policy.context import Context
from registry.policy.rule import Objection, example, rule
from registry.strict_json import Json

FORBIDDEN_GRANT_TYPES = frozenset({"password", "implicit"})
# Response types by the grant that goes with them (RFC 7591 §2.1).
RESPONSE_TYPE_OF = {"authorization_code": "code", "implicit": "token"}
_CALLBACK: list[Json] = ["https://rp.example/cb"]
_MACHINE = example(grant_types=["client_credentials"])


@rule(
    "U5.implicit",
    title="No response type that hands a token to the browser, alone or combined",
    source="RFC 9700 §2.1.2; OpenID Connect Registration §2",
    accepts=(example(response_types=["code"], redirect_uris=_CALLBACK), _MACHINE),
    refuses=(
        example(response_types=["token"]),
        example(response_types=["id_token"], application_type="native"),
        example(response_types=["code", "code id_token"]),
        example(response_types=["id_token token"]),
    ),
)
def no_token_in_the_browser(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for index, response_type in enumerate(metadata.response_types):
        if {"token", "id_token"} & set(response_type.split(" ")):
            fix = "Use the response type code with PKCE."
            yield Objection(f"response_types[{index}]", "returns a token in the front channel", fix)


@rule(
    "G1.empty",
    title="A client has at least one grant type",
    source="RFC 7591 §2",
    accepts=(_MACHINE, example()),
    refuses=(example(grant_types=[]),),
)
def has_a_grant(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if not metadata.grant_types:
        yield Objection("grant_types", "is empty", "Name a grant type, or leave the member out.")


@rule(
    "G1.forbidden",
    title="Never the password or the implicit grant",
    source="RFC 9700 §2.1.2, §2.4",
    accepts=(_MACHINE,),
    refuses=(example(grant_types=["password"]), example(grant_types=["authorization_code", "implicit"])),
)
def no_forbidden_grant(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for index, grant_type in enumerate(metadata.grant_types):
        if grant_type in FORBIDDEN_GRANT_TYPES:
            fix = "Use authorization_code with PKCE."
            yield Objection(f"grant_types[{index}]", "is a grant type that is never granted", fix)


@rule(
    "G1.entitled",
    title="Grant types within policy and within what the organization holds",
    source="RFC 7591 §2, §3.2.1",
    accepts=(_MACHINE, example(grant_types=["authorization_code", "refresh_token"])),
    refuses=(
        example(grant_types=["urn:ietf:params:oauth:grant-type:device_code"]),
        example(
            {"entitled_grant_types": frozenset({"authorization_code"})}, grant_types=["client_credentials"]
        ),
        example({"entitled_grant_types": frozenset()}),
    ),
)
def grants_are_entitled(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    held = context.entitled_grant_types & context.parameters.grant_types - FORBIDDEN_GRANT_TYPES
    for index, grant_type in enumerate(metadata.grant_types):
        if grant_type not in held and grant_type not in FORBIDDEN_GRANT_TYPES:
            fix = f"The organization may use: {', '.join(sorted(held)) or 'none'}."
            yield Objection(f"grant_types[{index}]", "is a grant type the organization does not hold", fix)


@rule(
    "G1.response_type",
    title="Response types within policy",
    source="RFC 7591 §2; RFC 6749 §3.1.1",
    accepts=(example(response_types=["code"]), _MACHINE),
    refuses=(example(response_types=["none"]), example(response_types=["code", "Code"])),
)
def response_types_are_known(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    held = context.parameters.response_types
    for index, response_type in enumerate(metadata.response_types):
        if response_type not in held:
            fix = f"Use: {', '.join(sorted(held))}."
            yield Objection(f"response_types[{index}]", "is not a response type of this server", fix)


@rule(
    "G1.coherence",
    title="Grant types and response types go together",
    source="RFC 7591 §2.1",
    accepts=(example(), _MACHINE, example(grant_types=["client_credentials"], response_types=[])),
    refuses=(
        example(grant_types=["client_credentials"], response_types=["code"]),
        example(response_types=[]),
        example(response_types=["token"]),
        example(grant_types=["implicit"], response_types=["code"]),
    ),
)
def grants_fit_response_types(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for grant_type, response_type in RESPONSE_TYPE_OF.items():
        is_granted = grant_type in metadata.grant_types
        if is_granted != (response_type in metadata.response_types):
            found = f"does not go with the grant types: {response_type} belongs to {grant_type}"
            yield Objection(
                "response_types", found, f"Send {grant_type} and {response_type} together, or neither."
            )


@rule(
    "G1.redirect_uris",
    title="Redirection URIs are there when the authorization code grant is",
    source="RFC 7591 §2; RFC 6749 §3.1.2.2",
    accepts=(example(redirect_uris=_CALLBACK), _MACHINE),
    refuses=(example(), example(redirect_uris=[]), example(grant_types=["implicit"])),
)
def code_has_a_redirect_uri(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if set(RESPONSE_TYPE_OF) & set(metadata.grant_types) and not metadata.redirect_uris:
        yield Objection("redirect_uris", "is missing", "Register at least one redirection URI.")


@rule(
    "G1.refresh",
    title="Refresh tokens only beside a grant that yields them",
    source="RFC 6749 §1.5, §4.4.3",
    accepts=(example(grant_types=["authorization_code", "refresh_token"]), _MACHINE),
    refuses=(
        example(grant_types=["refresh_token"]),
        example(grant_types=["client_credentials", "refresh_token"]),
    ),
)
def refresh_has_a_source(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if "refresh_token" in metadata.grant_types and "authorization_code" not in metadata.grant_types:
        fix = "Add authorization_code, or leave refresh_token out."
        yield Objection("grant_types", "has refresh_token without a grant that yields refresh tokens", fix)
