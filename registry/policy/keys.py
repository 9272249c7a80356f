"""What a set of keys must be, and whose a key is: rules K1 (the set) and K2 (one key, one client)."""

import json
from collections.abc import Iterator

from registry import jwk
from registry.client_metadata import ClientMetadata
from registry.policy.context import Context, KeyOwner, KeyStanding
from registry.policy.key_examples import EC_KEY, OKP_KEY, holding, without
from registry.policy.key_material import judged_keys
from registry.policy.rule import Objection, example, rule

_EC_THUMBPRINT = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"


# K1: the set


@rule(
    "K1.one_source",
    title="Keys come by value or by reference, never both",
    source="RFC 7591 §2",
    accepts=(example(), holding(EC_KEY)),
    refuses=(example(jwks={"keys": []}, jwks_uri="https://rp.example/jwks"),),
)
def one_source(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if metadata.jwks is not None and metadata.jwks_uri is not None:
        yield Objection("jwks_uri", "is sent together with jwks", "Send one of them.")


@rule(
    "K1.count",
    title="At most 10 keys",
    source="CWE-770",
    accepts=(holding(*[EC_KEY] * 10),),
    refuses=(holding(*[EC_KEY] * 11),),
)
def few_keys(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    limit = context.parameters.maximum_keys
    if len(metadata.keys) > limit:
        yield Objection(
            f"{metadata.key_source}.keys", f"has more than {limit} keys", f"Send at most {limit} keys."
        )


@rule(
    "K1.size",
    title="A key set has at most 32 KiB",
    source="CWE-770",
    accepts=(holding(EC_KEY),),
    refuses=(holding({**EC_KEY, "x5c": ["A" * 32_768]}),),
)
def small_set(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    limit = context.parameters.maximum_jwks_octets
    plain = json.dumps({"keys": metadata.key_documents}, ensure_ascii=False, separators=(",", ":"))
    if len(plain.encode()) > limit:
        yield Objection(
            metadata.key_source, f"is larger than {limit} octets", "Send keys without certificates."
        )


@rule(
    "K1.kid",
    title="Every key has a kid of its own",
    source="RFC 7517 §4.5, §5",
    accepts=(holding(EC_KEY, OKP_KEY),),
    refuses=(
        holding(without(EC_KEY, "kid")),
        holding({**EC_KEY, "kid": 1}),
        holding({**EC_KEY, "kid": ""}),
        holding({**EC_KEY, "kid": "k" * 256}),
        holding(EC_KEY, {**OKP_KEY, "kid": "ec"}),
    ),
)
def kids_are_unique(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    seen: set[str] = set()
    for member, key in judged_keys(metadata, context):
        kid = key.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) < 256:
            yield Objection(
                f"{member}.kid", "is not a string of 1 to 255 characters", "Name each key by its thumbprint."
            )
        elif kid in seen:
            yield Objection(
                f"{member}.kid", "is the kid of another key of the set", "Give each key its own kid."
            )
        else:
            seen.add(kid)


# K2: one key, one client


@rule(
    "K2.repeated",
    title="One key stands once in a set",
    source="RFC 7638 §1",
    accepts=(holding(EC_KEY, OKP_KEY),),
    refuses=(holding(EC_KEY, {**EC_KEY, "kid": "other"}),),
)
def keys_are_different(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    names = jwk.thumbprints(key for _, key in judged_keys(metadata, context))
    if len(set(names)) < len(names):
        member = f"{metadata.key_source}.keys"
        yield Objection(member, "holds the same key twice", "Send each key once.")


def _held(organization_id: str, client_id: str, state: KeyStanding) -> dict[str, KeyOwner]:
    return {_EC_THUMBPRINT: KeyOwner(organization_id, client_id, state)}


@rule(
    "K2.owner",
    title="A key belongs to one client; a compromised key returns nowhere",
    source="RFC 7638 §1; OWASP NHI9:2025",
    accepts=(
        holding(EC_KEY),
        holding(EC_KEY, key_owners=_held("acme", "c_old", KeyStanding.ENDED)),
        holding(EC_KEY, key_owners=_held("acme", "c_1", KeyStanding.ACTIVE), client_id="c_1"),
        holding(EC_KEY, key_owners=_held("acme", "c_1", KeyStanding.RETIRED), client_id="c_1"),
    ),
    refuses=(
        holding(EC_KEY, key_owners=_held("acme", "c_2", KeyStanding.ACTIVE)),
        holding(EC_KEY, key_owners=_held("other", "c_2", KeyStanding.ACTIVE)),
        holding(EC_KEY, key_owners=_held("other", "c_2", KeyStanding.ENDED)),
        holding(EC_KEY, key_owners=_held("acme", "c_2", KeyStanding.RETIRED), client_id="c_1"),
        holding(EC_KEY, key_owners=_held("acme", "c_1", KeyStanding.COMPROMISED), client_id="c_1"),
    ),
)
def key_is_free(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, key in judged_keys(metadata, context):
        for name in jwk.thumbprints([key]):
            found = _claim(context.key_owners.get(name), context)
            if found:
                yield Objection(member, found, "Generate a new key pair for this client.")


def _claim(owner: KeyOwner | None, context: Context) -> str | None:
    """What keeps this key from the client; another organization's client is never named."""
    if owner is None:
        return None
    is_ours = owner.organization_id == context.organization_id
    if owner.state is KeyStanding.COMPROMISED:
        return "is a key that was revoked; it never returns"
    if is_ours and (owner.state is KeyStanding.ENDED or owner.client_id == context.client_id):
        return None
    return f"is a key of the client {owner.client_id}" if is_ours else "is a key of another client"
