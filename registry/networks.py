"""Who a network address stands for: when refusals of outsiders are counted, and before we connect to it."""

from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

_HOST_BITS = 64


def network(source: str) -> str:
    """The /64 of an IPv6 address, anything else as it is; IPv4 inside IPv6 is IPv4.

    Whoever holds one IPv6 address commonly holds its whole /64 (RFC 6177 §2), and so comes from a new one each time.
    """
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else f"{IPv6Address(int(address) >> _HOST_BITS << _HOST_BITS)}/{_HOST_BITS}"


# What the registries of special addresses (RFC 6890) take out of the space that is routed to everybody.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, and what clouds tell their machines
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address of anybody's choice
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def is_public(address: str) -> bool:
    """Whether anybody on the Internet may have this address. What is no address is not.

    Of IPv6 only 2000::/3 is (RFC 4291 §2.4): so never an IPv4 address in disguise (mapped, NAT64), a link's or a site's
    own, or one with a zone.
    """
    try:
        one = ip_address(address)
    except ValueError:
        return False
    if isinstance(one, IPv6Address) and (one.scope_id is not None or one not in _GLOBAL_UNICAST):
        return False
    return not any(one in network for network in _NOT_PUBLIC)
