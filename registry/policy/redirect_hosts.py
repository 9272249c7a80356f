"""Whose host a redirection URI names: rule U4, the organization's own proved domains."""

from registry.client_metadata import ClientMetadata
from registry.policy import domains, uri
from registry.policy.context import Context
from registry.policy.redirect_rule import (
    WEB_SCHEMES,
    Verdict,
    is_allowed_localhost,
    is_loopback,
    is_private_use,
    native,
    on,
    redirect_rule,
)
from registry.policy.uri import Uri


@redirect_rule(
    "U4.proved_domain",
    title="A host is a domain the organization has proved, or below one",
    source="RFC 7591 §5; RFC 9700 §4.1",
    accepts=(
        "https://rp.example/cb",
        "https://a.b.rp.example/cb",
        "https://RP.example/cb",
        on("https://xn--bcher-kva.example/cb", proved_domains=frozenset({"B\u00fccher.example"})),
        native("http://127.0.0.1/cb"),
        native("example.rp.app:/cb"),
    ),
    refuses=(
        "https://other.example/cb",
        "https://evilrp.example/cb",
        "https://rp.example.evil.example/cb",
        "https://10.0.0.1/cb",
        "https://[::1]/cb",
        on("https://a.github.io/cb", proved_domains=frozenset({"github.io"})),
        on("https://rp.example/cb", proved_domains=frozenset()),
    ),
)
def host_is_proved(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if not _has_a_public_host(parsed, metadata, context) or domains.is_under(
        parsed.host, context.proved_domains
    ):
        return None
    return (
        "has a host outside the domains the organization has proved",
        "Prove the domain, or use one that is proved.",
    )


@redirect_rule(
    "U4.public_suffix",
    title="A host is never a public suffix",
    source="RFC 7591 §5",
    accepts=(
        "https://rp.example/cb",
        on("https://a.github.io/cb", proved_domains=frozenset({"a.github.io"})),
    ),
    refuses=(
        on("https://github.io/cb", proved_domains=frozenset({"github.io"})),
        on("https://co.uk/cb", proved_domains=frozenset({"co.uk"})),
        "https://intranet/cb",
    ),
)
def host_is_no_suffix(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if not _has_a_public_host(parsed, metadata, context) or not domains.is_public_suffix(parsed.host):
        return None
    return "has a public suffix as its host", "Use a host below a domain of your own."


@redirect_rule(
    "U4.allowed_host",
    title="A host is one of those the initial access token is bound to",
    source="RFC 7591 §1.2, §5",
    accepts=(
        on("https://rp.example/cb", allowed_hosts=frozenset({"RP.example"})),
        native("example.rp.app:/cb", allowed_hosts=frozenset({"app.rp.example"})),
        "https://rp.example/cb",
    ),
    refuses=(
        on("https://b.rp.example/cb", allowed_hosts=frozenset({"rp.example"})),
        on("https://rp.example/cb", allowed_hosts=frozenset()),
        native("http://127.0.0.1/cb", allowed_hosts=frozenset({"rp.example"})),
    ),
)
def host_is_allowed(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if context.allowed_hosts is None:
        return None
    host = domains.reversed_domain(parsed.scheme) if is_private_use(parsed) else parsed.host
    if uri.a_label(host) in {uri.a_label(allowed) for allowed in context.allowed_hosts}:
        return None
    return "has a host that the initial access token does not allow", "Ask for a token that allows this host."


def _has_a_public_host(parsed: Uri, metadata: ClientMetadata, context: Context) -> bool:
    """Whether U4 has a host to judge: not on the user's own device, where U2 decides."""
    is_local = is_loopback(parsed) or is_allowed_localhost(parsed, metadata, context)
    return parsed.scheme in WEB_SCHEMES and bool(parsed.host) and not is_local
