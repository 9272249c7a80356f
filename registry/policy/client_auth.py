"""How a client proves who it is: rules A1 (methods) and A2 (signing algorithms)."""

from collections.abc import Iterator

from registry import jwk
from registry.client_metadata import ClientMetadata
from registry.policy.context import Context
from registry.policy.key_examples import EC_KEY
from registry.policy.rule import Objection, example, rule

SHARED_SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post", "client_secret_jwt"})
PUBLIC_GRANT_TYPES = frozenset({"authorization_code", "refresh_token"})
APPLICATION_TYPES = frozenset({"web", "native"})

_KEYED = example(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [dict(EC_KEY)]})


@rule(
    "A1.application_type",
    title="An application is web or native",
    source="OpenID Connect Registration §2",
    accepts=(example(), example(application_type="native")),
    refuses=(example(application_type="service"), example(application_type="Native")),
)
def application_type_is_known(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if metadata.application_type not in APPLICATION_TYPES:
        yield Objection("application_type", "is neither web nor native", "Send web or native.")


@rule(
    "A1.method",
    title="Authentication methods within policy",
    source="RFC 7591 §2; RFC 9700 §2.5",
    accepts=(example(), _KEYED, example(token_endpoint_auth_method="client_secret_post")),
    refuses=(
        example(token_endpoint_auth_method="client_secret_jwt"),
        example(token_endpoint_auth_method="tls_client_auth"),
        example(token_endpoint_auth_method="NONE"),
    ),
)
def method_is_allowed(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    allowed = context.parameters.auth_methods
    if metadata.token_endpoint_auth_method not in allowed:
        fix = f"Use one of: {', '.join(sorted(allowed))}."
        yield Objection("token_endpoint_auth_method", "is not a method this policy allows", fix)


@rule(
    "A1.native_secret",
    title="No shared secret in a native application",
    source="RFC 8252 §8.5",
    accepts=(
        example(application_type="native", token_endpoint_auth_method="none"),
        example(application_type="native", token_endpoint_auth_method="private_key_jwt"),
        example(),
    ),
    refuses=(
        example(application_type="native"),
        example(application_type="native", token_endpoint_auth_method="client_secret_post"),
    ),
)
def native_has_no_secret(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if metadata.application_type == "native" and metadata.token_endpoint_auth_method in SHARED_SECRET_METHODS:
        fix = "Use none with PKCE, or private_key_jwt."
        yield Objection("token_endpoint_auth_method", "is a shared secret in a native application", fix)


@rule(
    "A1.public",
    title="A public client uses the authorization code with PKCE and nothing else",
    source="RFC 6749 §2.1, §4.4; RFC 9700 §2.1.1",
    accepts=(
        example(token_endpoint_auth_method="none"),
        example(token_endpoint_auth_method="none", grant_types=["authorization_code", "refresh_token"]),
        example(grant_types=["client_credentials"]),
    ),
    refuses=(
        example(token_endpoint_auth_method="none", grant_types=["client_credentials"]),
        example(token_endpoint_auth_method="none", grant_types=["authorization_code", "client_credentials"]),
        example(token_endpoint_auth_method="none", grant_types=[]),
    ),
)
def public_client_uses_code(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    grants = set(metadata.grant_types)
    if metadata.token_endpoint_auth_method != "none":
        return
    if "authorization_code" not in grants or grants - PUBLIC_GRANT_TYPES:
        fix = "Use authorization_code (and refresh_token), or authenticate the client."
        yield Objection("token_endpoint_auth_method", "is none with grants that need authentication", fix)


@rule(
    "A1.keys",
    title="private_key_jwt comes with keys",
    source="RFC 7523 §3; OpenID Connect Core §9",
    accepts=(_KEYED, example()),
    refuses=(
        example(token_endpoint_auth_method="private_key_jwt"),
        example(token_endpoint_auth_method="private_key_jwt", jwks={"keys": []}),
    ),
)
def signing_client_has_keys(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if metadata.awaits_keys:
        return  # K3.fetched speaks of those
    if metadata.token_endpoint_auth_method == "private_key_jwt" and not metadata.keys:
        yield Objection(
            metadata.key_source,
            "holds no key, but the client authenticates with keys",
            "Send jwks with a public key, or publish one at jwks_uri.",
        )


@rule(
    "A2.algorithm",
    title="Signing algorithms within policy: never none, never a MAC",
    source="OpenID Connect Registration §2; RFC 8725 §3.1, §3.2",
    accepts=(example(), example(token_endpoint_auth_signing_alg="ES256")),
    refuses=(
        example(token_endpoint_auth_signing_alg="none"),
        example(token_endpoint_auth_signing_alg="HS256"),
        example(token_endpoint_auth_signing_alg="RS256"),
        example(token_endpoint_auth_signing_alg="es256"),
    ),
)
def algorithm_is_allowed(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    allowed, wanted = context.parameters.signing_algs, metadata.token_endpoint_auth_signing_alg
    if wanted is not None and wanted not in allowed:
        fix = f"Use one of: {', '.join(sorted(allowed))}."
        yield Objection("token_endpoint_auth_signing_alg", "is not an algorithm this policy allows", fix)


@rule(
    "A2.key",
    title="At least one key fits the algorithm the client authenticates with",
    source="RFC 8725 §3.1; RFC 7517 §4.2, §4.3, §4.4",
    accepts=(_KEYED, example(), example(token_endpoint_auth_method="private_key_jwt")),
    refuses=(
        example(
            token_endpoint_auth_method="private_key_jwt",
            token_endpoint_auth_signing_alg="PS256",
            jwks={"keys": [dict(EC_KEY)]},
        ),
        example(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [{**EC_KEY} | {"use": "enc"}]}),
        example(
            token_endpoint_auth_method="private_key_jwt",
            jwks={"keys": [{**EC_KEY} | {"key_ops": ["deriveKey"]}]},
        ),
    ),
)
def a_key_fits(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if metadata.token_endpoint_auth_method != "private_key_jwt" or not metadata.keys:
        return
    wanted = metadata.token_endpoint_auth_signing_alg
    usable = {wanted} if wanted else context.parameters.signing_algs
    if not any(jwk.signs_with(key) & usable for key in metadata.keys[: context.parameters.maximum_keys]):
        fix = f"Add a signature key for one of: {', '.join(sorted(context.parameters.signing_algs))}."
        found = "has no key for the algorithm the client authenticates with"
        yield Objection(metadata.key_source, found, fix)
