"""The metadata document (RFC 8414) says what the endpoints do: generated from the document itself."""

import json
from typing import Any

import pytest

from registry.models import Organization, User
from tests import world
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, code_by_hand, machine, register

PATH = "/.well-known/oauth-authorization-server"
DOCUMENT: dict[str, Any] = json.loads(InProcess().get(PATH).body)
OFFERED = DOCUMENT["token_endpoint_auth_methods_supported"]


def of(member: str) -> Any:
    return pytest.mark.parametrize("offered", DOCUMENT[member])


class TestDocument:
    def test_is_json_for_everybody(self) -> None:
        answer = InProcess().get(PATH)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.headers["Cache-Control"] == "public, max-age=300"

    def test_names_the_issuer_that_is_asked(self) -> None:
        assert DOCUMENT["issuer"] == InProcess().issuer

    def test_has_members_of_the_standard_of_the_right_type(self) -> None:
        for name, value in DOCUMENT.items():
            if name.endswith(("_endpoint", "issuer")):
                assert value.startswith("https://")
            elif name.endswith("_supported") and name != "authorization_response_iss_parameter_supported":
                assert isinstance(value, list)
                assert len(value) == len(set(value)) > 0
        assert DOCUMENT["authorization_response_iss_parameter_supported"] is True

    def test_advertises_only_what_policy_allows(self) -> None:
        everything = json.dumps(DOCUMENT)
        for banned in ("implicit", "password", "plain", "RS256", "HS256", '"none"alg', "token id_token"):
            assert banned not in everything

    @pytest.mark.parametrize("name", [name for name in DOCUMENT if name.endswith("_endpoint")])
    def test_names_endpoints_that_are_there(self, db: None, name: str) -> None:
        world.operator()
        path = DOCUMENT[name].removeprefix(DOCUMENT["issuer"])
        assert InProcess().request("GET", path).status in {400, 405}
        assert InProcess().request("GET", f"{path}nowhere").status == 404


@pytest.mark.django_db
class TestEndpointsDoWhatItSays:
    @of("token_endpoint_auth_methods_supported")
    def test_authentication_methods(
        self, door: InProcess, acme: Organization, user: User, offered: str
    ) -> None:
        signer = world.signer() if offered == "private_key_jwt" else None
        software = register(door, acme, token_endpoint_auth_method=offered, signer=signer)
        answer = software.exchange(code_by_hand(software, user))
        assert answer.status == 200
        assert offered in DOCUMENT["revocation_endpoint_auth_methods_supported"]
        assert software.revoke(answer.json()["access_token"]).status == 200

    @of("token_endpoint_auth_signing_alg_values_supported")
    def test_signing_algorithms(self, door: InProcess, acme: Organization, offered: str) -> None:
        signer = world.signer(offered)
        software = machine(door, acme, signer=signer, token_endpoint_auth_signing_alg=offered)
        assert software.token().status == 200
        assert offered in DOCUMENT["revocation_endpoint_auth_signing_alg_values_supported"]

    @of("grant_types_supported")
    def test_grant_types(self, app: Software, batch: Software, user: User, offered: str) -> None:
        code = code_by_hand(app, user)
        ways = {
            "client_credentials": batch.token,
            "authorization_code": lambda: app.exchange(code),
            "refresh_token": lambda: app.refresh(app.exchange(code).json()["refresh_token"]),
        }
        assert ways[offered]().status == 200

    @of("introspection_endpoint_auth_methods_supported")
    def test_introspection(self, door: InProcess, server: tuple[str, str], offered: str) -> None:
        assert offered == "client_secret_basic"
        assert door.post("/introspect", basic=server, form={"token": "x"}).status == 200

    @pytest.mark.parametrize(
        "method", ["client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"]
    )
    def test_and_register_nothing_else(self, door: InProcess, acme: Organization, method: str) -> None:
        assert method not in OFFERED
        token = world.initial_access_token(acme).value
        body = world.metadata(acme, token_endpoint_auth_method=method)
        assert error(door.post("/register", bearer=token, json=body)) == (400, "invalid_client_metadata")
