"""RFC 8725 §2.1: the public key of a client is used as the secret of a MAC."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests import world
from tests.live import Live
from tests.portal.protocol.reading import error
from tests.software import asserting, machine

pytestmark = pytest.mark.usefixtures("live_db")


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA"])
def test_a_mac_with_the_public_key_is_refused(live_server: Live, alg: str) -> None:
    signer = world.signer(alg)
    software = machine(live_server, world.organization(), signer=signer)
    good = software.assertion()
    _, body, _ = good.split(".")
    public: dict[str, Any] = signer.public
    spellings = [json.dumps(public).encode(), signer.key.export_public().encode(), signer.key.export_to_pem()]
    for name, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
        for secret in [*spellings, software.client_id.encode(), b""]:
            text = f"{part(json.dumps({'alg': name, 'kid': public['kid']}).encode())}.{body}"
            mac = part(hmac.new(secret, text.encode(), digest).digest())
            answer = live_server.post(
                "/token", form={"grant_type": "client_credentials"} | asserting(f"{text}.{mac}")
            )
            assert error(answer) == (401, "invalid_client")


def test_a_symmetric_key_is_never_registered(live_server: Live) -> None:
    token = world.initial_access_token(world.organization()).value
    body = world.machine_metadata(
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [{"kty": "oct", "kid": "a", "k": part(b"k" * 32), "alg": "HS256"}]},
    )
    assert error(live_server.post("/register", bearer=token, json=body)) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("alg", ["RS256", "HS256", "none", "ES384"])
def test_a_weak_algorithm_is_never_registered(live_server: Live, alg: str) -> None:
    token = world.initial_access_token(world.organization()).value
    body = world.machine_metadata(
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg=alg,
        jwks={"keys": [world.signer("PS256").public]},
    )
    assert error(live_server.post("/register", bearer=token, json=body)) == (400, "invalid_client_metadata")
