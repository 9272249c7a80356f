"""Domain names an organization has proved, and the names nobody can own."""

from collections.abc import Iterable
from functools import cache

from publicsuffixlist import PublicSuffixList

from registry.policy.uri import a_label


@cache
def _public_suffixes() -> PublicSuffixList:
    """The list that the library carries, private section included; nothing is fetched."""
    return PublicSuffixList(accept_unknown=True, only_icann=False)


def is_public_suffix(host: str) -> bool:
    """Whether strangers can register below `host`: `co.uk`, `github.io`, or any single label."""
    return _public_suffixes().privatesuffix(host) is None


def is_under(host: str, domains: Iterable[str]) -> bool:
    """Whether `host` is one of the domains or a true subdomain of one, compared as lower-case A-labels.

    A domain that is a public suffix proves nothing.
    """
    name = a_label(host)
    return name is not None and any(_covers(a_label(domain), name) for domain in domains)


def _covers(domain: str | None, name: str) -> bool:
    if not domain or is_public_suffix(domain):
        return False
    return name == domain or name.endswith(f".{domain}")


def reversed_domain(scheme: str) -> str:
    """`com.example.app` → `app.example.com` (RFC 8252 §7.1)."""
    return ".".join(reversed(scheme.split(".")))
