"""Client assertions: every claim and every header that may differ, and both sides of each boundary in time."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from jwcrypto.jwa import JWA
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from registry import assertions
from registry.assertions import Assertion
from registry.errors import InvalidClient
from registry.models import SpentAssertion
from tests import world
from tests.software import InProcess, Software, asserting, machine, part

ISSUER = "https://as.example"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
SIGNERS = {alg: world.signer(alg) for alg in ("ES256", "PS256", "EdDSA")}
SIGNER = SIGNERS["ES256"]


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims; `...` removes one."""
    good = {"iss": "c_1", "sub": "c_1", "aud": ISSUER, "jti": "j", "iat": SECONDS, "exp": SECONDS + 60}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def signed(signer: world.Signer, body: dict[str, Any], header: Any) -> str:
    """A compact JWS over any header, also over one that the library refuses to write."""
    text = f"{part(header)}.{part(body)}"
    return f"{text}.{part(JWA.signing_alg(signer.alg).sign(signer.key, text.encode()))}"


def verify(
    compact: str,
    signer: world.Signer = SIGNER,
    *,
    now: datetime = NOW,
    alg: str | None = None,
    key: Any = None,
) -> datetime:
    parsed = assertions.parse(compact)
    return assertions.verify(
        parsed, keys=[signer.public | (key or {})], registered_alg=alg, audiences=frozenset({ISSUER}), now=now
    ).useless_after


class TestAccepts:
    @pytest.mark.parametrize("alg", list(SIGNERS))
    def test_each_algorithm(self, alg: str) -> None:
        signer = SIGNERS[alg]
        assert verify(signer.sign(claims()), signer, alg=alg) == NOW + timedelta(seconds=70)

    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "JWT"},
            {"typ": "jwt"},
            {"typ": "client-authentication+jwt"},
            {"typ": "application/client-authentication+jwt"},
            {"kid": None},
            {"unknown": "x"},
        ],
    )
    def test_headers(self, header: dict[str, Any]) -> None:
        assert verify(SIGNER.sign(claims(), **header))

    @pytest.mark.parametrize(
        "changes", [{"aud": [ISSUER]}, {"iat": ...}, {"nbf": SECONDS}, {"foo": {"a": 1}}]
    )
    def test_claims(self, changes: dict[str, Any]) -> None:
        assert verify(SIGNER.sign(claims(**changes)))

    def test_the_key_that_fits_among_several(self) -> None:
        parsed = assertions.parse(SIGNER.sign(claims()))
        keys = [SIGNERS["PS256"].public, world.signer().public, SIGNER.public]
        found = assertions.verify(
            parsed, keys=keys, registered_alg=None, audiences=frozenset({ISSUER}), now=NOW
        )
        assert found.place == 2


class TestRefusesAudience:
    @pytest.mark.parametrize(
        "audience",
        [
            ...,
            None,
            "",
            f"{ISSUER}/",
            f"{ISSUER}/token",
            ISSUER.upper(),
            "https://other.example",
            [],
            [ISSUER, ISSUER],
            [ISSUER, "https://other.example"],
            ["https://other.example", ISSUER],
            [[ISSUER]],
            {"a": ISSUER},
            [None],
            1,
            True,
        ],
        ids=str,
    )
    def test_other_than_the_issuer_alone(self, audience: Any) -> None:
        with pytest.raises(InvalidClient, match="aud"):
            verify(SIGNER.sign(claims(aud=audience)))

    def test_of_the_token_endpoint_unless_the_client_may(self) -> None:
        compact = SIGNER.sign(claims(aud=f"{ISSUER}/token"))
        both = frozenset({ISSUER, f"{ISSUER}/token"})
        parsed = assertions.parse(compact)
        assert assertions.verify(parsed, keys=[SIGNER.public], registered_alg=None, audiences=both, now=NOW)


class TestRefusesTimes:
    @pytest.mark.parametrize(
        ("name", "value", "ok"),
        [
            ("exp", SECONDS - 9, True),
            ("exp", SECONDS - 10, False),
            ("exp", SECONDS + 310, True),
            ("exp", SECONDS + 311, False),
            ("iat", SECONDS + 10, True),
            ("iat", SECONDS + 11, False),
            ("nbf", SECONDS + 10, True),
            ("nbf", SECONDS + 11, False),
            ("iat", 0, True),
            ("exp", SECONDS + 60.5, True),
        ],
    )
    def test_at_their_boundaries(self, name: str, value: float, ok: bool) -> None:
        compact = SIGNER.sign(claims(**{name: value}))
        if ok:
            assert verify(compact)
            return
        with pytest.raises(InvalidClient, match=name):
            verify(compact)

    @pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
    @pytest.mark.parametrize("value", ["1", True, [], {}, -1, 10**40, 1e30], ids=str)
    def test_that_are_no_seconds(self, name: str, value: Any) -> None:
        with pytest.raises(InvalidClient, match=name):
            verify(SIGNER.sign(claims(**{name: value})))

    def test_without_an_end(self) -> None:
        with pytest.raises(InvalidClient, match="exp"):
            verify(SIGNER.sign(claims(exp=...)))


class TestRefusesHeaders:
    @pytest.mark.parametrize(
        "header",
        [
            {"crit": ["exp"]},
            {"crit": []},
            {"b64": False, "crit": ["b64"]},
            {"b64": True},
            {"typ": "at+jwt"},
            {"typ": "logout+jwt"},
            {"typ": "entity-statement+jwt"},
            {"typ": ""},
            {"typ": 1},
            {"typ": ["JWT"]},
            {"alg": "RS256"},
            {"alg": "ES384"},
            {"alg": "es256"},
            {"alg": "none"},
            {"alg": "None"},
            {"alg": "HS256"},
            {"alg": ["ES256"]},
            {"alg": {}},
            {"alg": None},
            {"kid": "other"},
            {"kid": 1},
            {"kid": ["a"]},
            {"kid": None},
        ],
        ids=str,
    )
    def test_signed_but_odd(self, header: dict[str, Any]) -> None:
        with pytest.raises(InvalidClient):
            verify(signed(SIGNER, claims(), {"alg": "ES256"} | header))

    def test_another_algorithm_than_the_registered_one(self) -> None:
        with pytest.raises(InvalidClient, match="registered algorithm"):
            verify(SIGNER.sign(claims()), alg="PS256")

    @pytest.mark.parametrize("member", [{"use": "enc"}, {"alg": "ES384"}])
    def test_a_key_for_something_else(self, member: dict[str, str]) -> None:
        with pytest.raises(InvalidClient, match="no registered key"):
            verify(SIGNER.sign(claims()), key=member)

    def test_a_key_in_the_header(self) -> None:
        thief = world.signer()
        header = {"alg": "ES256", "jwk": thief.public, "jku": "https://evil.example/", "x5c": ["AA"]}
        with pytest.raises(InvalidClient, match="no registered key"):
            verify(signed(thief, claims(), header))


class TestRefusesForms:
    @pytest.mark.parametrize(
        "compact",
        [
            "",
            ".",
            "..",
            "a.b",
            "a.b.c.d.e",
            "{}.{}.",
            f"{part({'alg': 'ES256'})}..AA",
            f"{part([])}.{part({})}.AA",
            f"{part(b'{')}.{part({})}.AA",
            f"{part(chr(0xFF).encode('latin-1'))}.{part({})}.AA",
            part({"alg": "ES256"}) + "." + part(b'{"sub":"a","sub":"b"}') + ".AA",
            part({"alg": "ES256"}) + "." + part(b'{"sub":"\\u0000"}') + ".AA",
            part({"alg": "ES256"}) + "." + part(b'{"sub":"\\ud800"}') + ".AA",
            part({"alg": "ES256"}) + "." + part(b'{"a":' * 9 + b"1" + b"}" * 9) + ".AA",
            part({"alg": "ES256"}) + "." + part(b'{"exp":' + b"9" * 1000 + b"}") + ".AA",
            "a" * 8193,
        ],
        ids=range(16),
    )
    def test_that_are_no_jws_of_objects(self, compact: str) -> None:
        with pytest.raises(InvalidClient):
            verify(compact)

    def test_a_jwe_around_raw_json(self) -> None:
        """CVE-2026-9793: encryption is no signature."""
        jwe = JWE(json.dumps(claims()).encode(), json.dumps({"alg": "RSA-OAEP-256", "enc": "A128GCM"}))
        jwe.add_recipient(JWK(**SIGNERS["PS256"].public | {"alg": "RSA-OAEP-256", "use": "enc"}))
        with pytest.raises(InvalidClient, match="compact JWS"):
            verify(jwe.serialize(compact=True))

    def test_a_signature_of_other_claims(self) -> None:
        head, _, mark = SIGNER.sign(claims()).split(".")
        with pytest.raises(InvalidClient, match="no registered key"):
            verify(f"{head}.{part(claims(sub='c_2', iss='c_2'))}.{mark}")

    @pytest.mark.parametrize("mark", ["", "AA", "A" * 86, "!", "="])
    def test_another_signature(self, mark: str) -> None:
        head, body, _ = SIGNER.sign(claims()).split(".")
        with pytest.raises(InvalidClient, match="no registered key"):
            verify(f"{head}.{body}.{mark}")

    def test_a_mac_with_the_public_key(self) -> None:
        """RFC 8725 §2.1: the verifier's key type is bound to the algorithm."""
        public = json.dumps(SIGNER.public).encode()
        text = f"{part({'alg': 'HS256', 'kid': SIGNER.public['kid']})}.{part(claims())}"
        mac = hmac.HMAC(public, hashes.SHA256())
        mac.update(text.encode())
        with pytest.raises(InvalidClient, match="registered algorithm"):
            verify(f"{text}.{part(mac.finalize())}")


class TestClientId:
    @pytest.mark.parametrize(
        "changes",
        [{"sub": "c_2"}, {"iss": ...}, {"sub": ...}, {"iss": ["c_1"], "sub": ["c_1"]}, {"iss": 1, "sub": 1}],
        ids=str,
    )
    def test_is_both_issuer_and_subject(self, changes: dict[str, Any]) -> None:
        with pytest.raises(InvalidClient, match="iss and sub"):
            _ = Assertion("", {}, claims(**changes)).client_id


@pytest.mark.django_db
class TestSpend:
    @pytest.fixture
    def client_pk(self) -> int:
        return machine(InProcess(), world.organization(), signer=world.signer()).row.pk

    def spend(self, client_pk: int, *, useless_after: datetime = NOW, **changes: Any) -> None:
        parsed = Assertion("", {}, claims(**changes))
        assertions.spend(parsed, client_pk=client_pk, useless_after=useless_after)

    def test_accepts_a_jti_once(self, client_pk: int) -> None:
        self.spend(client_pk)
        self.spend(client_pk, jti="k")
        with pytest.raises(InvalidClient, match="used before"):
            self.spend(client_pk)

    @pytest.mark.parametrize("jti", [..., None, "", 1, ["j"]], ids=str)
    def test_refuses_none(self, client_pk: int, jti: Any) -> None:
        with pytest.raises(InvalidClient, match="no jti"):
            self.spend(client_pk, jti=jti)

    def test_keeps_a_digest_of_any_length_beyond_its_use(self, client_pk: int) -> None:
        self.spend(client_pk, jti="j" * 5000)
        row = SpentAssertion.objects.get(client=client_pk)
        assert len(row.jti_digest) == 64
        assert row.expires_at == NOW + timedelta(seconds=60)

    def test_knows_other_clients_apart(self, client_pk: int) -> None:
        self.spend(client_pk)
        self.spend(machine(InProcess(), world.organization()).row.pk)


@pytest.mark.django_db
class TestAtTheTokenEndpoint:
    @pytest.fixture
    def software(self) -> Software:
        return machine(InProcess(), world.organization(), signer=world.signer())

    def test_one_assertion_gives_one_token(self, software: Software) -> None:
        compact = software.assertion()
        present = _presenting(software, compact)
        assert [present().status, present().status] == [200, 401]

    def test_a_refused_one_is_not_spent(self, software: Software) -> None:
        compact = software.assertion(aud="https://other.example")
        assert _presenting(software, compact)().status == 401
        assert not SpentAssertion.objects.filter(client=software.row.pk).exists()

    def test_an_ended_key_verifies_nothing(self, software: Software) -> None:
        software.row.keys.update(state="ended", ended_at=world.now())
        assert software.token().json()["error"] == "invalid_client"

    @pytest.mark.parametrize("allowed", ["issuer", "issuer_or_token_endpoint"])
    def test_its_url_is_an_audience_where_the_client_may(self, software: Software, allowed: str) -> None:
        type(software.row).objects.filter(pk=software.row.pk).update(assertion_audience=allowed)
        endpoint = f"{software.door.issuer}/token"
        status = _presenting(software, software.assertion(aud=endpoint))().status
        assert status == (200 if allowed == "issuer_or_token_endpoint" else 401)
        both = software.assertion(aud=[software.door.issuer, endpoint])
        assert _presenting(software, both)().status == 401

    def test_the_assertion_of_another_client_is_refused(self, software: Software) -> None:
        other = replace(software, signer=world.signer())
        assert _presenting(software, other.assertion())().status == 401


def _presenting(software: Software, compact: str) -> Callable[[], Any]:
    form = {"grant_type": "client_credentials"} | asserting(compact)
    return lambda: software.door.post("/token", form=form)
