"""The token endpoint reads one form, each parameter once, and says what is wrong with any other."""

import pytest

from registry.models import AccessToken, ClientSecret
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, introspect

pytestmark = pytest.mark.django_db
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = "grant_type=client_credentials"


def post(batch: Software, body: bytes | str, query: str = "", content_type: str = FORM["Content-Type"]):
    return batch.door.post(
        f"/token{query}",
        body=body,
        headers={"Content-Type": content_type},
        basic=(batch.client_id, batch.secret),
    )


class TestIsRead:
    @pytest.mark.parametrize(
        "content_type",
        [
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded; charset=UTF-8",
            "APPLICATION/X-WWW-FORM-URLENCODED",
        ],
    )
    def test_as_a_form(self, batch: Software, content_type: str) -> None:
        assert post(batch, GRANT, content_type=content_type).status == 200

    @pytest.mark.parametrize(
        "parameter", ["scope=", "state=", "nonsense=1", "resource=", "acting=1&now=0&user=x"]
    )
    def test_with_empty_and_unknown_parameters_ignored(self, batch: Software, parameter: str) -> None:
        """RFC 6749 §3.2: without a value is as if omitted; unrecognized ones are ignored."""
        answer = post(batch, f"{GRANT}&{parameter}")
        assert (answer.status, answer.json()["scope"]) == (200, "accounts:read")

    def test_at_64_kib(self, batch: Software) -> None:
        body = f"{GRANT}&pad=".ljust(65_536, "a")
        assert post(batch, body).status == 200
        assert error(post(batch, body + "a")) == (413, "invalid_request")


class TestIsRefused:
    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "text/plain",
            "",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded-not",
        ],
    )
    def test_for_its_media_type(self, batch: Software, content_type: str) -> None:
        assert error(post(batch, GRANT, content_type=content_type)) == (415, "invalid_request")

    def test_for_another_charset(self, batch: Software) -> None:
        answer = post(batch, GRANT, content_type=f"{FORM['Content-Type']}; charset=utf-16")
        assert error(answer) == (400, "invalid_request")

    @pytest.mark.parametrize(
        "body",
        [
            f"{GRANT}&{GRANT}",
            f"{GRANT}&scope=accounts:read&scope=payments:write",
            f"{GRANT}&scope=&scope=accounts:read",
            f"{GRANT}&client_id=a&client_id=b",
            f"{GRANT}&x=1&x=1",
            f"{GRANT}&scope=%00",
            f"{GRANT}&%00=a",
            f"{GRANT}&scope=%FF%FE",
            f"{GRANT}&scope=%ED%A0%80",
            f"{GRANT}&x=é",
            b"grant_type=client_credentials&scope=\xff",
            "&".join([GRANT, *(f"p{n}=1" for n in range(300))]),
            "",
            "grant_type",
            "grant_type=",
            "=client_credentials",
            "Grant_Type=client_credentials",
        ],
        ids=range(17),
    )
    def test_for_its_content(self, batch: Software, body: bytes | str) -> None:
        assert error(post(batch, body)) == (400, "invalid_request")
        assert not AccessToken.objects.filter(application__client_id=batch.client_id).exists()

    def test_at_two_hundred_kilobytes(self, batch: Software) -> None:
        assert error(post(batch, f"{GRANT}&pad=" + "a" * 200_000)) == (413, "invalid_request")

    @pytest.mark.parametrize("name", ["grant_type", "client_secret", "code", "x"])
    def test_for_parameters_in_the_query(self, batch: Software, name: str) -> None:
        """RFC 6749 §2.3.1: credentials never stand in the request URI."""
        assert error(post(batch, GRANT, query=f"?{name}=1")) == (400, "invalid_request")

    def test_for_a_secret_in_the_query(self, door: InProcess, batch: Software) -> None:
        query = f"?client_id={batch.client_id}&client_secret={batch.secret}"
        answer = door.post(f"/token{query}", body=GRANT, headers=FORM)
        assert error(answer) == (400, "invalid_request")
        assert ClientSecret.objects.get(client__client_id=batch.client_id).last_used_at is None

    @pytest.mark.parametrize(
        "grant", ["password", "implicit", "urn:x", "refresh_token ", "CLIENT_CREDENTIALS"]
    )
    def test_for_a_grant_that_is_not_offered(self, batch: Software, grant: str) -> None:
        assert error(batch.token(grant_type=grant)) == (400, "unsupported_grant_type")

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
    def test_for_its_method(self, batch: Software, method: str) -> None:
        answer = batch.door.request(method, "/token", body=GRANT, headers=FORM)
        assert error(answer) == (405, "invalid_request")
        assert answer.headers["Allow"] == "POST"


def test_never_says_what_was_sent(batch: Software) -> None:
    for body in ('grant_type=<script>"é', "grant_type=client_credentials&scope=%22%5C%0a%C3%A9&state=%22x"):
        answer = post(batch, body)
        error(answer)
        assert b"<script>" not in answer.body
        assert "state" not in answer.json()


def test_answers_a_token_that_is_not_stored(batch: Software, server: tuple[str, str]) -> None:
    answer = batch.token(scope="accounts:read")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 300, "accounts:read")
    assert "refresh_token" not in told
    seen = introspect(batch.door, server, told["access_token"])
    assert (seen["client_id"], seen["sub"], seen["token_type"]) == (
        batch.client_id,
        batch.client_id,
        "Bearer",
    )
    assert seen["exp"] - seen["iat"] == 300
