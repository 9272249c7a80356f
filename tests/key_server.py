"""A partner that publishes its keys: an organization, its server on loopback, and what its software asks for."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from registry import queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Client, ClientKey, KeySet, Organization
from registry.roles import Role
from tests import peers, world
from tests.live import Answer
from tests.peers import Peer
from tests.software import InProcess

STAFF = Viewer(Role.AUDITOR, None)


@dataclass(slots=True)
class Partner:
    """An organization with a server that publishes keys at `address`; None breaks the connection off."""

    holder: Organization
    address: str = ""
    peer: Peer = field(default_factory=lambda: Peer(0))
    said: bytes | None = b""
    while_asked: Callable[[], None] = lambda: None
    token: str = ""

    def publish(self, *signers: world.Signer, **members: Any) -> None:
        self.said = peers.answer(json.dumps({"keys": [one.public for one in signers]} | members).encode())

    def register(self, **members: Any) -> Answer:
        body = world.machine_metadata(token_endpoint_auth_method="private_key_jwt", jwks_uri=self.address)
        return InProcess().post("/register", bearer=self.token, json=body | members)

    def client(self, **members: Any) -> Client:
        answer = self.register(**members)
        assert answer.status == 201, answer.text
        return Client.objects.select_related("organization").get(client_id=answer.json()["client_id"])

    def ask_token(self, client: Client, signer: world.Signer) -> Answer:
        issuer = settings.REGISTRY.issuer
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": world.assertion(signer, client.client_id, issuer),
        }
        return InProcess().post("/token", form=form)


def publishing(holder: Organization, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Partner]:
    host = f"keys.{holder.slug}.example"
    made = Partner(holder, f"https://{host}/jwks", token=world.initial_access_token(holder).value)

    def talk(channel: Any, peer: Peer) -> None:
        while peers.heard(channel, peer):
            made.while_asked()
            if made.said is None:
                return
            channel.sendall(made.said)

    authority = peers.authority(folder)
    with peers.speaking(authority.server(host), talk) as made.peer:
        peers.stand_for(monkeypatch, host, made.peer, authority)
        yield made


def kids(client: Client, state: str = "active") -> set[str]:
    return set(ClientKey.objects.filter(client=client, state=state).values_list("kid", flat=True))


def events(client: Client, event: Event) -> int:
    return sum(one.action == event for one in queries.client_events(STAFF, client.client_id))


def age(client: Client, **ago: timedelta) -> None:
    """As if the set had been fetched and tried so long ago."""
    now = world.now()
    KeySet.objects.filter(client=client).update(**{name: now - since for name, since in ago.items()})


def kid(signer: world.Signer) -> str:
    return str(signer.public["kid"])
