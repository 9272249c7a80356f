"""What people will be shown of a client: rule D1, links and texts."""

import re
import unicodedata
from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.policy import domains, uri
from registry.policy.context import Context
from registry.policy.redirect_schemes import DENIED_SCHEMES
from registry.policy.rule import Example, Objection, Proposal, example, replacement, rule
from registry.policy.uri import Uri

LINKS = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
# Bidirectional controls and marks, zero-width characters that no script needs, annotations, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_UNSHOWABLE = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def _linking(*links: str) -> tuple[Example, ...]:
    return tuple(example(client_uri=link) for link in links)


def _links(metadata: ClientMetadata, context: Context) -> Iterator[tuple[str, Uri]]:
    """Every link, localized ones included. Links beyond the limit are left to D1.length."""
    for member, text in _members(metadata, LINKS):
        if len(text) <= context.parameters.maximum_uri_characters:
            yield member, uri.parse(text)


def _members(metadata: ClientMetadata, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        text = getattr(metadata, name)
        if isinstance(text, str):
            yield name, text
    for member, text in metadata.localized:
        if member.partition("#")[0] in names:
            yield member, text


@rule(
    "D1.length",
    title="A link has at most 2048 characters",
    source="CWE-770",
    accepts=_linking("https://rp.example/".ljust(2048, "a")),
    refuses=_linking("https://rp.example/".ljust(2049, "a")),
)
def links_are_short(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    limit = context.parameters.maximum_uri_characters
    for member, text in _members(metadata, LINKS):
        if len(text) > limit:
            yield Objection(member, f"is longer than {limit} characters", "Send a shorter URL.")


@rule(
    "D1.https",
    title="A link is an https URL",
    source="RFC 7591 §2, §5; RFC 3986 Appendix A; CVE-2026-9086",
    accepts=_linking("https://rp.example", "https://www.other.example/about#us"),
    refuses=_linking(
        "http://rp.example/",
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,a",
        "/about",
        "https:///about",
        "https://rp.example/a b",
        "https://rp.example/<script>",
        "https://b\u00fccher.example/",
    ),
)
def links_are_https(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, parsed in _links(metadata, context):
        is_denied = uri.bare_scheme(parsed.text) in DENIED_SCHEMES
        if is_denied or parsed.scheme != "https" or not parsed.host or parsed.problems:
            yield Objection(
                member, "is not an https URL", "Send an absolute https URL that follows RFC 3986."
            )


@rule(
    "D1.userinfo",
    title="A link carries no userinfo",
    source="RFC 3986 §7.6",
    accepts=_linking("https://rp.example/@us"),
    refuses=_linking("https://bank.example@rp.example/", "https://rp.example%40other.example/"),
)
def links_have_no_userinfo(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, parsed in _links(metadata, context):
        authority = parsed.authority or ""
        if "@" in authority or "%40" in authority:
            yield Objection(member, "has userinfo before its host", "Remove the part up to the at sign.")


@rule(
    "D1.host",
    title="A link names a public DNS name",
    source="RFC 7591 §5; RFC 1123 §2.1",
    accepts=_linking("https://rp.example/", "https://www.other.example:8443/"),
    refuses=_linking(
        "https://localhost/", "https://10.0.0.1/", "https://[::1]/", "https://co.uk/", "https://a_b.example/"
    ),
)
def links_have_a_public_host(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, parsed in _links(metadata, context):
        if parsed.host and (not uri.is_dns_name(parsed.host) or domains.is_public_suffix(parsed.host)):
            yield Objection(
                member, "has a host that is not a public DNS name", "Use a host below a domain of your own."
            )


@rule(
    "D1.domain",
    title="A link is under a domain that the organization has proved",
    source="RFC 7591 §5; product",
    accepts=_linking("https://rp.example/", "https://www.rp.example/about#us"),
    refuses=(
        *_linking("https://other.example/", "https://evilrp.example/", "https://rp.example.evil.example/"),
        example(logo_uri="https://other.example/logo.png"),
        example(policy_uri="https://other.example/privacy"),
        example(tos_uri="https://other.example/terms"),
        Example({"client_uri#de": "https://other.example/"}),
        example({"proved_domains": frozenset()}, client_uri="https://rp.example/"),
    ),
)
def links_are_proved(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, parsed in _links(metadata, context):
        if parsed.host and not domains.is_under(parsed.host, context.proved_domains):
            fix = "Prove the domain, or link to one that is proved."
            yield Objection(member, "has a host outside the domains the organization has proved", fix)


@replacement(
    "D1.normal_form",
    title="A name is kept in Unicode normalization form C",
    source="RFC 7591 §2.2; UAX #15",
    accepts=(example(client_name="Caf\u00e9"),),
    replaces=(example(client_name="Cafe\u0301"), Example({"client_name#fr": "Cafe\u0301"})),
)
def names_are_normal(metadata: ClientMetadata, context: Context) -> Iterator[Proposal]:
    for member, text in _members(metadata, ("client_name",)):
        if not unicodedata.is_normalized("NFC", text):
            yield Proposal(
                member, unicodedata.normalize("NFC", text), "names are kept in normalization form C"
            )


@rule(
    "D1.text",
    title="A name shows what it is: no control, bidirectional or invisible character, no blank ends",
    source="RFC 7591 §5; UTR #36 §2.10",
    accepts=(
        example(client_name="Acme Payments"),
        example(client_name="\u0622\u06a9\u0645\u0647\u200c\u0647\u0627"),
        Example({"client_name#ja-Jpan-JP": "\u30af\u30e9\u30a4\u30a2\u30f3\u30c8\u540d"}),
    ),
    refuses=(
        example(client_name="Acme\u202ePayments"),
        example(client_name="Acme\nPayments"),
        example(client_name="Ac\u200bme"),
        example(client_name=" Acme"),
        example(client_name="   "),
        example(client_name="Acme\ue000"),
        Example({"client_name#de": "Acme\u2066"}),
    ),
)
def names_are_plain(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, text in _members(metadata, ("client_name",)):
        if text != text.strip() or _INVISIBLE.search(text) or _has_unshowable(text):
            fix = "Send the visible characters of the name alone."
            yield Objection(member, "has invisible, control or surrounding blank characters", fix)


@rule(
    "D1.contacts",
    title="A contact is printable",
    source="RFC 7591 §2, §6",
    accepts=(example(contacts=["ops@rp.example", "tel:+15550100"]),),
    refuses=(example(contacts=["ops@rp.example\r\nBcc: a@b.example"]), example(contacts=["a\u202eb"])),
)
def contacts_are_printable(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for index, text in enumerate(metadata.contacts):
        if text != text.strip() or _INVISIBLE.search(text) or _has_unshowable(text):
            fix = "Send an e-mail address or a URI."
            yield Objection(f"contacts[{index}]", "has invisible or control characters", fix)


@rule(
    "D1.software",
    title="software_id and software_version are printable",
    source="RFC 7591 §2",
    accepts=(example(software_id="4NRB1-0XZABZI9E6-5SM3R", software_version="2.1"),),
    refuses=(
        example(software_id="a\u0007b"),
        example(software_version=" 2.1"),
        example(software_id="a\u200bb"),
    ),
)
def software_names_are_printable(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    for member, text in _members(metadata, ("software_id", "software_version")):
        if text != text.strip() or _INVISIBLE.search(text) or _has_unshowable(text):
            yield Objection(member, "has invisible, control or surrounding blank characters", "Remove them.")


def _has_unshowable(text: str) -> bool:
    return any(unicodedata.category(character) in _UNSHOWABLE for character in text)
