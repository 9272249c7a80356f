"""Rules U5 and G1: what a client may ask tokens with."""

import pytest

from registry.strict_json import Json
from tests.registry.policy.judging import MACHINE, SOUND, broken, objects, says


class TestU5Implicit:
    @pytest.mark.parametrize("application_type", ["web", "native"])
    @pytest.mark.parametrize(
        "response_type", ["token", "id_token", "code token", "code id_token", "id_token token"]
    )
    def test_refuses(self, response_type: str, application_type: str) -> None:
        document = {"response_types": [response_type], "application_type": application_type}
        assert objects("U5.implicit", document)  # type: ignore[arg-type]

    @pytest.mark.parametrize("response_types", [[], ["code"], ["none"], ["tokens"]])
    def test_accepts(self, response_types: list[Json]) -> None:
        assert not objects("U5.implicit", {"response_types": response_types})


class TestG1Empty:
    def test_refuses_no_grant(self) -> None:
        assert objects("G1.empty", {"grant_types": []})

    def test_accepts_the_default(self) -> None:
        assert not objects("G1.empty", {})


class TestG1Forbidden:
    @pytest.mark.parametrize("grant_type", ["password", "implicit"])
    def test_refuses_even_what_the_organization_holds(self, grant_type: str) -> None:
        assert objects(
            "G1.forbidden", {"grant_types": [grant_type]}, entitled_grant_types=frozenset({grant_type})
        )

    def test_names_the_position(self) -> None:
        (finding,) = says("G1.forbidden", {"grant_types": ["authorization_code", "password"]})
        assert finding.member == "grant_types[1]"

    def test_accepts(self) -> None:
        assert not objects("G1.forbidden", MACHINE)


class TestG1Entitled:
    @pytest.mark.parametrize(
        "held", [set(), {"authorization_code"}, {"urn:ietf:params:oauth:grant-type:jwt-bearer"}]
    )
    def test_refuses_what_is_not_held(self, held: set[str]) -> None:
        assert objects("G1.entitled", MACHINE, entitled_grant_types=frozenset(held))

    def test_refuses_what_policy_does_not_know(self) -> None:
        device = "urn:ietf:params:oauth:grant-type:device_code"
        assert objects("G1.entitled", {"grant_types": [device]}, entitled_grant_types=frozenset({device}))

    def test_judges_the_default(self) -> None:
        assert objects("G1.entitled", {}, entitled_grant_types=frozenset({"client_credentials"}))

    def test_says_what_is_held(self) -> None:
        (finding,) = says("G1.entitled", MACHINE, entitled_grant_types=frozenset({"refresh_token"}))
        assert finding.fix == "The organization may use: refresh_token."

    def test_accepts(self) -> None:
        assert not objects("G1.entitled", MACHINE)


class TestG1ResponseType:
    @pytest.mark.parametrize("response_type", ["none", "Code", "code ", "x"])
    def test_refuses(self, response_type: str) -> None:
        assert objects("G1.response_type", {"response_types": [response_type]})

    def test_accepts(self) -> None:
        assert not objects("G1.response_type", {"response_types": ["code"]})


class TestG1Coherence:
    @pytest.mark.parametrize(
        ("grant_types", "response_types"),
        [
            (["client_credentials"], ["code"]),
            (["authorization_code"], []),
            (["authorization_code"], ["token"]),
            (["implicit"], ["code"]),
            (["refresh_token"], ["code"]),
        ],
    )
    def test_refuses(self, grant_types: list[Json], response_types: list[Json]) -> None:
        assert objects("G1.coherence", {"grant_types": grant_types, "response_types": response_types})

    @pytest.mark.parametrize(
        "document",
        [
            {},
            {"grant_types": ["client_credentials"]},
            {"grant_types": ["client_credentials"], "response_types": []},
            {"grant_types": ["implicit"], "response_types": ["token"]},
        ],
    )
    def test_accepts(self, document: dict[str, Json]) -> None:
        assert not objects("G1.coherence", document)


class TestG1RedirectUris:
    @pytest.mark.parametrize("document", [{}, {"redirect_uris": []}, {"grant_types": ["implicit"]}])
    def test_refuses_a_redirect_flow_without(self, document: dict[str, Json]) -> None:
        assert objects("G1.redirect_uris", document)

    def test_accepts_a_machine_without(self) -> None:
        assert not objects("G1.redirect_uris", MACHINE)

    def test_accepts_a_machine_with_some(self) -> None:
        assert not broken(MACHINE | SOUND)


class TestG1Refresh:
    @pytest.mark.parametrize("grant_types", [["refresh_token"], ["client_credentials", "refresh_token"]])
    def test_refuses_without_a_source(self, grant_types: list[Json]) -> None:
        assert objects("G1.refresh", {"grant_types": grant_types})

    def test_accepts_beside_the_code(self) -> None:
        assert not objects("G1.refresh", {"grant_types": ["authorization_code", "refresh_token"]})
