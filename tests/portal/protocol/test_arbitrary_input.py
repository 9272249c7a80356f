"""Whatever octets arrive: never a server error, always JSON in the characters of the standard."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.models import Client, Organization
from tests import world
from tests.anything import json_values, unhurried
from tests.live import Answer
from tests.portal.protocol.reading import SAFE
from tests.software import InProcess, Software, asserting, machine, part

pytestmark = pytest.mark.django_db
DOOR = InProcess()

# One database transaction serves all examples of a test: nothing of them outlives it.
few = settings(unhurried, max_examples=40, suppress_health_check=list(HealthCheck))
many = settings(unhurried, max_examples=500, suppress_health_check=list(HealthCheck))

octets = st.binary(max_size=200)
header_text = st.text(
    st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=60
)
content_types = (
    st.sampled_from(
        [
            "application/json",
            "application/x-www-form-urlencoded",
            "text/plain",
            "multipart/form-data; boundary=a",
        ]
    )
    | header_text
)
MEMBERS = [
    "redirect_uris",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "grant_types",
    "response_types",
    "application_type",
    "client_name",
    "client_name#de",
    "client_uri",
    "logo_uri",
    "scope",
    "contacts",
    "tos_uri",
    "policy_uri",
    "jwks_uri",
    "jwks",
    "software_id",
    "software_version",
    "software_statement",
]
PARAMETERS = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "token",
    "token_type_hint",
    "state",
    "resource",
    "user",
    "acting",
    "response_type",
    "code_challenge",
    "code_challenge_method",
]
any_text = st.text(max_size=30)
forms = st.lists(st.tuples(st.sampled_from(PARAMETERS) | any_text, any_text), max_size=6)
grants = st.sampled_from(["client_credentials", "authorization_code", "refresh_token", "password", ""])


def sound(answer: Answer) -> None:
    """Answered, and if refused then in JSON that is safe to show."""
    assert answer.status < 500, answer.body
    if answer.status >= 400:
        assert answer.headers["Content-Type"] == "application/json"
        told = answer.json()
        assert SAFE.fullmatch(told["error"])
        assert SAFE.fullmatch(told["error_description"])


@pytest.fixture
def token(db: None) -> str:
    return world.initial_access_token(world.organization()).value


def register(token: str, body: bytes, content_type: str = "application/json", **headers: str) -> Answer:
    sent = {
        "Content-Type": content_type,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return DOOR.post("/register", bearer=token, body=body, headers=sent)


# Strategies of bodies that are nearly right

values = (
    json_values()
    | st.lists(any_text, max_size=3)
    | st.fixed_dictionaries({"keys": st.lists(json_values(), max_size=2)})
)
near_bodies = st.dictionaries(st.sampled_from(MEMBERS) | any_text, values, max_size=5)
near_keys = st.fixed_dictionaries(
    {},
    optional={
        name: json_values()
        | st.sampled_from(["EC", "RSA", "OKP", "P-256", "Ed25519", "AQAB", "sig", "ES256"])
        for name in ("kty", "crv", "x", "y", "n", "e", "kid", "use", "alg", "key_ops", "x5c", "d")
    },
)


class TestRegistration:
    @few
    @given(body=octets, content_type=content_types)
    def test_of_octets(self, token: str, body: bytes, content_type: str) -> None:
        sound(register(token, body, content_type))

    @few
    @given(document=near_bodies, key=any_text)
    def test_of_nearly_right_metadata(self, token: str, document: Any, key: str) -> None:
        body = world.machine_metadata() | document
        sound(register(token, json.dumps(body).encode("utf-8", "surrogatepass")))

    @few
    @given(keys=st.lists(near_keys, max_size=3))
    def test_of_nearly_right_keys(self, token: str, keys: Any) -> None:
        body = world.machine_metadata(token_endpoint_auth_method="private_key_jwt", jwks={"keys": keys})
        sound(register(token, json.dumps(body).encode("utf-8", "surrogatepass")))

    @few
    @given(uris=st.lists(st.text(max_size=40).map(lambda text: f"https://{text}") | any_text, max_size=3))
    def test_of_any_redirect_uri(self, token: str, uris: list[str]) -> None:
        body = {"redirect_uris": uris}
        sound(register(token, json.dumps(body).encode("utf-8", "surrogatepass")))

    @few
    @given(authorization=header_text, key=header_text)
    def test_with_any_headers(self, authorization: str, key: str) -> None:
        world.operator()
        headers = {"Authorization": authorization, "Idempotency-Key": key, "Content-Type": "application/json"}
        sound(DOOR.post("/register", body=b"{}", headers=headers))

    @few
    @given(key=header_text)
    def test_with_any_idempotency_key(self, token: str, key: str) -> None:
        sound(register(token, json.dumps(world.machine_metadata()).encode(), Idempotency_Key=key))

    def test_left_no_client_for_what_was_refused(self, token: str) -> None:
        holder = Organization.objects.order_by("-created_at").first()
        sound(register(token, b'{"redirect_uris":[1]}'))
        assert not Client.objects.filter(organization=holder).exists()


class TestForms:
    @pytest.fixture
    def batch(self, db: None) -> Software:
        return machine(DOOR, world.organization())

    @few
    @given(
        path=st.sampled_from(["/token", "/revoke", "/introspect"]),
        body=octets,
        content_type=content_types,
        authorization=header_text | st.none(),
    )
    def test_of_octets(self, path: str, body: bytes, content_type: str, authorization: str | None) -> None:
        headers = {"Content-Type": content_type} | ({"Authorization": authorization} if authorization else {})
        sound(DOOR.post(path, body=body, headers=headers))

    @few
    @given(path=st.sampled_from(["/token", "/revoke"]), form=forms, grant=grants)
    def test_of_any_parameters(self, batch: Software, path: str, form: Any, grant: str) -> None:
        body = urlencode([("grant_type", grant), *form], errors="surrogatepass")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        sound(DOOR.post(path, body=body, headers=headers, basic=(batch.client_id, batch.secret)))

    @few
    @given(header=json_values(), claims=json_values(), mark=any_text)
    def test_of_any_assertion(self, header: Any, claims: Any, mark: str) -> None:
        compact = f"{part(header)}.{part(claims)}.{mark}"
        body = urlencode({"grant_type": "client_credentials"} | asserting(compact), errors="surrogatepass")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        sound(DOOR.post("/token", body=body, headers=headers))

    @few
    @given(
        members=st.dictionaries(
            st.sampled_from(["alg", "typ", "kid", "crit", "iss", "sub", "aud", "exp", "iat", "nbf", "jti"]),
            json_values(),
            max_size=6,
        )
    )
    def test_of_nearly_right_assertions(self, members: dict[str, Any]) -> None:
        header = {"alg": "ES256"} | {k: v for k, v in members.items() if k in {"alg", "typ", "kid", "crit"}}
        claims = {"iss": "c_x", "sub": "c_x", "exp": 2**31} | members
        form = {"grant_type": "client_credentials"} | asserting(f"{part(header)}.{part(claims)}.AA")
        sound(DOOR.post("/token", form=form))


class TestAuthorization:
    @few
    @given(pairs=forms, state=any_text)
    def test_of_any_query(self, pairs: Any, state: str) -> None:
        query = urlencode([*pairs, ("state", state)], errors="surrogatepass")
        answer = DOOR.get(f"/authorize/?{query}")
        assert answer.status in {302, 400}

    @few
    @given(
        query=st.text(
            st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="#?"), max_size=60
        )
    )
    def test_of_any_octets(self, query: str) -> None:
        assert DOOR.get(f"/authorize/?{query}").status in {302, 400}


@pytest.mark.long
@many
@given(document=near_bodies, keys=st.lists(near_keys, max_size=3))
def test_registration_at_length(token: str, document: Any, keys: Any) -> None:
    body = world.machine_metadata(jwks={"keys": keys}) | document
    sound(register(token, json.dumps(body).encode("utf-8", "surrogatepass")))


@pytest.mark.long
@many
@given(form=forms, grant=grants, authorization=header_text)
def test_tokens_at_length(form: Any, grant: str, authorization: str) -> None:
    body = urlencode([("grant_type", grant), *form], errors="surrogatepass")
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": authorization}
    sound(DOOR.post("/token", body=body, headers=headers))
