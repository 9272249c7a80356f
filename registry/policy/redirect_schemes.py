"""By which scheme a redirection URI is reached: rules U2 (https, loopback) and U3 (private-use)."""

from registry.client_metadata import ClientMetadata
from registry.policy import domains, uri
from registry.policy.context import Context
from registry.policy.redirect_rule import (
    Verdict,
    is_allowed_localhost,
    is_localhost,
    is_loopback,
    is_private_use,
    native,
    redirect_rule,
)
from registry.policy.uri import Uri

DENIED_SCHEMES = frozenset(
    {
        "about",
        "blob",
        "chrome",
        "data",
        "file",
        "filesystem",
        "intent",
        "javascript",
        "vbscript",
        "view-source",
    }
)


# U2: https, and where plain http may stand


@redirect_rule(
    "U2.plain_http",
    title="https, except http to a loopback literal for native applications",
    source="RFC 8252 §7.3, §8.3; RFC 9700 §2.6; OpenID Connect Registration §2",
    accepts=("https://rp.example/cb", native("http://127.0.0.1/cb"), native("http://[::1]:61023/cb")),
    refuses=(
        "http://rp.example/cb",
        "http://127.0.0.1/cb",
        native("http://rp.example/cb"),
        native("http://127.0.0.1.evil.example/cb"),
        native("http://127.0.0.2/cb"),
        native("http://[::ffff:127.0.0.1]/cb"),
    ),
)
def uses_https(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if parsed.scheme != "http" or is_localhost(parsed):
        return None
    if not is_loopback(parsed):
        return "uses plain http", "Use https."
    if metadata.application_type != "native":
        return "is a loopback URI of a web application", "Use https, or register a native application."
    return None


@redirect_rule(
    "U2.localhost",
    title="The name localhost only for native applications, and only where policy allows it",
    source="RFC 8252 §8.3; OpenID Connect Registration §2",
    accepts=("https://localhost.rp.example/cb", native("http://127.0.0.1/cb")),
    refuses=(
        "http://localhost/cb",
        "https://localhost/cb",
        native("http://localhost:8080/cb"),
        native("http://app.localhost/cb"),
    ),
)
def no_localhost(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if not is_localhost(parsed) or is_allowed_localhost(parsed, metadata, context):
        return None
    return (
        "uses the name localhost",
        "In a native application use http to 127.0.0.1 or [::1]; otherwise https.",
    )


# U3: private-use schemes


@redirect_rule(
    "U3.denied_scheme",
    title="Never a scheme that runs or shows content of the attacker",
    source="RFC 8252 §8.4; RFC 9700 §4.1; CVE-2026-9086",
    accepts=("https://rp.example/javascript:alert", native("com.example.app:/cb")),
    refuses=(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " java\nscript:alert(1)",
        native("data:text/html,a"),
        native("vbscript:a"),
        native("blob:https://rp.example/a"),
        native("file:///etc/passwd"),
        native("about:blank"),
    ),
)
def no_denied_scheme(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if uri.bare_scheme(parsed.text) in DENIED_SCHEMES:
        return "has a scheme that is never accepted", "Use https."
    return None


@redirect_rule(
    "U3.native_only",
    title="A private-use scheme only for native applications",
    source="RFC 8252 §7.1; OpenID Connect Registration §2",
    accepts=("https://rp.example/cb", native("example.rp.app:/cb")),
    refuses=("example.rp.app:/cb", "ftp://rp.example/cb"),
)
def private_use_is_native(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if is_private_use(parsed) and metadata.application_type != "native":
        return "has a scheme other than https", "Use https, or register a native application."
    return None


@redirect_rule(
    "U3.reverse_domain",
    title="A private-use scheme is a domain name in reverse order",
    source="RFC 8252 §7.1, §8.4",
    accepts=("https://rp.example/cb", native("example.rp.app:/cb")),
    refuses=(
        native("myapp:/cb"),
        native("mailto:a@rp.example"),
        native("example..rp:/cb"),
        native("a+b.rp:/cb"),
    ),
)
def private_use_is_a_domain(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if not is_private_use(parsed):
        return None
    if "." in parsed.scheme and uri.is_dns_name(domains.reversed_domain(parsed.scheme)):
        return None
    return (
        "has a scheme that is not a domain name in reverse",
        "Name the scheme after a domain, such as com.example.app.",
    )


@redirect_rule(
    "U3.proved_domain",
    title="A private-use scheme is named after a domain the organization has proved",
    source="RFC 8252 §7.1, §8.4",
    accepts=(native("example.rp:/cb"), native("example.rp.app:/cb"), native("https://rp.example/cb")),
    refuses=(native("com.example.app:/cb"), native("example.rpx:/cb"), native("rp.example:/cb")),
)
def private_use_is_proved(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if not is_private_use(parsed) or domains.is_under(
        domains.reversed_domain(parsed.scheme), context.proved_domains
    ):
        return None
    return (
        "has a scheme of a domain the organization has not proved",
        "Prove the domain, or use one that is proved.",
    )


@redirect_rule(
    "U3.single_slash",
    title="A private-use scheme is followed by one slash and a path, never by an authority",
    source="RFC 8252 §7.1; RFC 3986 §3.2",
    accepts=(native("example.rp.app:/cb"), native("example.rp.app:/"), native("https://rp.example/cb")),
    refuses=(native("example.rp.app://cb"), native("example.rp.app:cb"), native("example.rp.app:")),
)
def private_use_has_one_slash(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if not is_private_use(parsed) or (parsed.authority is None and parsed.path.startswith("/")):
        return None
    return "does not have one slash after its private-use scheme", "Write it as com.example.app:/path."
