"""Rule K1 about each key."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from registry import jwk
from registry.policy.key_examples import EC_KEY, OKP_KEY, RSA_KEY
from registry.strict_json import Json
from tests.registry.policy.judging import objects, says
from tests.registry.policy.test_keys import keyed


def changed(key: Any, **members: Json) -> dict[str, Json]:
    return keyed({name: value for name, value in {**key, **members}.items() if value is not None})


def modulus(bits: int) -> str:
    """An odd number of that many bits without a small factor, good enough to look like a modulus."""
    number = (1 << (bits - 1)) + 1
    while any(number % small == 0 for small in range(3, 75, 2)):
        number += 2
    return jwk.encode(number.to_bytes((bits + 7) // 8))


class TestK1Private:
    @pytest.mark.parametrize("name", sorted(jwk.PRIVATE_MEMBERS))
    @pytest.mark.parametrize("key", [EC_KEY, OKP_KEY, RSA_KEY])
    def test_refuses_every_private_member(self, key: Any, name: str) -> None:
        (finding,) = says("K1.private", changed(key, **{name: "AQ"}))
        assert finding.member == f"jwks.keys[0].{name}"

    def test_never_echoes_it(self) -> None:
        (finding,) = says("K1.private", changed(EC_KEY, d="c2VjcmV0LXNlY3JldA"))
        assert "c2VjcmV0" not in str(finding)

    def test_accepts_public_keys(self) -> None:
        assert not objects("K1.private", keyed(EC_KEY, OKP_KEY, RSA_KEY))


class TestK1Type:
    @pytest.mark.parametrize(
        ("kty", "crv"), [("oct", None), ("EC", "secp256k1"), ("OKP", "X25519"), ("OKP", "Ed448")]
    )
    def test_refuses_other_types_and_curves(self, kty: str, crv: str | None) -> None:
        assert objects("K1.type", changed(EC_KEY, kty=kty, crv=crv))

    @pytest.mark.parametrize("kty", [None, 1, "ec", "rsa", "AKP", ["EC"], {}])
    def test_refuses_what_is_no_type(self, kty: Json) -> None:
        assert objects("K1.type", changed(EC_KEY, kty=kty))

    @pytest.mark.parametrize("crv", [1, ["P-256"], {}, "p-256"])
    def test_refuses_what_is_no_curve(self, crv: Json) -> None:
        assert objects("K1.type", changed(EC_KEY, crv=crv))

    def test_accepts(self) -> None:
        assert not objects("K1.type", keyed(EC_KEY, OKP_KEY, RSA_KEY))


class TestK1Rsa:
    @pytest.mark.parametrize(
        ("bits", "refused"), [(1024, True), (2047, True), (2048, False), (8192, False), (8193, True)]
    )
    def test_has_2048_to_8192_bit(self, bits: int, *, refused: bool) -> None:
        assert objects("K1.rsa", changed(RSA_KEY, n=modulus(bits))) is refused

    @pytest.mark.parametrize(
        ("exponent", "refused"),
        [(1, True), (3, True), (65_535, True), (65_536, True), (65_537, False), (65_538, True)],
    )
    def test_has_an_odd_exponent_from_65537_on(self, exponent: int, *, refused: bool) -> None:
        e = jwk.encode(exponent.to_bytes((exponent.bit_length() + 7) // 8))
        assert objects("K1.rsa", changed(RSA_KEY, e=e)) is refused

    @pytest.mark.parametrize(("bits", "refused"), [(255, False), (256, True)])
    def test_has_an_exponent_within_256_bit(self, bits: int, *, refused: bool) -> None:
        assert (
            objects("K1.rsa", changed(RSA_KEY, e=jwk.encode(((1 << bits) + 1).to_bytes(33).lstrip(b"\0"))))
            is refused
        )

    @pytest.mark.parametrize("factor", [2, 3, 73])
    def test_has_no_small_factor(self, factor: int) -> None:
        number = int.from_bytes(jwk.octets(modulus(2048)) or b"") * factor
        (finding,) = says("K1.rsa", changed(RSA_KEY, n=jwk.encode(number.to_bytes(258).lstrip(b"\0"))))
        assert "small factor" in finding.found

    @pytest.mark.parametrize(
        "change", [{"n": None}, {"e": None}, {"n": 1}, {"e": "AAEAAQ"}, {"e": "AQAB="}, {"n": ""}]
    )
    def test_is_spelled_canonically(self, change: dict[str, Json]) -> None:
        assert objects("K1.rsa", changed(RSA_KEY, **change))

    def test_accepts_generated_keys(self) -> None:
        numbers = rsa.generate_private_key(65_537, 2048).public_key().public_numbers()
        assert not objects("K1.rsa", changed(RSA_KEY, n=jwk.encode(numbers.n.to_bytes(256))))

    def test_does_not_mind_other_types(self) -> None:
        assert not objects("K1.rsa", keyed(EC_KEY))


class TestK1Ec:
    @pytest.mark.parametrize(
        "change",
        [
            {"y": EC_KEY["x"]},
            {"x": "AQ"},
            {"x": None},
            {"y": 1},
            {"crv": "P-384"},
            {"x": "A" * 43, "y": "A" * 43},
            {"x": f"{EC_KEY['x']}="},
            {"x": f"AA{EC_KEY['x']}"},
        ],
    )
    def test_refuses(self, change: dict[str, Json]) -> None:
        assert objects("K1.ec", changed(EC_KEY, **change))

    def test_accepts(self) -> None:
        assert not objects("K1.ec", keyed(EC_KEY, RSA_KEY, OKP_KEY))


class TestK1Okp:
    @pytest.mark.parametrize("x", [None, 1, "", "AQ", "A" * 43, "A" * 42 + "B", "_" * 42 + "8"])
    def test_refuses(self, x: Json) -> None:
        assert objects("K1.okp", changed(OKP_KEY, x=x))

    def test_accepts(self) -> None:
        assert not objects("K1.okp", keyed(EC_KEY, RSA_KEY, OKP_KEY))


class TestK1Use:
    @pytest.mark.parametrize("use", ["SIG", "", 1, ["sig"], "both"])
    def test_refuses(self, use: Json) -> None:
        assert objects("K1.use", changed(EC_KEY, use=use))

    @pytest.mark.parametrize("use", [None, "sig", "enc"])
    def test_accepts(self, use: Json) -> None:
        assert not objects("K1.use", changed(EC_KEY, use=use))

    def test_ed25519_only_signs(self) -> None:
        assert objects("K1.use", changed(OKP_KEY, use="enc"))


class TestK1Operations:
    @pytest.mark.parametrize(
        "operations",
        [
            "verify",
            [],
            ["sign"],
            ["sign", "verify"],
            ["verify", "verify"],
            ["verify", "wrapKey"],
            [1],
            ["x"],
            {},
        ],
    )
    def test_refuses(self, operations: Json) -> None:
        assert objects("K1.operations", changed(EC_KEY, key_ops=operations))

    @pytest.mark.parametrize(
        ("use", "operations"),
        [(None, ["verify"]), ("sig", ["verify"]), ("enc", ["encrypt"]), ("enc", ["deriveKey", "deriveBits"])],
    )
    def test_accepts(self, use: Json, operations: Json) -> None:
        assert not objects("K1.operations", changed(EC_KEY, use=use, key_ops=operations))

    @pytest.mark.parametrize(
        ("use", "operations"), [("enc", ["verify"]), ("sig", ["encrypt"]), (["sig"], ["verify"])]
    )
    def test_agree_with_use(self, use: Json, operations: Json) -> None:
        assert objects("K1.operations", changed(EC_KEY, use=use, key_ops=operations))


class TestK1Algorithm:
    @pytest.mark.parametrize(
        ("key", "algorithm"),
        [
            (EC_KEY, "PS256"),
            (EC_KEY, "ES384"),
            (RSA_KEY, "HS256"),
            (RSA_KEY, "none"),
            (RSA_KEY, "ES256"),
            (OKP_KEY, "ES256"),
            (EC_KEY, 1),
            (EC_KEY, ["ES256"]),
            (EC_KEY, {}),
            (RSA_KEY, "RSA1_5"),
        ],
    )
    def test_refuses(self, key: Any, algorithm: Json) -> None:
        assert objects("K1.algorithm", changed(key, alg=algorithm))

    @pytest.mark.parametrize(
        ("key", "algorithm", "use"),
        [
            (EC_KEY, "ES256", "sig"),
            (RSA_KEY, "PS256", None),
            (OKP_KEY, "EdDSA", None),
            (OKP_KEY, "Ed25519", "sig"),
            (EC_KEY, "ECDH-ES", "enc"),
            (RSA_KEY, "RSA-OAEP-256", None),
        ],
    )
    def test_accepts(self, key: Any, algorithm: str, use: Json) -> None:
        assert not objects("K1.algorithm", changed(key, alg=algorithm, use=use))

    @pytest.mark.parametrize(("algorithm", "use"), [("PS256", "enc"), ("RSA-OAEP-256", "sig")])
    def test_agrees_with_use(self, algorithm: str, use: str) -> None:
        assert objects("K1.algorithm", changed(RSA_KEY, alg=algorithm, use=use))
