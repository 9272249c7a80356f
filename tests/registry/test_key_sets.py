"""Keys by reference: fetched after the cheap checks, judged like keys by value."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from registry import decisions, key_refresh, lifecycle
from registry.models import Client, KeySet, Organization, Registration
from tests import peers, world
from tests.key_server import Partner, kid, kids, publishing
from tests.live import Answer
from tests.software import InProcess
from tests.together import begin

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def partner(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Partner]:
    holder = world.organization()
    yield from publishing(holder, monkeypatch, tmp_path)


def findings(answer: Answer) -> str:
    assert answer.status == 400, answer.text
    assert answer.json()["error"] == "invalid_client_metadata"
    return str(answer.json()["error_description"])


class TestRegistration:
    def test_takes_the_keys_into_the_ledger(self, partner: Partner) -> None:
        first, second = world.signer(), world.signer("PS256")
        partner.publish(first, second)
        client = partner.client()
        assert kids(client) == {kid(first), kid(second)}
        assert client.metadata["jwks_uri"] == partner.address
        assert "jwks" not in client.metadata
        row = KeySet.objects.get(client=client)
        assert row.next_fetch_at - row.fetched_at == 15 * MINUTE
        assert partner.peer.paths == ["/jwks"]

    def test_lets_the_client_ask_for_tokens(self, partner: Partner) -> None:
        signer = world.signer()
        partner.publish(signer)
        client = partner.client()
        assert partner.ask_token(client, signer).status == 200
        assert partner.ask_token(client, world.signer()).json()["error"] == "invalid_client"
        assert len(partner.peer.requests) == 1

    @pytest.mark.parametrize(
        "members",
        [
            {"scope": "everything"},
            {"jwks_uri": "https://other.example/jwks"},
            {"jwks_uri": "http://keys.{slug}.example/jwks"},
            {"jwks_uri": "https://keys.{slug}.example/jwks#x"},
            {"jwks": {"keys": []}},
            {"client_name": "a\u202eb"},
        ],
    )
    def test_that_breaks_another_rule_fetches_nothing(
        self, partner: Partner, members: dict[str, Any]
    ) -> None:
        given = {
            name: value.format(slug=partner.holder.slug) if isinstance(value, str) else value
            for name, value in members.items()
        }
        findings(partner.register(**given))
        assert partner.peer.connections == 0

    def test_without_a_use_left_fetches_nothing(self, partner: Partner) -> None:
        partner.publish(world.signer())
        partner.token = world.initial_access_token(partner.holder, max_uses=1).value
        partner.client()
        partner.publish(world.signer())
        assert partner.register().status == 401
        assert len(partner.peer.requests) == 1

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (peers.answer(b"{}"), "does not hold a JWK Set"),
            (peers.answer(b"[]"), "does not hold a JWK Set"),
            (peers.answer(b"not json"), "does not hold a JWK Set"),
            (peers.answer(b""), "does not hold a JWK Set"),
            (peers.answer(b'{"keys":{}}'), "does not hold a JWK Set"),
            (peers.answer(b'{"keys":[1]}'), "does not hold a JWK Set"),
            (peers.answer(b'{"keys":[],"keys":[]}'), "does not hold a JWK Set"),
            (peers.answer(b'{"keys":[]}'), "holds no key"),
            (peers.answer(b'{"keys":[]}', "text/html"), "another media type"),
            (peers.answer(b'{"keys":[]}', status=404), "status 404"),
            (peers.answer(b"", status=302, Location="https://127.0.0.1/"), "redirect"),
            (peers.answer(b" " * 70_000), "more octets"),
            (None, "cannot be reached"),
        ],
    )
    def test_says_what_is_wrong_with_the_set(self, partner: Partner, said: bytes | None, told: str) -> None:
        partner.said = said
        assert told in findings(partner.register())
        assert not Client.objects.filter(organization=partner.holder).exists()

    @pytest.mark.parametrize(
        ("change", "rule"),
        [
            ({"d": "AQ"}, "K1.private"),
            ({"kid": None}, "K1.kid"),
            ({"crv": "secp256k1"}, "K1.type"),
            ({"x": "AQ"}, "K1.ec"),
            ({"use": "enc"}, "A2.key"),
            ({"alg": "ES384"}, "K1.algorithm"),
        ],
    )
    def test_judges_fetched_keys_like_sent_ones(
        self, partner: Partner, change: dict[str, Any], rule: str
    ) -> None:
        key = {name: value for name, value in (world.signer().public | change).items() if value is not None}
        partner.said = peers.answer(json.dumps({"keys": [key]}).encode())
        told = findings(partner.register())
        assert rule in told
        assert "jwks_uri" in told

    def test_with_a_key_of_another_client_is_refused(self, partner: Partner) -> None:
        signer = world.signer()
        partner.publish(signer)
        partner.client()
        assert "K2.owner" in findings(partner.register())

    def test_with_a_key_that_was_revoked_is_refused_for_ever(self, partner: Partner) -> None:
        signer = world.signer()
        partner.publish(signer)
        client = partner.client()
        lifecycle.revoke_client(client.client_id, actor=world.STAN, reason="leak", now=world.now())
        assert "K2.owner" in findings(partner.register())

    def test_is_the_same_for_clients_made_by_hand(self, partner: Partner) -> None:
        from tests.portal.staff.scene import registered

        signer = world.signer()
        partner.publish(signer)
        made = registered(
            partner.holder, token_endpoint_auth_method="private_key_jwt", jwks_uri=partner.address
        )
        assert kids(made) == {kid(signer)}


class TestRepeatedRegistration:
    KEY = "k" * 22

    def send(self, partner: Partner) -> Answer:
        body = world.machine_metadata(token_endpoint_auth_method="private_key_jwt", jwks_uri=partner.address)
        headers = {"Idempotency-Key": self.KEY}
        return InProcess().post("/register", bearer=partner.token, json=body, headers=headers)

    def test_fetches_once(self, partner: Partner) -> None:
        partner.publish(world.signer())
        first, second = self.send(partner), self.send(partner)
        assert first.json()["client_id"] == second.json()["client_id"]
        assert len(partner.peer.requests) == 1


class TestChange:
    def replace(self, client: Client, token: str, **members: Any) -> Answer:
        body = world.machine_metadata(
            client_id=client.client_id, token_endpoint_auth_method="private_key_jwt"
        )
        return InProcess().request("PUT", f"/register/{client.client_id}", bearer=token, json=body | members)

    def by_value(self, partner: Partner) -> tuple[Client, str, world.Signer]:
        signer = world.signer()
        answer = partner.register(jwks_uri=None, jwks={"keys": [signer.public]})
        assert answer.status == 201, answer.text
        told = answer.json()
        return Client.objects.get(client_id=told["client_id"]), told["registration_access_token"], signer

    def test_to_an_address_takes_its_keys(self, partner: Partner) -> None:
        client, token, old = self.by_value(partner)
        new = world.signer()
        partner.publish(new)
        answer = self.replace(client, token, jwks_uri=partner.address)
        assert answer.status == 200, answer.text
        assert (kids(client), kids(client, "retired")) == ({kid(new)}, {kid(old)})

    def test_that_waits_takes_them_when_it_is_approved(self, partner: Partner) -> None:
        client, token, old = self.by_value(partner)
        Organization.objects.filter(pk=partner.holder.pk).update(sandbox_review="one_person")
        new = world.signer()
        partner.publish(new)
        assert "pending_change" in self.replace(client, token, jwks_uri=partner.address).json()
        assert kids(client) == {kid(old)}
        waiting = Registration.objects.get(client=client, outcome="pending")
        decisions.approve(waiting.pk, actor=world.PAUL, reason="checked", now=world.now())
        assert kids(client) == {kid(new)}
        assert len(partner.peer.requests) == 1

    def test_of_something_else_fetches_nothing(self, partner: Partner) -> None:
        signer = world.signer()
        partner.publish(signer)
        answer = partner.register()
        client = Client.objects.get(client_id=answer.json()["client_id"])
        partner.publish(world.signer())
        token = answer.json()["registration_access_token"]
        changed = self.replace(client, token, jwks_uri=partner.address, client_name="Other")
        assert (changed.status, changed.json()["client_name"]) == (200, "Other")
        assert kids(client) == {kid(signer)}
        assert len(partner.peer.requests) == 1

    def test_that_is_refused_fetches_nothing(self, partner: Partner) -> None:
        client, token, _ = self.by_value(partner)
        findings(self.replace(client, token, jwks_uri=partner.address, scope="everything"))
        assert partner.peer.connections == 0

    def test_to_keys_by_value_forgets_the_set(self, partner: Partner) -> None:
        partner.publish(world.signer())
        answer = partner.register()
        client = Client.objects.get(client_id=answer.json()["client_id"])
        new = world.signer()
        token = answer.json()["registration_access_token"]
        assert self.replace(client, token, jwks={"keys": [new.public]}).status == 200
        assert kids(client) == {kid(new)}
        key_refresh.refresh_due(limit=10, now=world.now() + HOUR)
        assert not KeySet.objects.filter(client=client).exists()


@pytest.mark.usefixtures("live_db")
def test_nobody_waits_while_a_server_of_others_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The organization's row is free for others while its server takes its time."""
    holder, free = world.organization(), []

    def locked_elsewhere() -> bool:
        with transaction.atomic():
            return Organization.objects.select_for_update(nowait=True).filter(pk=holder.pk).exists()

    for partner in publishing(holder, monkeypatch, tmp_path):
        partner.publish(world.signer())
        partner.while_asked = lambda: free.append(begin(locked_elsewhere).result())
        client = partner.client()
        partner.publish(world.signer())
        row = KeySet.objects.get(client=client)
        key_refresh.refresh_due(ids=[row.pk], limit=1, now=world.now() + HOUR)
    assert free == [True, True]
