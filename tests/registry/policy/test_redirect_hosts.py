"""Rule U4: whose host a redirection URI names."""

from typing import Any

import pytest

from tests.registry.policy.judging import of_uri


class TestU4ProvedDomain:
    @pytest.mark.parametrize("host", ["rp.example", "a.rp.example", "a.b.rp.example", "RP.EXAMPLE"])
    def test_accepts_the_domain_and_below(self, host: str) -> None:
        assert not of_uri("U4.proved_domain", f"https://{host}/cb")

    @pytest.mark.parametrize(
        "host", ["other.example", "evilrp.example", "rp.example.evil", "xn--rp-.example", "10.0.0.1", "[::1]"]
    )
    def test_refuses_every_other(self, host: str) -> None:
        assert of_uri("U4.proved_domain", f"https://{host}/cb")

    @pytest.mark.parametrize(
        "domain", ["b\u00fccher.example", "xn--bcher-kva.example", "B\u00dcCHER.EXAMPLE"]
    )
    def test_compares_a_labels(self, domain: str) -> None:
        facts: dict[str, Any] = {"proved_domains": frozenset({domain})}
        assert not of_uri("U4.proved_domain", "https://xn--bcher-kva.example/cb", **facts)
        assert of_uri("U4.proved_domain", "https://bucher.example/cb", **facts)

    @pytest.mark.parametrize("suffix", ["github.io", "co.uk", "example", "com"])
    def test_a_public_suffix_proves_nothing(self, suffix: str) -> None:
        assert of_uri("U4.proved_domain", f"https://a.{suffix}/cb", proved_domains=frozenset({suffix}))

    def test_a_name_below_a_public_suffix_proves_itself(self) -> None:
        facts: dict[str, Any] = {"proved_domains": frozenset({"a.github.io"})}
        assert not of_uri("U4.proved_domain", "https://a.github.io/cb", **facts)
        assert of_uri("U4.proved_domain", "https://b.github.io/cb", **facts)

    def test_nothing_proved_admits_nothing(self) -> None:
        assert of_uri("U4.proved_domain", "https://rp.example/cb", proved_domains=frozenset())

    @pytest.mark.parametrize("text", ["http://127.0.0.1/cb", "http://[::1]/cb", "example.other:/cb"])
    def test_leaves_what_has_no_public_host(self, text: str) -> None:
        assert not of_uri("U4.proved_domain", text, "native")

    def test_does_not_leave_https_to_a_loopback_literal(self) -> None:
        assert of_uri("U4.proved_domain", "https://127.0.0.1/cb", "native")


class TestU4PublicSuffix:
    @pytest.mark.parametrize("host", ["github.io", "co.uk", "com", "example", "intranet"])
    def test_refuses(self, host: str) -> None:
        assert of_uri("U4.public_suffix", f"https://{host}/cb", proved_domains=frozenset({host}))

    @pytest.mark.parametrize("host", ["a.github.io", "a.co.uk", "rp.example"])
    def test_accepts(self, host: str) -> None:
        assert not of_uri("U4.public_suffix", f"https://{host}/cb")


class TestU4AllowedHost:
    HOSTS = frozenset({"rp.example", "b\u00fccher.example"})

    @pytest.mark.parametrize("host", ["rp.example", "RP.example", "xn--bcher-kva.example"])
    def test_accepts_those_the_token_names(self, host: str) -> None:
        assert not of_uri("U4.allowed_host", f"https://{host}/cb", allowed_hosts=self.HOSTS)

    @pytest.mark.parametrize(
        "text", ["https://a.rp.example/cb", "https://other.example/cb", "http://127.0.0.1/cb"]
    )
    def test_refuses_every_other(self, text: str) -> None:
        assert of_uri("U4.allowed_host", text, "native", allowed_hosts=self.HOSTS)

    def test_reads_a_private_use_scheme_as_a_host(self) -> None:
        facts: dict[str, Any] = {"allowed_hosts": frozenset({"app.rp.example"})}
        assert not of_uri("U4.allowed_host", "example.rp.app:/cb", "native", **facts)
        assert of_uri("U4.allowed_host", "example.rp.other:/cb", "native", **facts)

    def test_an_unbound_token_allows_all(self) -> None:
        assert not of_uri("U4.allowed_host", "https://other.example/cb", allowed_hosts=None)

    def test_an_empty_list_allows_none(self) -> None:
        assert of_uri("U4.allowed_host", "https://rp.example/cb", allowed_hosts=frozenset())
