"""CVE-2026-9793 (Keycloak): an encrypted envelope around plain claims, or no signature at all, passes for a JWT."""

import base64
import json
from typing import Any

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from tests import world
from tests.live import Live
from tests.portal.protocol.reading import error
from tests.software import Software, asserting, machine

pytestmark = pytest.mark.usefixtures("live_db")


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(software: Software) -> dict[str, Any]:
    now = int(world.now().timestamp())
    return {
        "iss": software.client_id,
        "sub": software.client_id,
        "aud": software.door.issuer,
        "jti": str(world.uuid4()),
        "iat": now,
        "exp": now + 60,
    }


def envelope(payload: bytes, key: JWK, **header: str) -> str:
    protected = {"alg": "RSA-OAEP-256", "enc": "A256GCM"} | header
    jwe = JWE(payload, json.dumps(protected))
    jwe.add_recipient(key)
    return str(jwe.serialize(compact=True))


def test_nothing_but_a_signature_by_a_registered_key_counts(live_server: Live) -> None:
    software = machine(live_server, world.organization(), signer=world.signer("PS256"))
    assert software.signer is not None
    said = claims(software)
    key = JWK(**{name: value for name, value in software.signer.public.items() if name not in {"use", "alg"}})
    unsigned = f"{part({'alg': 'none'})}.{part(said)}."
    attempts = [
        unsigned,
        unsigned + "AA",
        *(f"{part({'alg': alg})}.{part(said)}." for alg in ("None", "NONE", "nOnE", "", " none")),
        f"{part({'typ': 'JWT'})}.{part(said)}.",
        envelope(json.dumps(said).encode(), key),
        envelope(unsigned.encode(), key, cty="JWT"),
        f"{part({'alg': 'dir', 'enc': 'A256GCM'})}..{part(said)}.AA.AA",
        json.dumps({"payload": part(said), "signatures": []}),
        json.dumps({"payload": part(said), "protected": part({"alg": "none"}), "signature": ""}),
    ]
    for compact in attempts:
        form = {"grant_type": "client_credentials"} | asserting(compact)
        assert error(live_server.post("/token", form=form)) == (401, "invalid_client"), compact[:60]
    assert software.token().status == 200
