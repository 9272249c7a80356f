"""TXT records as the zone's own name servers say them now; the only module that speaks DNS.

The servers of a zone are learnt from several resolvers, which have to agree, so that one that was poisoned or lies
proves nothing; the record is then asked of those servers themselves, so that no cache keeps an old answer alive.
"""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
from django.conf import settings

from registry import networks

SECONDS = 5.0

_QUERY_SECONDS = 1.0
_SERVERS = 4
_LABELS = 10
Server = tuple[str, int]


class NoAgreement(Exception):
    """Too few servers answered, or they do not say the same: it may be otherwise in a moment."""


class NoServers(Exception):
    """The domain has no name server that may be asked."""


def texts(name: str, domain: str) -> frozenset[str]:
    """The texts of the TXT records at `name`, at or under `domain`; none when there is no such name.

    Both in A-labels. Raises NoServers, and NoAgreement unless more than half of the servers answer, all alike.
    Takes SECONDS at most, and a little. Follows no CNAME.
    """
    end = time.monotonic() + SECONDS
    servers = _servers(domain, end)
    return _agreed([_texts(name, server, end) for server in servers], len(servers))


def _agreed(said: Sequence[frozenset[str] | None], asked: int) -> frozenset[str]:
    answers = [each for each in said if each is not None]
    if 2 * len(answers) <= asked:
        raise NoAgreement("too few of the domain's name servers answer")
    if len(set(answers)) > 1:
        raise NoAgreement("the domain's name servers do not say the same")
    return answers[0]


def _texts(name: str, server: Server, end: float) -> frozenset[str] | None:
    """None unless the server answers for the zone itself (RFC 1035 §4.1.1, AA)."""
    answer = _ask(name, dns.rdatatype.TXT, server, end, recursive=False)
    if answer is None or not answer.flags & dns.flags.AA:
        return None
    return frozenset(
        b"".join(record.strings).decode("ascii", "replace")
        for record in _records(answer, name, dns.rdatatype.TXT)
    )


# Whose servers


def _servers(domain: str, end: float) -> list[Server]:
    """At most four addresses of the zone's servers, each named by every resolver that answers."""
    resolvers = _resolvers()
    with ThreadPoolExecutor(max(1, len(resolvers))) as pool:
        said = list(pool.map(lambda resolver: _delegation(domain, resolver, end), resolvers))
    answers = [each for each in said if each is not None]
    if 2 * len(answers) <= len(resolvers):
        raise NoAgreement("too few resolvers answer")
    common = frozenset.intersection(*answers)
    if not common and any(answers):
        raise NoAgreement("resolvers do not agree on the domain's name servers")
    port = settings.REGISTRY.name_server_port
    callable_ = sorted((address, port) for address in common if _may_be_asked(address, port))
    if not callable_:
        raise NoServers
    return callable_[:_SERVERS]


def _resolvers() -> list[Server]:
    """Those of the deployment, else the system's own; none where it has none, and then nothing is proved."""
    named = settings.REGISTRY.dns_resolvers
    try:
        return list(named) or [(str(each), 53) for each in dns.resolver.Resolver().nameservers]
    except dns.resolver.NoResolverConfiguration:
        return []


def _may_be_asked(address: str, port: int) -> bool:
    allowed = {(peer.host, peer.port) for peer in settings.REGISTRY.egress_allow}
    return networks.is_public(address) or (address, port) in allowed


def _delegation(domain: str, resolver: Server, end: float) -> frozenset[str] | None:
    """Addresses of the servers of the closest zone at or above the domain; None when the resolver does not say."""
    for zone in _at_and_above(domain):
        answer = _ask(zone, dns.rdatatype.NS, resolver, end)
        if answer is None:
            return None
        names = sorted(record.target.to_text() for record in _records(answer, zone, dns.rdatatype.NS))
        if names:
            return _addresses(names[:_SERVERS], resolver, end)
    return frozenset()


def _addresses(names: Iterable[str], resolver: Server, end: float) -> frozenset[str] | None:
    found: set[str] = set()
    for name in names:
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            answer = _ask(name, kind, resolver, end)
            if answer is None:
                return None
            found |= {record.address for record in _records(answer, name, kind)}
    return frozenset(found)


def _at_and_above(domain: str) -> Iterable[str]:
    labels = domain.split(".")[-_LABELS:]
    return (".".join(labels[at:]) for at in range(len(labels)))


# One question


def _ask(
    name: str, kind: dns.rdatatype.RdataType, server: Server, end: float, *, recursive: bool = True
) -> dns.message.Message | None:
    """The answer, over TCP where it does not fit; None when there is none, or none that counts.

    Asked twice: a datagram may get lost.
    """
    try:
        question = dns.message.make_query(name, kind)
    except dns.exception.DNSException:  # the name is too long with what stands before the domain
        return None
    if not recursive:
        question.flags &= ~dns.flags.RD
    return _sent(question, server, end) or _sent(question, server, end)


def _sent(question: dns.message.Message, server: Server, end: float) -> dns.message.Message | None:
    timeout = min(_QUERY_SECONDS, end - time.monotonic())
    if timeout <= 0:
        return None
    address, port = server
    try:
        answer, _ = dns.query.udp_with_fallback(
            question, address, timeout, port, ignore_unexpected=True, ignore_errors=True
        )
    except (dns.exception.DNSException, OSError, EOFError):
        return None
    return answer if answer.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN} else None


def _records(answer: dns.message.Message, name: str, kind: dns.rdatatype.RdataType) -> Iterable[Any]:
    found = answer.get_rrset(answer.answer, dns.name.from_text(name), dns.rdataclass.IN, kind)
    return found or ()
