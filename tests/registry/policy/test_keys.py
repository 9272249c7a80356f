"""Rules K1 about the set of keys, and K2: one key, one client."""

from typing import Any

import pytest

from registry import jwk
from registry.policy.context import KeyOwner, KeyStanding
from registry.policy.key_examples import EC_KEY, OKP_KEY, RSA_KEY
from registry.strict_json import Json
from tests.registry.policy.judging import objects, says

THUMBPRINT = jwk.thumbprint(EC_KEY)


def keyed(*keys: Any) -> dict[str, Json]:
    return {"jwks": {"keys": list(keys)}}


def numbered(number: int) -> dict[str, Json]:
    return keyed(*({**EC_KEY, "kid": f"k{n}"} for n in range(number)))


class TestK1OneSource:
    def test_refuses_both(self) -> None:
        assert objects("K1.one_source", keyed() | {"jwks_uri": "https://rp.example/jwks"})

    @pytest.mark.parametrize("document", [{}, keyed(EC_KEY), {"jwks_uri": "https://rp.example/jwks"}])
    def test_accepts_one_or_none(self, document: dict[str, Json]) -> None:
        assert not objects("K1.one_source", document)


class TestK1Count:
    @pytest.mark.parametrize(("number", "refused"), [(0, False), (10, False), (11, True), (100, True)])
    def test_is_at_most_ten(self, number: int, *, refused: bool) -> None:
        assert objects("K1.count", numbered(number)) is refused


class TestK1Size:
    @pytest.mark.parametrize(("size", "refused"), [(32_768, False), (32_769, True)])
    def test_is_at_most_32_kib(self, size: int, *, refused: bool) -> None:
        bare = '{"keys":[{"kid":"a","x5c":""}]}'
        assert objects("K1.size", keyed({"kid": "a", "x5c": "A" * (size - len(bare))})) is refused

    def test_counts_octets(self) -> None:
        assert objects("K1.size", keyed({"kid": "\u00e9" * 16_384}))

    def test_accepts_none(self) -> None:
        assert not objects("K1.size", {})


class TestK1Kid:
    @pytest.mark.parametrize("kid", [None, 1, "", "k" * 256, ["a"], {}])
    def test_refuses(self, kid: Json) -> None:
        assert objects("K1.kid", keyed({**EC_KEY, "kid": kid}))

    @pytest.mark.parametrize("kid", ["a", "k" * 255])
    def test_accepts(self, kid: str) -> None:
        assert not objects("K1.kid", keyed({**EC_KEY, "kid": kid}))

    def test_is_unique(self) -> None:
        (finding,) = says("K1.kid", keyed({**EC_KEY, "kid": "a"}, {**OKP_KEY, "kid": "a"}))
        assert finding.member == "jwks.keys[1].kid"


class TestK2Repeated:
    def test_refuses_one_key_under_two_names(self) -> None:
        assert objects("K2.repeated", keyed(EC_KEY, {**EC_KEY, "kid": "b", "use": "sig"}))

    def test_accepts_different_keys(self) -> None:
        assert not objects("K2.repeated", keyed(EC_KEY, OKP_KEY, RSA_KEY))

    def test_leaves_unreadable_keys_to_k1(self) -> None:
        assert not objects("K2.repeated", keyed({"kty": "oct"}, {"kty": "oct"}))


def owned(organization_id: str, client_id: str, state: KeyStanding, *, by: str | None = None) -> bool:
    facts = {"key_owners": {THUMBPRINT: KeyOwner(organization_id, client_id, state)}, "client_id": by}
    return objects("K2.owner", keyed(EC_KEY), **facts)


class TestK2Owner:
    def test_accepts_a_new_key(self) -> None:
        assert not objects("K2.owner", keyed(EC_KEY))

    @pytest.mark.parametrize("by", [None, "c_1", "c_2"])
    @pytest.mark.parametrize("organization_id", ["acme", "other"])
    def test_a_compromised_key_returns_nowhere(self, organization_id: str, by: str | None) -> None:
        assert owned(organization_id, "c_1", KeyStanding.COMPROMISED, by=by)

    @pytest.mark.parametrize("state", [KeyStanding.ACTIVE, KeyStanding.RETIRED])
    def test_a_key_stays_with_its_client(self, state: KeyStanding) -> None:
        assert not owned("acme", "c_1", state, by="c_1")
        assert owned("acme", "c_1", state, by="c_2")
        assert owned("acme", "c_1", state)

    def test_an_ended_key_may_return_in_its_organization_only(self) -> None:
        assert not owned("acme", "c_1", KeyStanding.ENDED)
        assert owned("other", "c_1", KeyStanding.ENDED)

    @pytest.mark.parametrize("state", KeyStanding)
    def test_another_organization_never_gets_it(self, state: KeyStanding) -> None:
        assert owned("other", "c_1", state, by="c_1")

    def test_names_the_client_to_its_own_organization_only(self) -> None:
        ours = says(
            "K2.owner", keyed(EC_KEY), key_owners={THUMBPRINT: KeyOwner("acme", "c_7", KeyStanding.ACTIVE)}
        )
        theirs = says(
            "K2.owner", keyed(EC_KEY), key_owners={THUMBPRINT: KeyOwner("other", "c_7", KeyStanding.ACTIVE)}
        )
        assert "c_7" in ours[0].found
        assert "c_7" not in theirs[0].found
