"""Who stands behind a network address."""

import pytest

from registry import networks
from registry.networks import network


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_is_the_64_of_ipv6_and_else_the_address(source: str, found: str) -> None:
    assert network(source) == found


PUBLIC = ["8.8.8.8", "1.1.1.1", "192.0.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1"]
PUBLIC += ["223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:200::1", "2003::1"]
NOT_PUBLIC = ["0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1"]
NOT_PUBLIC += ["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1"]
NOT_PUBLIC += ["192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"]
NOT_PUBLIC += ["239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::8.8.8.8", "::ffff:8.8.8.8"]
NOT_PUBLIC += ["::ffff:127.0.0.1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1"]
NOT_PUBLIC += ["2001:10::1", "2001:20::1", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::", "3fff::1"]
NOT_PUBLIC += ["4000::1", "5f00::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"]
NOT_PUBLIC += ["2606:4700::1111%1", "localhost", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", ""]


class TestPublicAddress:
    @pytest.mark.parametrize("address", PUBLIC)
    def test_is_one_that_anybody_may_have(self, address: str) -> None:
        assert networks.is_public(address)

    @pytest.mark.parametrize("address", NOT_PUBLIC)
    def test_is_none_of_a_special_range(self, address: str) -> None:
        assert not networks.is_public(address)
