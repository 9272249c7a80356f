"""Rules A1 and A2: how a client proves who it is."""

from dataclasses import replace
from typing import Any

import pytest

from registry.policy.key_examples import EC_KEY, OKP_KEY, RSA_KEY
from registry.policy.presets import BASELINE
from registry.strict_json import Json
from tests.registry.policy.judging import MACHINE, SOUND, broken, objects


def signing(*keys: Any, **members: Json) -> dict[str, Json]:
    return {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": list(keys)}, **members}


class TestA1ApplicationType:
    @pytest.mark.parametrize("value", ["web", "native"])
    def test_accepts(self, value: str) -> None:
        assert not objects("A1.application_type", {"application_type": value})

    @pytest.mark.parametrize("value", ["WEB", "service", "browser-based", " web"])
    def test_refuses(self, value: str) -> None:
        assert objects("A1.application_type", {"application_type": value})


class TestA1Method:
    @pytest.mark.parametrize("value", sorted(BASELINE.auth_methods))
    def test_accepts(self, value: str) -> None:
        assert not objects("A1.method", {"token_endpoint_auth_method": value})

    @pytest.mark.parametrize(
        "value", ["client_secret_jwt", "tls_client_auth", "None", "", "https://evil.example/m"]
    )
    def test_refuses(self, value: str) -> None:
        document: dict[str, Json] = {"token_endpoint_auth_method": value or "x"}
        assert objects("A1.method", document)

    def test_judges_the_default(self) -> None:
        strict = replace(BASELINE, auth_methods=frozenset({"private_key_jwt"}))
        assert objects("A1.method", {}, parameters=strict)


class TestA1NativeSecret:
    @pytest.mark.parametrize(
        "method", [None, "client_secret_basic", "client_secret_post", "client_secret_jwt"]
    )
    def test_refuses(self, method: str | None) -> None:
        document: dict[str, Json] = {"application_type": "native", "token_endpoint_auth_method": method}
        assert objects("A1.native_secret", document)

    @pytest.mark.parametrize("method", ["none", "private_key_jwt"])
    def test_accepts(self, method: str) -> None:
        document: dict[str, Json] = {"application_type": "native", "token_endpoint_auth_method": method}
        assert not objects("A1.native_secret", document)

    def test_does_not_mind_web(self) -> None:
        assert not objects("A1.native_secret", {})


class TestA1Public:
    @pytest.mark.parametrize(
        "grants", [["client_credentials"], ["authorization_code", "client_credentials"], []]
    )
    def test_refuses(self, grants: list[Json]) -> None:
        assert objects("A1.public", {"token_endpoint_auth_method": "none", "grant_types": grants})

    @pytest.mark.parametrize("application_type", ["web", "native"])
    def test_accepts_the_code(self, application_type: str) -> None:
        document: dict[str, Json] = {
            "token_endpoint_auth_method": "none",
            "application_type": application_type,
        }
        assert not objects("A1.public", document)
        assert not broken(SOUND | document)

    def test_does_not_mind_confidential_clients(self) -> None:
        assert not objects("A1.public", MACHINE)


class TestA1Keys:
    @pytest.mark.parametrize("jwks", [None, {"keys": []}])
    def test_refuses(self, jwks: Json) -> None:
        assert objects("A1.keys", {"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks})

    def test_accepts(self) -> None:
        assert not objects("A1.keys", signing(EC_KEY))
        assert not objects("A1.keys", {})


class TestA2Algorithm:
    @pytest.mark.parametrize("value", ["PS256", "ES256", "EdDSA"])
    def test_accepts(self, value: str) -> None:
        assert not objects("A2.algorithm", {"token_endpoint_auth_signing_alg": value})

    @pytest.mark.parametrize("value", ["none", "None", "HS256", "HS512", "RS256", "ES384", "PS512", "eddsa"])
    def test_refuses_whatever_the_method(self, value: str) -> None:
        for document in ({}, signing(EC_KEY)):
            assert objects("A2.algorithm", document | {"token_endpoint_auth_signing_alg": value})


class TestA2Key:
    @pytest.mark.parametrize(
        ("key", "algorithm"), [(EC_KEY, "ES256"), (OKP_KEY, "EdDSA"), (RSA_KEY, "PS256")]
    )
    def test_accepts_a_key_that_fits(self, key: Any, algorithm: str) -> None:
        assert not objects("A2.key", signing(key))
        assert not objects("A2.key", signing(key, token_endpoint_auth_signing_alg=algorithm))
        assert not broken(MACHINE | signing(key, token_endpoint_auth_signing_alg=algorithm))

    @pytest.mark.parametrize(
        ("key", "algorithm"), [(EC_KEY, "PS256"), (OKP_KEY, "ES256"), (RSA_KEY, "EdDSA")]
    )
    def test_refuses_another_type(self, key: Any, algorithm: str) -> None:
        assert objects("A2.key", signing(key, token_endpoint_auth_signing_alg=algorithm))

    @pytest.mark.parametrize("change", [{"use": "enc"}, {"alg": "ES384"}, {"key_ops": ["deriveKey"]}])
    def test_refuses_a_key_for_something_else(self, change: dict[str, Json]) -> None:
        assert objects("A2.key", signing({**EC_KEY, **change}))

    def test_one_of_several_is_enough(self) -> None:
        assert not objects("A2.key", signing({**EC_KEY, "use": "enc"}, OKP_KEY))

    def test_does_not_mind_other_methods(self) -> None:
        assert not objects("A2.key", {"jwks": {"keys": [{**EC_KEY, "use": "enc"}]}})
