"""Who the client is: by its registered method alone, one method at a time, with one event a minute when it fails."""

import base64
from typing import Any

import pytest

from portal.protocol import client_authentication, requests
from registry import queries
from registry.actors import Viewer
from registry.errors import InvalidClient
from registry.events import Event
from registry.models import Client, ClientSecret, Organization, User
from registry.roles import Role
from registry.states import Environment
from tests import world
from tests.live import Answer
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, asserting, code_by_hand, machine, register

pytestmark = pytest.mark.django_db
GRANT = {"grant_type": "client_credentials"}
WRONG = "pcs_" + "A" * 43


def refusals(software: Software) -> Any:
    return queries.audit_events(
        Viewer(Role.AUDITOR, None), action=Event.CLIENT_AUTHENTICATION_REFUSED, subject_id=software.client_id
    )


def ask(door: InProcess, authorization: str | None = None, **form: str) -> Answer:
    headers = {} if authorization is None else {"Authorization": authorization}
    return door.post("/token", form=GRANT | form, headers=headers)


class TestBasic:
    def test_is_form_encoded_before_base64(self, door: InProcess, batch: Software) -> None:
        """RFC 6749 §2.3.1, Appendix B."""
        encoded = "".join(f"%{octet:02X}" for octet in batch.secret.encode())
        assert ask(door, world.basic(batch.client_id, encoded)).status == 200

    @pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic  "])
    def test_knows_its_scheme_in_any_case(self, door: InProcess, batch: Software, scheme: str) -> None:
        value = world.basic(batch.client_id, batch.secret).partition(" ")[2]
        assert ask(door, f"{scheme} {value}").status == 200

    def test_may_name_the_client_again(self, door: InProcess, batch: Software) -> None:
        header = world.basic(batch.client_id, batch.secret)
        assert ask(door, header, client_id=batch.client_id).status == 200
        assert error(ask(door, header, client_id="c_other")) == (401, "invalid_client")

    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic Og==",
            "Basic YQ==",
            "Basic /////w==",
            "Bearer abc",
            "Digest username=a",
            "",
            "é",
            "Basic " + base64.b64encode(b"a\x00b:c").decode(),
            "Basic " + "A" * 5000,
        ],
    )
    def test_that_cannot_be_read_is_invalid_client(self, door: InProcess, header: str) -> None:
        answer = ask(door, header)
        assert error(answer) == (401, "invalid_client")
        assert answer.headers["WWW-Authenticate"] == 'Basic realm="concordat"'

    def test_without_a_header_is_none(self) -> None:
        assert requests.basic(None) is None


class TestEveryMethod:
    @pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
    def test_secret(self, door: InProcess, acme: Organization, method: str) -> None:
        software = machine(door, acme, token_endpoint_auth_method=method)
        assert software.token().status == 200

    @pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
    def test_key(self, door: InProcess, acme: Organization, alg: str) -> None:
        software = machine(door, acme, signer=world.signer(alg))
        assert "client_secret" not in software.information
        assert software.token().status == 200

    def test_none_with_a_code_and_pkce(self, door: InProcess, acme: Organization, user: User) -> None:
        software = register(door, acme, token_endpoint_auth_method="none")
        assert software.exchange(code_by_hand(software, user)).status == 200
        # RFC 6749 §3.2: without a value it is as if omitted
        assert software.exchange(code_by_hand(software, user), client_secret="").status == 200


def presentations(software: Software) -> dict[str, tuple[str | None, dict[str, str]]]:
    """Every way to present the same, true credentials of one client."""
    value = software.information.get("client_secret", WRONG)
    signer = software.signer or world.signer()
    return {
        "client_secret_basic": (world.basic(software.client_id, value), {}),
        "client_secret_post": (None, {"client_id": software.client_id, "client_secret": value}),
        "private_key_jwt": (
            None,
            asserting(world.assertion(signer, software.client_id, software.door.issuer)),
        ),
        "none": (None, {"client_id": software.client_id}),
    }


@pytest.mark.parametrize(
    "registered", ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
)
@pytest.mark.parametrize("used", ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
def test_only_the_registered_method_counts(
    door: InProcess, acme: Organization, user: User, registered: str, used: str
) -> None:
    signer = world.signer() if registered == "private_key_jwt" else None
    software = register(door, acme, signer=signer, token_endpoint_auth_method=registered)
    header, form = presentations(software)[used]
    code = code_by_hand(software, user)
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": software.redirect_uri}
    answer = ask(door, header, **sent, **form, code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    if used == registered:
        assert answer.status == 200
    else:
        assert error(answer) == (401, "invalid_client")


@pytest.mark.parametrize("first", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
@pytest.mark.parametrize("second", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_two_methods_at_once_are_refused(
    door: InProcess, acme: Organization, first: str, second: str
) -> None:
    """RFC 6749 §2.3: the client MUST NOT use more than one authentication method in each request."""
    if first == second:
        return
    software = machine(door, acme, token_endpoint_auth_method=first if first != "private_key_jwt" else second)
    ways = presentations(software)
    header = ways[first][0] or ways[second][0]
    assert error(ask(door, header, **ways[first][1] | ways[second][1])) == (401, "invalid_client")


class TestRefusal:
    def test_of_an_unknown_client_and_of_a_wrong_secret_read_alike(
        self, door: InProcess, batch: Software
    ) -> None:
        unknown = ask(door, world.basic("c_" + "x" * 24, WRONG))
        wrong = ask(door, world.basic(batch.client_id, WRONG))
        assert error(unknown) == error(wrong) == (401, "invalid_client")
        assert unknown.body == wrong.body

    def test_is_one_event_a_minute(self, door: InProcess, batch: Software, later: Any) -> None:
        for _ in range(5):
            ask(door, world.basic(batch.client_id, WRONG))
        assert refusals(batch).count() == 1
        later(60)
        ask(door, world.basic(batch.client_id, WRONG))
        assert refusals(batch).count() == 2

    def test_names_no_secret_in_its_event(self, door: InProcess, batch: Software) -> None:
        ask(door, world.basic(batch.client_id, WRONG))
        assert WRONG not in str(refusals(batch).values().get())

    def test_of_an_unknown_client_is_no_event(self, door: InProcess) -> None:
        world.operator()
        before = queries.audit_events(Viewer(Role.AUDITOR, None)).count()
        ask(door, world.basic("c_" + "x" * 24, WRONG))
        assert queries.audit_events(Viewer(Role.AUDITOR, None)).count() == before

    def test_of_a_client_that_waits_is_unauthorized_client(self, door: InProcess, acme: Organization) -> None:
        software = machine(door, acme, environment=Environment.PRODUCTION)
        assert error(software.token()) == (400, "unauthorized_client")
        assert error(ask(door, world.basic(software.client_id, WRONG))) == (401, "invalid_client")

    def test_of_a_grant_outside_the_registration_is_unauthorized_client(self, app: Software) -> None:
        assert error(app.token()) == (400, "unauthorized_client")

    def test_counts_no_use(self, door: InProcess, batch: Software) -> None:
        ask(door, world.basic(batch.client_id, WRONG))
        assert Client.objects.get(client_id=batch.client_id).last_used_at is None
        batch.token()
        assert Client.objects.get(client_id=batch.client_id).last_used_at is not None
        assert ClientSecret.objects.get(client__client_id=batch.client_id).last_used_at is not None


class TestSecret:
    def test_that_ended_is_refused(self, batch: Software) -> None:
        ClientSecret.objects.filter(client__client_id=batch.client_id).update(ended_at=world.now())
        assert error(batch.token()) == (401, "invalid_client")

    def test_that_expired_is_refused(self, batch: Software) -> None:
        ClientSecret.objects.filter(client__client_id=batch.client_id).update(expires_at=world.now())
        assert error(batch.token()) == (401, "invalid_client")

    @pytest.mark.parametrize(
        "change", [str.lower, str.upper, lambda s: s + " ", lambda s: s[:-1], lambda s: ""]
    )
    def test_is_compared_to_the_letter(self, door: InProcess, batch: Software, change: Any) -> None:
        assert error(ask(door, world.basic(batch.client_id, change(batch.secret)))) == (401, "invalid_client")

    def test_of_another_client_is_refused(self, door: InProcess, batch: Software, app: Software) -> None:
        assert error(ask(door, world.basic(batch.client_id, app.secret))) == (401, "invalid_client")


def test_presents_nothing() -> None:
    with pytest.raises(InvalidClient, match="no client authentication"):
        client_authentication.presented({}, None)
