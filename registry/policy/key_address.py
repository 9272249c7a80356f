"""Where keys by reference are: rule K3. What is fetched there is judged by K1 and K2 like keys by value."""

from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.policy import domains, uri
from registry.policy.context import Context
from registry.policy.rule import Objection, example, rule

_ADDRESS = "https://rp.example/jwks"
FETCHED = "K3.fetched"


@rule(
    "K3.address",
    title="jwks_uri is an https URL of a DNS name, without user and fragment",
    source="RFC 7591 §2, §5; CVE-2026-1180",
    accepts=(example(), example(jwks_uri=_ADDRESS), example(jwks_uri="https://keys.rp.example:8443/a?b=c")),
    refuses=(
        example(jwks_uri="http://rp.example/jwks"),
        example(jwks_uri="file:///etc/passwd"),
        example(jwks_uri="https://user@rp.example/jwks"),
        example(jwks_uri="https://rp.example/jwks#x"),
        example(jwks_uri="https://169.254.169.254/jwks"),
        example(jwks_uri="https://[::1]/jwks"),
        example(jwks_uri="https://2130706433/jwks"),
        example(jwks_uri="https://rp.example/a b"),
        example(jwks_uri="https://rp.example/".ljust(2049, "a")),
    ),
)
def address_is_plain(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    address = metadata.jwks_uri
    if address is None:
        return
    parsed = uri.parse(address[: context.parameters.maximum_uri_characters])
    is_plain = parsed.scheme == "https" and uri.is_dns_name(parsed.host) and not parsed.problems
    is_long = len(address) > context.parameters.maximum_uri_characters
    if is_long or not is_plain or parsed.userinfo is not None or parsed.fragment is not None:
        yield Objection("jwks_uri", "is not an https URL of a DNS name", "Name the https URL of a key set.")


@rule(
    "K3.domain",
    title="jwks_uri is under a domain that the organization has proved",
    source="RFC 7591 §5; product",
    accepts=(example(), example(jwks_uri=_ADDRESS), example(jwks_uri="https://keys.rp.example/jwks")),
    refuses=(
        example(jwks_uri="https://other.example/jwks"),
        example(jwks_uri="https://evilrp.example/jwks"),
        example({"proved_domains": frozenset()}, jwks_uri=_ADDRESS),
        example({"proved_domains": frozenset({"github.io"})}, jwks_uri="https://a.github.io/jwks"),
    ),
)
def address_is_proved(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if metadata.jwks_uri is None:
        return
    host = uri.parse(metadata.jwks_uri[: context.parameters.maximum_uri_characters]).host
    if not domains.is_under(host, context.proved_domains):
        fix = "Prove the domain, or publish the keys at one that is proved."
        yield Objection("jwks_uri", "has a host outside the domains the organization has proved", fix)


@rule(
    FETCHED,
    title="Keys by reference are judged before they count",
    source="RFC 7591 §2",
    accepts=(example(),),
    refuses=(example(jwks_uri=_ADDRESS),),
)
def keys_are_there(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    """The last of all rules to be asked: what is refused by another one is not fetched."""
    if metadata.awaits_keys:
        yield Objection("jwks_uri", "was not fetched", "Send the same request again.")
