"""TXT records from the zone's own servers, which several resolvers have to name alike."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import dns.rcode
import dns.resolver
import pytest
from django.conf import settings

from registry import name_servers
from registry.name_servers import NoAgreement, NoServers
from tests import name_servers as servers
from tests.name_servers import Zone

NAME, DOMAIN = "_concordat.rp.example", "rp.example"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_servers, "_QUERY_SECONDS", 0.1)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[Zone]:
    """One server that is the only resolver and the server of rp.example."""
    with servers.serving(Zone()) as made:
        made.hold(DOMAIN)
        servers.use(monkeypatch, made, authority=made)
        yield made


def ask() -> frozenset[str]:
    return name_servers.texts(NAME, DOMAIN)


class TestTexts:
    def test_are_those_of_the_name(self, zone: Zone) -> None:
        zone.publish(NAME, "one", "two")
        zone.publish(DOMAIN, "v=spf1 -all")
        assert ask() == {"one", "two"}

    def test_are_put_together_from_their_strings(self, zone: Zone) -> None:
        zone.publish(NAME, "x" * 450)
        assert ask() == {"x" * 450}

    def test_of_no_such_name_are_none(self, zone: Zone) -> None:
        assert ask() == frozenset()

    def test_are_asked_of_the_closest_zone(self, zone: Zone) -> None:
        zone.publish("_concordat.a.b.rp.example", "deep")
        assert name_servers.texts("_concordat.a.b.rp.example", "a.b.rp.example") == {"deep"}

    def test_come_over_tcp_where_they_do_not_fit(self, zone: Zone) -> None:
        zone.publish(NAME, "one")
        zone.truncated = True
        assert ask() == {"one"}
        assert f"TXT {NAME} over TCP" in zone.asked

    def test_of_an_alias_are_not_followed(self, zone: Zone) -> None:
        zone.records[(NAME, "CNAME")] = ["other.example."]
        zone.publish("other.example", "one")
        assert ask() == frozenset()


class TestSilence:
    def test_of_the_server_proves_nothing(self, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
        with servers.serving(Zone(silent=True)) as authority:
            servers.use(monkeypatch, zone, authority=authority)
            with pytest.raises(NoAgreement):
                ask()
        assert authority.asked == [f"TXT {NAME}"] * 2

    def test_of_the_resolver_proves_nothing(self, zone: Zone) -> None:
        zone.silent = True
        with pytest.raises(NoAgreement):
            ask()

    def test_of_all_ends_in_time(self, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(name_servers, "SECONDS", 0.0)
        with pytest.raises(NoAgreement):
            ask()
        assert zone.asked == []

    @pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
    def test_in_other_words_proves_nothing(self, zone: Zone, rcode: dns.rcode.Rcode) -> None:
        zone.rcode = rcode
        with pytest.raises(NoAgreement):
            ask()

    def test_of_a_server_that_has_no_such_zone_proves_nothing(
        self, zone: Zone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with servers.serving(Zone(lame=True)) as authority:
            authority.publish(NAME, "one")
            servers.use(monkeypatch, zone, authority=authority)
            with pytest.raises(NoAgreement):
                ask()


@contextlib.contextmanager
def resolvers(*named: str | None) -> Iterator[list[Zone]]:
    """Resolvers that name this server (an address) for rp.example; None for one that is silent."""
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(servers.serving(Zone(silent=address is None))) for address in named]
        for zone, address in zip(made, named, strict=True):
            zone.hold(DOMAIN, f"ns1.dns.example={address}")
        yield made


class TestResolvers:
    @pytest.mark.parametrize(
        ("named", "is_believed"),
        [
            (["127.0.0.1", "127.0.0.1", "127.0.0.1"], True),
            (["127.0.0.1", "127.0.0.1", None], True),
            (["127.0.0.1", None, None], False),
            (["127.0.0.1", None], False),
            (["127.0.0.1", "8.8.8.8", "127.0.0.1"], False),
            (["127.0.0.1", "8.8.8.8"], False),
        ],
    )
    def test_have_to_agree(
        self, zone: Zone, monkeypatch: pytest.MonkeyPatch, named: list[str | None], is_believed: bool
    ) -> None:
        zone.publish(NAME, "one")
        with resolvers(*named) as several:
            servers.use(monkeypatch, *several, authority=zone)
            if is_believed:
                assert ask() == {"one"}
            else:
                with pytest.raises(NoAgreement):
                    ask()


class TestServers:
    @pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.2", "169.254.169.254"])
    def test_at_an_inner_address_are_not_asked(self, zone: Zone, address: str) -> None:
        zone.hold(DOMAIN, f"ns1.dns.example={address}")
        with pytest.raises(NoServers):
            ask()

    def test_are_none_where_no_zone_is(self, zone: Zone) -> None:
        with pytest.raises(NoServers):
            name_servers.texts("_concordat.nobody.test", "nobody.test")

    def test_that_say_different_things_prove_nothing(self) -> None:
        with pytest.raises(NoAgreement):
            name_servers._agreed([frozenset({"one"}), frozenset()], 2)

    def test_of_the_system_are_the_resolvers_unless_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings, "REGISTRY", replace(settings.REGISTRY, dns_resolvers=()))
        assert all(port == 53 for _, port in name_servers._resolvers())

    def test_are_none_where_the_system_has_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def nowhere() -> None:
            raise dns.resolver.NoResolverConfiguration

        monkeypatch.setattr(dns.resolver, "Resolver", nowhere)
        with pytest.raises(NoAgreement, match="too few resolvers"):
            ask()

    def test_are_not_asked_for_a_name_that_is_too_long(self, zone: Zone) -> None:
        domain = ".".join(["a" * 60] * 4) + ".example"
        zone.hold(domain)
        with pytest.raises(NoAgreement):
            name_servers.texts(f"_concordat.{domain}", domain)
