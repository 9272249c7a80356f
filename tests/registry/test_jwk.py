"""One key has one name, and what is no key has none."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto.jwk import JWK

from registry import jwk
from registry.policy.key_examples import EC_KEY, OKP_KEY, RSA_KEY
from tests.anything import unhurried

# Orders 1, 2, 4, 4, 8, 8, 8, 8 of the twist: RFC 8032 §5.1, as listed by every library that blocks them.
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


def okp(point: bytes) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "x": jwk.encode(point)}


class TestThumbprint:
    def test_of_the_example_in_rfc_7638(self) -> None:
        assert jwk.thumbprint(RSA_KEY) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

    def test_of_the_example_in_rfc_8037(self) -> None:
        assert jwk.thumbprint(OKP_KEY) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

    @pytest.mark.parametrize(
        "kind",
        [{"kty": "EC", "crv": "P-256"}, {"kty": "EC", "crv": "P-521"}, {"kty": "OKP", "crv": "Ed25519"}],
    )
    def test_agrees_with_another_implementation(self, kind: dict[str, str]) -> None:
        key: Any = JWK(generate=kind["kty"], crv=kind["crv"])
        assert jwk.thumbprint(key.export_public(as_dict=True)) == key.thumbprint()

    def test_looks_at_the_key_alone(self) -> None:
        assert jwk.thumbprint({**EC_KEY, "kid": "z", "use": "enc", "d": "x"}) == jwk.thumbprint(EC_KEY)

    @pytest.mark.parametrize("change", [{"x": "AQ"}, {"y": None}, {"kty": "oct"}, {"crv": "P-384"}, {"x": 1}])
    def test_of_what_is_no_key_does_not_exist(self, change: dict[str, object]) -> None:
        with pytest.raises(jwk.UnreadableJwk):
            jwk.thumbprint({**EC_KEY, **change})

    def test_lists_skip_what_is_no_key(self) -> None:
        assert jwk.thumbprints([{}, EC_KEY, {"kty": "oct"}]) == (jwk.thumbprint(EC_KEY),)

    @unhurried
    @given(
        st.dictionaries(
            st.sampled_from(["kty", "crv", "x", "y", "n", "e"]), st.text(max_size=50) | st.integers()
        )
    )
    def test_raises_nothing_else(self, key: dict[str, object]) -> None:
        assert isinstance(jwk.thumbprints([key]), tuple)


class TestOctets:
    @pytest.mark.parametrize(
        ("text", "octets"), [("", b""), ("AQ", b"\1"), ("AQAB", b"\1\0\1"), ("_-8", b"\xff\xef")]
    )
    def test_reads_base64url(self, text: str, octets: bytes) -> None:
        assert jwk.octets(text) == octets

    @pytest.mark.parametrize(
        "text", ["AQ==", "AR", "A", "A+", "A/8", "AQ ", "AQ\n", "\u00e4", 1, None, ["AQ"], b"AQ"]
    )
    def test_refuses_every_other_spelling(self, text: object) -> None:
        assert jwk.octets(text) is None


class TestEd25519:
    @pytest.mark.parametrize("point", SMALL_ORDER)
    def test_refuses_points_of_small_order(self, point: str) -> None:
        assert not jwk.is_ed25519_point(okp(bytes.fromhex(point)))

    @pytest.mark.parametrize("seed", range(20))
    def test_accepts_keys(self, seed: int) -> None:
        key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32).public_key()
        assert jwk.is_ed25519_point(okp(key.public_bytes(Encoding.Raw, PublicFormat.Raw)))

    def test_refuses_what_is_no_point(self) -> None:
        assert not jwk.is_ed25519_point(okp(b"\x02" + b"\0" * 31))

    def test_refuses_a_second_spelling_of_a_point(self) -> None:
        beyond = (2**255 - 19 + 3).to_bytes(32, "little")
        assert jwk.is_ed25519_point(okp(b"\x03" + b"\0" * 31))
        assert not jwk.is_ed25519_point(okp(beyond))

    @pytest.mark.parametrize("length", [31, 33])
    def test_refuses_other_lengths(self, length: int) -> None:
        assert not jwk.is_ed25519_point(okp(b"\x03" * length))


class TestSignsWith:
    @pytest.mark.parametrize(
        ("key", "able"),
        [
            (EC_KEY, {"ES256"}),
            (OKP_KEY, {"EdDSA", "Ed25519"}),
            ({**OKP_KEY, "alg": "Ed25519"}, {"EdDSA", "Ed25519"}),
            ({**RSA_KEY, "alg": "PS256"}, {"PS256"}),
            ({**EC_KEY, "alg": "PS256"}, set()),
            ({**EC_KEY, "use": "enc"}, set()),
            ({**EC_KEY, "key_ops": ("verify",)}, {"ES256"}),
            ({**EC_KEY, "key_ops": ("deriveKey",)}, set()),
            ({"kty": "oct"}, set()),
        ],
    )
    def test_follows_type_use_and_alg(self, key: dict[str, object], able: set[str]) -> None:
        assert jwk.signs_with(key) == able
