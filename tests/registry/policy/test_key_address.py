"""Rule K3: where keys by reference may be."""

import pytest

from registry.client_metadata import ClientMetadata, parse
from registry.policy import engine
from registry.policy.key_examples import EC_KEY
from registry.policy.rule import EXAMPLE_CONTEXT
from tests.registry.policy.judging import objects, says


class TestK3Address:
    @pytest.mark.parametrize(
        "uri",
        ["https://rp.example/jwks", "https://RP.example:8443/a?b=c", "https://xn--bcher-kva.example/jwks"],
    )
    def test_accepts_https_of_a_name(self, uri: str) -> None:
        assert not objects("K3.address", {"jwks_uri": uri})

    @pytest.mark.parametrize(
        "uri",
        [
            "x",
            "//rp.example/",
            "HTTP://rp.example/",
            "https:///jwks",
            "https://@rp.example/",
            "https://a@b@rp.example/",
            "https://rp.example/#",
            "https://rp.example\\@evil.example/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://b\u00fccher.example/",
            "https://rp.example/\n",
            "javascript:alert(1)",
        ],
    )
    def test_refuses_everything_else(self, uri: str) -> None:
        (finding,) = says("K3.address", {"jwks_uri": uri})
        assert finding.member == "jwks_uri"

    @pytest.mark.parametrize(("length", "refused"), [(2048, False), (2049, True)])
    def test_has_a_length(self, length: int, refused: bool) -> None:
        assert objects("K3.address", {"jwks_uri": "https://rp.example/".ljust(length, "a")}) is refused


class TestK3Domain:
    @pytest.mark.parametrize("uri", ["https://rp.example/jwks", "https://keys.a.rp.example/jwks"])
    def test_accepts_hosts_at_and_under_a_proved_domain(self, uri: str) -> None:
        assert not objects("K3.domain", {"jwks_uri": uri})

    @pytest.mark.parametrize(
        "uri",
        [
            "https://rp.example.evil.example/",
            "https://evilrp.example/",
            "https://localhost/",
            "https://example/",
        ],
    )
    def test_refuses_others(self, uri: str) -> None:
        assert objects("K3.domain", {"jwks_uri": uri})


class TestK3Fetched:
    ASKED = {"jwks_uri": "https://rp.example/jwks", "token_endpoint_auth_method": "private_key_jwt"}

    def with_keys(self, *keys: object) -> ClientMetadata:
        from dataclasses import replace

        fetched = parse({"jwks": {"keys": list(keys)}}).jwks
        return replace(parse(self.ASKED | {"redirect_uris": ["https://rp.example/cb"]}), fetched_jwks=fetched)

    def rules(self, metadata: ClientMetadata) -> set[str]:
        return {finding.rule for finding in engine.judge(metadata, EXAMPLE_CONTEXT).findings}

    def test_refuses_keys_that_nobody_fetched(self) -> None:
        assert objects("K3.fetched", self.ASKED)

    def test_is_the_only_one_to_speak_of_them(self) -> None:
        assert self.rules(parse(self.ASKED | {"redirect_uris": ["https://rp.example/cb"]})) == {"K3.fetched"}

    def test_is_not_asked_before_the_fetch(self) -> None:
        assert {rule.id for rule in engine.RULES} - {rule.id for rule in engine.BEFORE_FETCH} == {
            "K3.fetched"
        }

    def test_accepts_what_was_fetched(self) -> None:
        assert self.rules(self.with_keys(EC_KEY)) == set()

    def test_leaves_an_empty_set_to_others(self) -> None:
        assert self.rules(self.with_keys()) == {"A1.keys"}
