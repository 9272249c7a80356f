"""What the registration endpoint answers: RFC 7591 §3.2 and RFC 6750 §3."""

from typing import Any

import pytest

from registry.models import (
    Client,
    ClientKey,
    ClientSecret,
    InitialAccessToken,
    Organization,
    Registration,
    RegistrationAccessToken,
)
from registry.states import Environment
from tests import world
from tests.live import Answer
from tests.portal.protocol.reading import SAFE, error
from tests.software import InProcess, Software, machine, register

pytestmark = pytest.mark.django_db
JSON = {"Content-Type": "application/json"}


def post(door: InProcess, holder: Organization, body: Any = None, **options: Any) -> Answer:
    token = options.pop("token", None) or world.initial_access_token(holder).value
    return door.post("/register", bearer=token, json=body or world.metadata(holder), **options)


class TestSuccess:
    def test_echoes_all_effective_metadata(self, door: InProcess, acme: Organization) -> None:
        answer = post(door, acme, {"redirect_uris": [f"https://{acme.slug}.example/cb"]})
        told = answer.json()
        assert answer.status == 201
        assert answer.headers["Content-Type"] == "application/json"
        assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
        assert told["token_endpoint_auth_method"] == "client_secret_basic"
        assert told["grant_types"] == ["authorization_code"]
        assert told["response_types"] == ["code"]
        assert told["application_type"] == "web"

    def test_tells_what_is_stored(self, door: InProcess, acme: Organization) -> None:
        told = post(door, acme, world.metadata(acme) | {"client_name#de": "Hauptbuch"}).json()
        row = Client.objects.get(client_id=told["client_id"])
        assert row.metadata.items() <= told.items()
        assert row.redirect_uris == told["redirect_uris"][0]
        assert row.name == told["client_name"]

    def test_brings_credentials_and_their_ends(self, door: InProcess, acme: Organization) -> None:
        told = post(door, acme).json()
        assert told["client_id"].startswith("c_")
        assert told["client_secret"].startswith("pcs_")
        assert told["client_secret_expires_at"] == 0
        assert told["registration_access_token"].startswith("prr_")
        assert told["registration_client_uri"] == f"{door.issuer}/register/{told['client_id']}"
        assert abs(told["client_id_issued_at"] - world.now().timestamp()) < 60

    @pytest.mark.parametrize("method", ["private_key_jwt", "none"])
    def test_brings_no_secret_without_one(self, door: InProcess, acme: Organization, method: str) -> None:
        signer = world.signer() if method == "private_key_jwt" else None
        software = register(door, acme, token_endpoint_auth_method=method, signer=signer)
        assert not {"client_secret", "client_secret_expires_at"} & software.information.keys()

    def test_says_when_it_waits(self, door: InProcess, acme: Organization, app: Software) -> None:
        waiting = machine(door, acme, environment=Environment.PRODUCTION)
        assert waiting.information["registration_state"] == "pending"
        assert "registration_state" not in app.information

    def test_ignores_what_it_does_not_know(self, door: InProcess, acme: Organization) -> None:
        """RFC 7591 §2; KC#53079: members of the server are not set by a request, and are remembered."""
        ours = {
            "client_id": "c_chosen",
            "client_secret": "chosen",
            "registration_access_token": "chosen",
            "state": "active",
            "organization": "other",
            "skip_authorization": True,
            "ssf.enabled": True,
        }
        told = post(door, acme, world.metadata(acme) | ours).json()
        assert told["client_id"] != "c_chosen"
        assert "chosen" not in str(told)
        assert not {"state", "organization", "skip_authorization", "ssf.enabled"} & told.keys()
        ignored = Registration.objects.get(client__client_id=told["client_id"]).evidence["ignored_members"]
        assert ours.keys() <= set(ignored)

    def test_credentials_rest_as_digests(self, app: Software) -> None:
        rows = [
            *ClientSecret.objects.filter(client__client_id=app.client_id).values(),
            *RegistrationAccessToken.objects.filter(client__client_id=app.client_id).values(),
            *Registration.objects.filter(client__client_id=app.client_id).values(),
            *Client.objects.filter(client_id=app.client_id).values(),
        ]
        for value in (app.secret, app.information["registration_access_token"]):
            assert value not in str(rows)
            assert value.partition("_")[2] not in str(rows)


class TestChallenge:
    def test_without_a_credential(self, door: InProcess) -> None:
        """RFC 6750 §3.1: no error code when no authentication was presented."""
        world.operator()
        answer = door.post("/register", json={})
        assert error(answer) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_knows_its_scheme_in_any_case(self, door: InProcess, acme: Organization, scheme: str) -> None:
        headers = {"Authorization": f"{scheme} {world.initial_access_token(acme).value}"}
        assert door.post("/register", json=world.metadata(acme), headers=headers).status == 201

    @pytest.mark.parametrize("spoiled", ["unknown", "ended", "expired", "cut off", "spent"])
    def test_of_a_token_that_is_no_good(self, door: InProcess, acme: Organization, spoiled: str) -> None:
        token = world.initial_access_token(acme, max_uses=1)
        rows = InitialAccessToken.objects.filter(pk=token.row.pk)
        changes: dict[str, dict[str, Any]] = {
            "unknown": {"digest": "0" * 64},
            "ended": {"ended_at": world.now()},
            "expired": {"expires_at": world.now()},
            "cut off": {"organization_epoch": 7},
            "spent": {"uses": 1},
        }
        rows.update(**changes[spoiled])
        answer = post(door, acme, token=token.value)
        assert error(answer) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'

    def test_counts_no_use_for_a_refusal(self, door: InProcess, acme: Organization) -> None:
        token = world.initial_access_token(acme, max_uses=1)
        assert (
            post(door, acme, world.metadata(acme, redirect_uris=["http://x/"]), token=token.value).status
            == 400
        )
        assert post(door, acme, token=token.value).status == 201
        assert post(door, acme, token=token.value).status == 401


class TestRefusal:
    def test_names_every_finding(self, door: InProcess, acme: Organization) -> None:
        body = world.metadata(acme, redirect_uris=["http://a/#x"], scope="admin", grant_types=["implicit"])
        answer = post(door, acme, body)
        assert error(answer) == (400, "invalid_redirect_uri")
        for rule in ("U1.fragment", "U2.plain_http", "S1.entitled"):
            assert f"[{rule}]" in answer.json()["error_description"]

    def test_echoes_nothing(self, door: InProcess, acme: Organization) -> None:
        body = world.metadata(acme, redirect_uris=['https://evil.example/"><script>alert(1)</script>'])
        answer = post(door, acme, body | {'"><img src=x>': 1, "scope": 'é"\\'})
        error(answer)
        for echo in (b"<script>", b"<img", b"evil.example"):
            assert echo not in answer.body

    def test_leaves_nothing_behind(self, door: InProcess, acme: Organization) -> None:
        signer = world.signer()
        body = world.metadata(acme, jwks={"keys": [signer.public]}, scope="admin")
        assert post(door, acme, body).status == 400
        for model in (Client, ClientKey, Registration):
            assert not model.objects.filter(organization=acme).exists()
        assert not ClientSecret.objects.filter(client__organization=acme).exists()
        assert register(door, acme, signer=signer).signer

    @pytest.mark.parametrize(
        "content_type", ["text/json", "application/jose", "", "application/json; charset=latin-1"]
    )
    def test_of_another_media_type(self, door: InProcess, acme: Organization, content_type: str) -> None:
        token = world.initial_access_token(acme).value
        headers = {"Content-Type": content_type}
        answer = door.post("/register", bearer=token, body=b"{}", headers=headers)
        assert error(answer) == (415, "invalid_request")

    @pytest.mark.parametrize(
        ("octets", "status"), [(65_536, 201), (65_537, 413), (131_073, 413), (1_000_000, 413)]
    )
    def test_of_a_body_beyond_64_kib(
        self, door: InProcess, acme: Organization, octets: int, status: int
    ) -> None:
        token = world.initial_access_token(acme).value
        body = b'{"grant_types":["client_credentials"],"scope":"accounts:read"}'.ljust(octets, b" ")
        answer = door.post("/register", bearer=token, body=body, headers=JSON)
        assert answer.status == status
        assert status == 201 or error(answer) == (413, "invalid_request")

    def test_at_the_quota_says_so(self, door: InProcess) -> None:
        small = world.organization(clients=2)
        for _ in range(2):
            machine(door, small)
        answer = post(door, small, world.machine_metadata())
        assert error(answer) == (429, "temporarily_unavailable")
        assert "[L1.clients]" in answer.json()["error_description"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_registration_is_posted(door: InProcess, method: str) -> None:
    answer = door.request(method, "/register")
    assert error(answer) == (405, "invalid_request")
    assert answer.headers["Allow"] == "POST"


def test_the_safe_characters_are_those_of_the_standard() -> None:
    assert SAFE.fullmatch(" !#[]~")
    assert not any(SAFE.fullmatch(c) for c in '"\\\x7f\n\té')
