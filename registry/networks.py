"""Who a network address stands for when refusals of outsiders are counted."""

from ipaddress import IPv6Address, ip_address

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
