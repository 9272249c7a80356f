"""What each single key of a client must be: rule K1."""

import math
from collections.abc import Iterator, Mapping

from registry import jwk
from registry.client_metadata import ClientMetadata
from registry.policy.context import Context
from registry.policy.key_examples import EC_KEY, OKP_KEY, RSA_KEY, holding, without
from registry.policy.rule import Objection, rule

# Products of small primes: a modulus that shares a factor with it is broken or corrupt.
_SMALL_PRIMES = (
    2 * 3 * 5 * 7 * 11 * 13 * 17 * 19 * 23 * 29 * 31 * 37 * 41 * 43 * 47 * 53 * 59 * 61 * 67 * 71 * 73
)

_OPERATIONS: Mapping[str, frozenset[str]] = {
    "sig": frozenset({"sign", "verify"}),
    "enc": frozenset({"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"}),
}
PUBLIC_OPERATIONS = frozenset({"verify", "encrypt", "wrapKey", "deriveKey", "deriveBits"})


def judged_keys(metadata: ClientMetadata, context: Context) -> Iterator[tuple[str, jwk.Jwk]]:
    """The keys with their positions. Keys beyond the limit are left to K1.count."""
    for index, key in enumerate(metadata.keys[: context.parameters.maximum_keys]):
        yield f"{metadata.key_source}.keys[{index}]", key


@rule(
    "K1.private",
    title="Never the private half of a key",
    source="RFC 7517 §9.2; RFC 7518 §6.2.2, §6.3.2",
    accepts=(holding(EC_KEY, RSA_KEY),),
    refuses=tuple(holding({**EC_KEY, name: "AQ"}) for name in sorted(jwk.PRIVATE_MEMBERS)),
)
def no_private_half(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        for name in sorted(jwk.PRIVATE_MEMBERS & key.keys()):
            fix = "Send the public key only, and replace this key: it is no longer secret."
            yield Objection(f"{member}.{name}", "is private or secret key material", fix)


@rule(
    "K1.type",
    title="RSA, EC on P-256, P-384 or P-521, or Ed25519; never a symmetric key",
    source="RFC 7518 §6.1; RFC 8037 §2; FAPI 2.0 §5.4.1",
    accepts=(holding(EC_KEY, OKP_KEY, RSA_KEY),),
    refuses=(
        holding({"kty": "oct", "kid": "a", "k": "AQ"}),
        holding({**EC_KEY, "crv": "secp256k1"}),
        holding({**OKP_KEY, "crv": "X25519"}),
        holding({**OKP_KEY, "crv": "Ed448"}),
        holding({**EC_KEY, "kty": "ec"}),
        holding({**EC_KEY, "kty": 1}),
        holding(without(EC_KEY, "kty")),
    ),
)
def type_is_known(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        if jwk.family(key) is None:
            fix = "Use RSA, EC with P-256, P-384 or P-521, or OKP with Ed25519."
            yield Objection(f"{member}.kty", "is not a key type, or not a curve, of this policy", fix)


@rule(
    "K1.rsa",
    title="RSA of 2048 to 8192 bit, exponent odd and from 65537 on, canonical spelling",
    source="RFC 7518 §3.3, §6.3.1; FAPI 2.0 §5.4.1; SP 800-56B §6.2",
    accepts=(holding(RSA_KEY), holding(EC_KEY)),
    refuses=(
        holding({**RSA_KEY, "e": "Aw"}),
        holding({**RSA_KEY, "e": "AQAA"}),
        holding({**RSA_KEY, "e": "AAEAAQ"}),
        holding({**RSA_KEY, "n": "AQAB"}),
        holding({**RSA_KEY, "n": 5}),
        holding(without(RSA_KEY, "n")),
        holding({**RSA_KEY, "n": f"{RSA_KEY['n']}="}),
        holding({**RSA_KEY, "n": f"A{'A' * 341}"}),
    ),
)
def rsa_is_strong(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        found = _rsa_fault(key, context) if jwk.family(key) == "RSA" else None
        if found:
            fix = f"Use an RSA key of at least {context.parameters.minimum_rsa_bits} bit with exponent 65537."
            yield Objection(member, found, fix)


def _rsa_fault(key: jwk.Jwk, context: Context) -> str | None:
    numbers, limits = jwk.rsa_numbers(key), context.parameters
    if numbers is None:
        return "has n or e that is not canonical base64url without leading zeros"
    if not limits.minimum_rsa_bits <= numbers.n.bit_length() <= limits.maximum_rsa_bits:
        return f"has a modulus outside {limits.minimum_rsa_bits} to {limits.maximum_rsa_bits} bit"
    if numbers.e % 2 == 0 or not 65_537 <= numbers.e < 2**256:
        return "has an exponent that is even, below 65537 or beyond 256 bit"
    return "has a modulus with a small factor" if math.gcd(numbers.n, _SMALL_PRIMES) > 1 else None


@rule(
    "K1.ec",
    title="An EC point lies on its curve, coordinates in full length",
    source="RFC 7518 §6.2.1; RFC 8725 §3.4",
    accepts=(holding(EC_KEY), holding(RSA_KEY)),
    refuses=(
        holding({**EC_KEY, "y": EC_KEY["x"]}),
        holding({**EC_KEY, "x": "AQ"}),
        holding({**EC_KEY, "crv": "P-384"}),
        holding(without(EC_KEY, "y")),
        holding({**EC_KEY, "x": f"{EC_KEY['x']}="}),
        holding({**EC_KEY, "x": 1}),
    ),
)
def point_is_on_curve(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        if jwk.family(key) in jwk.CURVES and not jwk.is_on_curve(key):
            fix = "Export the public key again; x and y in canonical base64url and full length."
            yield Objection(member, "is not a point on its curve", fix)


@rule(
    "K1.okp",
    title="An Ed25519 key is 32 octets that decode to a point of large order",
    source="RFC 8037 §2; RFC 8032 §5.1.3",
    accepts=(holding(OKP_KEY), holding(EC_KEY)),
    refuses=(
        holding({**OKP_KEY, "x": "AQ"}),
        holding({**OKP_KEY, "x": "A" * 43}),
        holding(without(OKP_KEY, "x")),
        holding({**OKP_KEY, "x": f"{OKP_KEY['x']}="}),
    ),
)
def ed25519_is_a_point(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        if jwk.family(key) == "Ed25519" and not jwk.is_ed25519_point(key):
            yield Objection(member, "is not an Ed25519 public key", "Export the public key again.")


@rule(
    "K1.use",
    title="use is sig or enc",
    source="RFC 7517 §4.2",
    accepts=(holding(EC_KEY), holding({**EC_KEY, "use": "sig"}), holding({**EC_KEY, "use": "enc"})),
    refuses=(
        holding({**EC_KEY, "use": "signature"}),
        holding({**EC_KEY, "use": 1}),
        holding({**OKP_KEY, "use": "enc"}),
    ),
)
def use_is_known(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        if key.get("use", "sig") not in ("sig", "enc"):
            yield Objection(f"{member}.use", "is neither sig nor enc", "Send sig, or leave it out.")
        elif key.get("use") == "enc" and jwk.family(key) == "Ed25519":
            yield Objection(f"{member}.use", "is enc for a key that only signs", "Send sig, or leave it out.")


@rule(
    "K1.operations",
    title="key_ops are operations of a public key, each once, and agree with use",
    source="RFC 7517 §4.3",
    accepts=(
        holding({**EC_KEY, "key_ops": ["verify"]}),
        holding({**EC_KEY, "use": "sig", "key_ops": ["verify"]}),
    ),
    refuses=(
        holding({**EC_KEY, "key_ops": "verify"}),
        holding({**EC_KEY, "key_ops": []}),
        holding({**EC_KEY, "key_ops": ["sign"]}),
        holding({**EC_KEY, "key_ops": ["verify", "verify"]}),
        holding({**EC_KEY, "key_ops": ["verify", "encrypt"]}),
        holding({**EC_KEY, "use": "enc", "key_ops": ["verify"]}),
        holding({**EC_KEY, "key_ops": [1]}),
    ),
)
def operations_are_coherent(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        if "key_ops" in key and not _are_coherent(key["key_ops"], key.get("use")):
            fix = "Send verify alone for a signature key, or leave it out."
            yield Objection(f"{member}.key_ops", "is not a coherent list of public operations", fix)


def _are_coherent(operations: object, use: object) -> bool:
    if (
        not isinstance(operations, tuple)
        or not operations
        or not all(isinstance(one, str) for one in operations)
    ):
        return False
    given = set(operations)
    uses = [name for name, allowed in _OPERATIONS.items() if given <= allowed]
    return (
        given <= PUBLIC_OPERATIONS and len(given) == len(operations) and bool(uses) and use in (None, *uses)
    )


@rule(
    "K1.algorithm",
    title="alg fits the type and the use of the key",
    source="RFC 7517 §4.4; RFC 8725 §3.1; RFC 7518 §3.1",
    accepts=(
        holding({**EC_KEY, "alg": "ES256"}),
        holding({**OKP_KEY, "alg": "EdDSA"}),
        holding({**RSA_KEY, "alg": "PS256"}),
        holding({**RSA_KEY, "alg": "RSA-OAEP-256", "use": "enc"}),
    ),
    refuses=(
        holding({**EC_KEY, "alg": "PS256"}),
        holding({**EC_KEY, "alg": "ES384"}),
        holding({**RSA_KEY, "alg": "HS256"}),
        holding({**RSA_KEY, "alg": "none"}),
        holding({**RSA_KEY, "alg": "PS256", "use": "enc"}),
        holding({**EC_KEY, "alg": 1}),
    ),
)
def algorithm_fits(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        if "alg" in key and not _names_one_of(_algorithms(key), key["alg"]):
            fix = "Name an algorithm of this kind of key, or leave alg out."
            yield Objection(f"{member}.alg", "does not fit the type or the use of the key", fix)


def _names_one_of(algorithms: frozenset[str], named: object) -> bool:
    return isinstance(named, str) and named in algorithms


def _algorithms(key: jwk.Jwk) -> frozenset[str]:
    family, use = jwk.family(key) or "", key.get("use")
    signing = jwk.SIGNING_ALGORITHMS.get(family, frozenset()) if use != "enc" else frozenset()
    encrypting = jwk.ENCRYPTION_ALGORITHMS.get(family, frozenset()) if use != "sig" else frozenset()
    return signing | encrypting
