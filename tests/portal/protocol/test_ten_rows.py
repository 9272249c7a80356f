"""Ten things that the toolkit does by itself and this product does not: each stays fixed.

The rows are those of the experiment that decided the design (ADR 5): django-oauth-toolkit 3.4.1 with its own views.
"""

from typing import Any

import pytest

from registry import lifecycle
from registry.errors import NotFound
from registry.models import AccessToken, Client, Organization, RegistrationAccessToken, User
from tests import world
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, introspect, is_active, machine, register, somebody

pytestmark = pytest.mark.django_db


def refused(door: InProcess, holder: Organization, **members: Any) -> str:
    """The error code of a registration that has to be refused."""
    token = world.initial_access_token(holder).value
    answer = door.post("/register", bearer=token, json=world.metadata(holder, **members))
    assert answer.status == 400, answer.text
    return str(answer.json()["error"])


def test_row_1_an_answer_is_complete_and_not_stored(door: InProcess, acme: Organization) -> None:
    body = world.metadata(acme, contacts=["ops@acme.example"], software_id="ledger", software_version="2")
    answer = door.post("/register", bearer=world.initial_access_token(acme).value, json=body)
    document = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert document["client_secret_expires_at"] == 0
    assert isinstance(document["client_id_issued_at"], int)
    assert body.items() <= document.items()


class TestRow2ARegistrationAccessTokenIsNoAccessToken:
    def test_it_opens_no_resource(self, door: InProcess, app: Software) -> None:
        value = app.information["registration_access_token"]
        assert door.get("/api/v1/clients", bearer=value).status == 401

    def test_it_is_inactive(self, door: InProcess, app: Software, server: tuple[str, str]) -> None:
        assert introspect(door, server, app.information["registration_access_token"]) == {"active": False}

    def test_it_rests_as_a_digest_in_a_table_of_its_own(self, app: Software) -> None:
        value = app.information["registration_access_token"]
        row = RegistrationAccessToken.objects.get(client__client_id=app.client_id)
        assert value not in str(row.__dict__)
        assert not AccessToken.objects.filter(application__client_id=app.client_id).exists()


def test_row_3_a_token_of_a_suspended_client_is_inactive(
    door: InProcess, batch: Software, server: tuple[str, str]
) -> None:
    value = batch.token().json()["access_token"]
    assert is_active(door, server, value)
    lifecycle.suspend_client(batch.client_id, actor=world.STAN, reason="drill", now=world.now())
    assert introspect(door, server, value) == {"active": False}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_rows_4_and_5_a_suspended_client_is_not_managed(door: InProcess, app: Software, method: str) -> None:
    lifecycle.suspend_client(app.client_id, actor=world.STAN, reason="drill", now=world.now())
    before = Client.objects.filter(client_id=app.client_id).values().get()
    changed = {"client_id": "c_other", "redirect_uris": ["https://evil.example/"], "client_id_issued_at": 1}
    answer = door.request(
        method,
        f"/register/{app.client_id}",
        bearer=app.information["registration_access_token"],
        json=changed,
    )
    assert error(answer) == (403, "access_denied")
    assert Client.objects.filter(client_id=app.client_id).values().get() == before


@pytest.mark.parametrize(
    "uri",
    [
        "https://u:p@{host}/cb",
        "http://10.0.0.1/cb",
        "https://{host}/*",
        "https://{host}/../x",
        "javascript:alert(1)",
        "https://{host}/cb#",
    ],
)
def test_row_6_a_dangerous_redirect_uri_is_refused_by_its_own_code(
    door: InProcess, acme: Organization, uri: str
) -> None:
    host = f"app.{acme.slug}.example"
    assert refused(door, acme, redirect_uris=[uri.format(host=host)]) == "invalid_redirect_uri"


def test_row_7_one_client_has_several_grants(door: InProcess, acme: Organization, user: User) -> None:
    grants = ["authorization_code", "refresh_token", "client_credentials"]
    software = register(door, acme, grant_types=grants)
    assert software.information["grant_types"] == grants
    assert software.token().status == 200


def test_row_8_a_software_statement_is_never_ignored(door: InProcess, acme: Organization) -> None:
    unsigned = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9."
    assert refused(door, acme, software_statement=unsigned) == "invalid_software_statement"


def test_row_9_people_go_and_clients_stay(door: InProcess, acme: Organization) -> None:
    person = somebody()
    person.organization = acme
    person.save()
    software = machine(door, acme)
    person.delete()
    assert software.token().status == 200
    assert "user" not in {field.name for field in Client._meta.get_fields()}


class TestRow10SizeTypeAndTransition:
    def test_too_many_redirect_uris(self, door: InProcess, acme: Organization) -> None:
        uris = [f"https://app.{acme.slug}.example/{n}" for n in range(1000)]
        assert refused(door, acme, redirect_uris=uris) == "invalid_redirect_uri"

    def test_twenty_thousand_are_too_large(self, door: InProcess, acme: Organization) -> None:
        body = world.metadata(
            acme, redirect_uris=[f"https://app.{acme.slug}.example/{n}" for n in range(20_000)]
        )
        answer = door.post("/register", bearer=world.initial_access_token(acme).value, json=body)
        assert (answer.status, answer.json()["error"]) == (413, "invalid_request")

    def test_a_name_is_text(self, door: InProcess, acme: Organization) -> None:
        assert refused(door, acme, client_name={"en": "Ledger"}) == "invalid_client_metadata"

    def test_a_confidential_client_stays_one(self, door: InProcess, app: Software) -> None:
        answer = door.request(
            "PUT",
            f"/register/{app.client_id}",
            bearer=app.information["registration_access_token"],
            json={
                "client_id": app.client_id,
                "token_endpoint_auth_method": "none",
                "grant_types": ["client_credentials"],
            },
        )
        assert error(answer) == (400, "invalid_client_metadata")
        assert app.row.client_type == Client.CLIENT_CONFIDENTIAL


def test_nothing_is_deleted_with_a_client(app: Software) -> None:
    lifecycle.deregister_client(app.client_id, actor=world.STAN, reason="over", now=world.now())
    assert Client.objects.filter(client_id=app.client_id).exists()
    with pytest.raises(NotFound):
        lifecycle.lock_client("c_never")
