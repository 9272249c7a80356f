"""Where a request came from: the one place that reads what proxies say about it.

A peer's word counts when the peer is one of TRUSTED_PROXIES; without that setting nobody's does. Afterwards
`REMOTE_ADDR` is the source and `wsgi.url_scheme` the scheme for everybody above (Django, allauth, our events and
limits), and no header of the kind is left that anything else could believe.

Does not tell `X_Forwarded_For` from `X-Forwarded-For`: to WSGI they are one name (PEP 3333), so that the proxy has to
drop names with underscores, as nginx does (docs/operate.md).
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, TypeAlias

from django.http import HttpRequest

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = Sequence[IPv4Network | IPv6Network]

_SAID = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


def settle(environ: dict[str, Any], proxies: Networks) -> None:
    """Put the source and the scheme into a WSGI environment, and take out what was said about them."""
    said = {name: str(environ.pop(name, "")) for name in _SAID}
    peer = _address(str(environ.get("REMOTE_ADDR", "")))
    if peer is None or not _is_among(peer, proxies):
        return
    environ["REMOTE_ADDR"] = str(_source(peer, said["HTTP_X_FORWARDED_FOR"], proxies))
    protocols = {word.strip().lower() for word in said["HTTP_X_FORWARDED_PROTO"].split(",")} - {""}
    if protocols:  # several words: who wrote which is not known, so that all have to be https
        environ["wsgi.url_scheme"] = "https" if protocols == {"https"} else "http"


def source(request: HttpRequest) -> str:
    """The network address that the request came from."""
    return str(request.META.get("REMOTE_ADDR", "")) or "unknown"


def _source(peer: Address, said: str, proxies: Networks) -> Address:
    """Each proxy adds, on the right, whom it heard from: the first on the way back that is no proxy of ours.

    Whatever stands further left was written by that one itself. What is no address ends the way too.
    """
    for hop in _from_the_right(said):
        if hop is None or not _is_among(peer, proxies):
            break
        peer = hop
    return peer


def _from_the_right(said: str) -> Iterator[Address | None]:
    while said:
        said, _, hop = said.rpartition(",")
        yield _address(hop.strip())


def _address(text: str) -> Address | None:
    """An address, with or without a port; IPv4 inside IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_among(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
