"""How a redirection URI is written: rule U1.

Redirection URIs are compared by simple string (RFC 9700 §2.1), so every spelling that another parser could
read as a different place is refused when it is registered.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from registry.client_metadata import ClientMetadata
from registry.errors import InvalidRedirectUri
from registry.policy import uri
from registry.policy.context import Context
from registry.policy.redirect_rule import (
    DEFAULT_PORTS,
    WEB_SCHEMES,
    Verdict,
    is_loopback,
    native,
    on,
    redirect_rule,
)
from registry.policy.rule import Objection, rule
from registry.policy.uri import Problem, Uri

# U1: the list


@rule(
    "U1.count",
    title="At most 20 redirection URIs",
    source="CWE-770",
    error=InvalidRedirectUri,
    accepts=(on(*(f"https://rp.example/{n}" for n in range(20))),),
    refuses=(on(*(f"https://rp.example/{n}" for n in range(21))),),
)
def few(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    limit = context.parameters.maximum_redirect_uris
    if len(metadata.redirect_uris) > limit:
        yield Objection(
            "redirect_uris", f"has more than {limit} values", f"Register at most {limit} redirection URIs."
        )


@rule(
    "U1.repeated",
    title="No redirection URI twice",
    source="RFC 3986 §6.2.1",
    error=InvalidRedirectUri,
    accepts=(on("https://rp.example/a", "https://rp.example/A"),),
    refuses=(on("https://rp.example/a", "https://rp.example/b", "https://rp.example/a"),),
)
def different(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if len(set(metadata.redirect_uris)) < len(metadata.redirect_uris):
        yield Objection("redirect_uris", "has the same value twice", "Send each redirection URI once.")


@rule(
    "U1.length",
    title="A redirection URI has at most 2048 characters",
    source="CWE-770",
    error=InvalidRedirectUri,
    accepts=(on("https://rp.example/".ljust(2048, "a")),),
    refuses=(on("https://rp.example/".ljust(2049, "a")),),
)
def short(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    limit = context.parameters.maximum_uri_characters
    for index, text in enumerate(metadata.redirect_uris[: context.parameters.maximum_redirect_uris]):
        if len(text) > limit:
            yield Objection(
                f"redirect_uris[{index}]", f"is longer than {limit} characters", "Register a shorter URI."
            )


# U1: one URI


@redirect_rule(
    "U1.absolute",
    title="A redirection URI is absolute",
    source="RFC 6749 §3.1.2, RFC 3986 §4.3",
    accepts=("https://rp.example", "https://rp.example/cb", native("com.example.app:/cb")),
    refuses=(
        "",
        "/cb",
        "//rp.example/cb",
        "rp.example/cb",
        "https:/cb",
        "https:///cb",
        "1https://rp.example/cb",
    ),
)
def absolute(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if Problem.SCHEME in parsed.problems or (parsed.scheme in WEB_SCHEMES and not parsed.host):
        return "is not an absolute URI", "Send scheme, host and path in full."
    return None


@redirect_rule(
    "U1.fragment",
    title="A redirection URI carries no fragment, not even an empty one",
    source="RFC 6749 §3.1.2",
    accepts=("https://rp.example/cb", "https://rp.example/cb?a=%23"),
    refuses=("https://rp.example/cb#", "https://rp.example/cb#x", native("com.example.app:/cb#x")),
)
def no_fragment(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    return (
        None if parsed.fragment is None else ("has a fragment", "Remove everything from the number sign on.")
    )


@redirect_rule(
    "U1.userinfo",
    title="A redirection URI carries no userinfo, plain or encoded",
    source="RFC 3986 §3.2.1, §7.6; RFC 9700 §4.1",
    accepts=("https://rp.example/@user", "https://rp.example/cb?mail=a@b"),
    refuses=(
        "https://user:pass@rp.example/cb",
        "https://@rp.example/cb",
        "https://evil.example@rp.example@other.example/cb",
        "https://rp.example%40evil.example/cb",
    ),
)
def no_userinfo(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    authority = parsed.authority or ""
    if "@" in authority or "%40" in authority:
        return "has userinfo before its host", "Remove the part up to and including the at sign."
    return None


@redirect_rule(
    "U1.wildcard",
    title="A redirection URI is one place, never a pattern",
    source="RFC 9700 §4.1.3",
    accepts=("https://rp.example/cb",),
    refuses=("https://*.rp.example/cb", "https://rp.example/*", "https://rp.example/cb?*"),
)
def no_wildcard(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if "*" in parsed.text:
        return "contains an asterisk", "Register each redirection URI in full; patterns are not matched."
    return None


@redirect_rule(
    "U1.backslash",
    title="A redirection URI has no backslash, which browsers read as a slash",
    source="RFC 3986 §2, Appendix A",
    accepts=("https://rp.example/cb",),
    refuses=("https://rp.example\\@evil.example/cb", "https:\\\\rp.example/cb", "https://rp.example/a\\b"),
)
def no_backslash(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    return _named(parsed, Problem.BACKSLASH, "Use slashes.")


@redirect_rule(
    "U1.blank",
    title="A redirection URI has no space and no control character",
    source="RFC 3986 §2, Appendix A, Appendix C",
    accepts=("https://rp.example/a%20b",),
    refuses=(
        " https://rp.example/cb",
        "https://rp.example/cb\n",
        "https://rp.example/a b",
        "java\tscript:alert(1)",
    ),
)
def no_blank(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    return _named(parsed, Problem.BLANK, "Remove it, or percent-encode the space.")


@redirect_rule(
    "U1.ascii",
    title="A redirection URI is ASCII, its host in A-labels",
    source="RFC 3986 §2; RFC 5890 §2.3.2.1",
    accepts=("https://xn--bcher-kva.rp.example/cb", "https://rp.example/b%C3%BCcher"),
    refuses=(
        "https://b\u00fccher.rp.example/cb",
        "https://rp.example/b\u00fccher",
        "https://rp\u3002example/cb",
    ),
)
def is_ascii(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if Problem.NON_ASCII not in parsed.problems:
        return None
    name = None if parsed.host.isascii() else uri.a_label(parsed.host)
    fix = (
        f"Write the host as {name}."
        if name and uri.is_dns_name(name)
        else "Percent-encode it, or use A-labels."
    )
    return Problem.NON_ASCII.value, fix


def _named(parsed: Uri, problem: Problem, fix: str) -> Verdict:
    return (problem.value, fix) if problem in parsed.problems else None


@redirect_rule(
    "U1.syntax",
    title="A redirection URI follows the grammar",
    source="RFC 3986 Appendix A",
    accepts=("https://rp.example/a;b=c,d(e)?f=/g:h@i&j=%20", native("http://[::1]:8400/cb")),
    refuses=(
        "https://rp.example/%zz",
        "https://rp.example/<script>",
        "https://rp.example:port/cb",
        "https://[::1/cb",
        "https://rp.example/cb?{a}",
    ),
)
def follows_the_grammar(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    ours = (Problem.AUTHORITY, Problem.PORT, Problem.PATH, Problem.QUERY)
    found = next((problem for problem in ours if problem in parsed.problems), None)
    return (found.value, "Send a URI that follows RFC 3986.") if found else None


@redirect_rule(
    "U1.host",
    title="A host is a DNS name in A-labels or a loopback literal",
    source="RFC 3986 §3.2.2; RFC 1123 §2.1; RFC 5890 §2.3.2.1",
    accepts=("https://a-b.rp.example/cb", native("http://127.0.0.1/cb")),
    refuses=(
        "https://rp.example./cb",
        "https://a_b.rp.example/cb",
        "https://-a.rp.example/cb",
        "https://2130706433/cb",
        "https://127.1/cb",
        "https://rp%2eexample/cb",
        "https://xn--a.rp.example/cb",
    ),
)
def has_a_plain_host(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    if parsed.scheme not in WEB_SCHEMES or not parsed.host.isascii() or is_loopback(parsed):
        return None
    if parsed.host and not uri.is_dns_name(parsed.host):
        return (
            "has a host that is not a plain DNS name",
            "Use letters, digits and hyphens, without a trailing dot.",
        )
    return None


@redirect_rule(
    "U1.port",
    title="A port is spelled once: no default, no empty, no padded port",
    source="RFC 3986 §3.2.3, §6.2.3",
    accepts=("https://rp.example:8443/cb", native("http://127.0.0.1:51004/cb")),
    refuses=(
        "https://rp.example:443/cb",
        "https://rp.example:/cb",
        "https://rp.example:08443/cb",
        "https://rp.example:0/cb",
        "https://rp.example:65536/cb",
        native("http://127.0.0.1:80/cb"),
    ),
)
def has_a_plain_port(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    port = parsed.port
    if parsed.scheme not in WEB_SCHEMES or port is None or not uri.is_number(port):
        return None
    if port == DEFAULT_PORTS[parsed.scheme]:
        return "spells out the default port", "Leave the port out."
    if not port or port.startswith("0") or len(port) > 5 or int(port) > 65_535:
        return "has a port that is empty, padded or out of range", "Use 1 to 65535 without leading zeros."
    return None


@redirect_rule(
    "U1.dot_segments",
    title="A path has no dot segments, plain or encoded",
    source="RFC 3986 §3.3, §5.2.4, §6.2.2.3",
    accepts=("https://rp.example/.well-known/cb", "https://rp.example/a..b/c."),
    refuses=(
        "https://rp.example/a/../cb",
        "https://rp.example/./cb",
        "https://rp.example/%2E%2e/cb",
        "https://rp.example/..",
    ),
)
def no_dot_segments(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    plain = (segment.lower().replace("%2e", ".") for segment in parsed.segments)
    if any(segment in (".", "..") for segment in plain):
        return "has a dot segment in its path", "Write the path as it is after removing dot segments."
    return None


@redirect_rule(
    "U1.encoded_slash",
    title="A path hides no slash or backslash behind percent-encoding",
    source="RFC 3986 §2.2, §6.2.2.2",
    accepts=("https://rp.example/cb?next=%2Fhome",),
    refuses=("https://rp.example/a%2Fb", "https://rp.example/a%5cb"),
)
def no_encoded_slash(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    path = parsed.path.lower()
    if "%2f" in path or "%5c" in path:
        return "has an encoded slash or backslash in its path", "Use plain path segments."
    return None


@redirect_rule(
    "U1.encoded_control",
    title="A redirection URI hides no control character behind percent-encoding",
    source="RFC 3986 §7.3; CWE-93",
    accepts=("https://rp.example/a%20b",),
    refuses=(
        "https://rp.example/%00",
        "https://rp.example/cb%0d%0aSet-Cookie:a",
        "https://rp.example/cb?a=%7f",
    ),
)
def no_encoded_control(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    return ("contains an encoded control character", "Remove it.") if parsed.has_encoded_control else None


# What the authorization server itself adds to the query (RFC 6749 §4.1.2, §4.1.2.1, RFC 9207 §2, OpenID Connect
# Session Management §3), and what other response types of OAuth and OpenID Connect would.
RESPONSE_PARAMETERS = frozenset(
    {"code", "state", "iss", "error", "error_description", "error_uri", "session_state", "response"}
    | {"access_token", "id_token", "token_type", "expires_in", "scope"}
)


@redirect_rule(
    "U1.response_parameter",
    title="The query of a redirection URI holds no parameter of the authorization response",
    source="RFC 6749 §3.1.2, §4.1.2; RFC 9207 §2",
    accepts=(
        "https://rp.example/cb?tenant=a",
        "https://rp.example/cb?my_state=1&Code=2",
        "https://rp.example/cb?",
    ),
    refuses=(
        "https://rp.example/cb?code=1",
        "https://rp.example/cb?tenant=a&state",
        "https://rp.example/cb?a=1;iss=https://evil.example",
        "https://rp.example/cb?%65rror=access_denied",
        native("com.example.app:/cb?code="),
    ),
)
def leaves_the_response_alone(parsed: Uri, metadata: ClientMetadata, context: Context) -> Verdict:
    """The response is added to the query that is there (§3.1.2): a name in both would be read as either."""
    pairs = re.split("[&;]", parsed.query or "")
    names = {unquote_plus(pair.partition("=")[0]) for pair in pairs}
    if names & RESPONSE_PARAMETERS:
        return "has a parameter in its query that the response adds", "Give that parameter another name."
    return None
