"""Domains an organization has proved, and the names nobody can own."""

import pytest

from registry.policy import domains


class TestIsPublicSuffix:
    @pytest.mark.parametrize(
        "host", ["com", "co.uk", "github.io", "s3.amazonaws.com", "localhost", "example", "a.ck"]
    )
    def test_knows_them(self, host: str) -> None:
        assert domains.is_public_suffix(host)

    @pytest.mark.parametrize("host", ["example.com", "a.co.uk", "me.github.io", "partner.example", "www.ck"])
    def test_knows_what_is_none(self, host: str) -> None:
        assert not domains.is_public_suffix(host)


class TestIsUnder:
    @pytest.mark.parametrize("host", ["rp.example", "a.rp.example", "A.RP.EXAMPLE"])
    def test_accepts(self, host: str) -> None:
        assert domains.is_under(host, ["other.example", "rp.example"])

    @pytest.mark.parametrize("host", ["xrp.example", "rp.example.com", "example", "", "\u2603" * 100])
    def test_refuses(self, host: str) -> None:
        assert not domains.is_under(host, ["rp.example", "", "example"])


class TestReversedDomain:
    def test_reverses(self) -> None:
        assert domains.reversed_domain("com.example.app") == "app.example.com"
