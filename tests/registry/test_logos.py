"""Logos are fetched by the worker, drawn anew, and served by us."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser

from registry import lifecycle, logos, pictures, queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Client, ClientLogo, Organization
from registry.roles import Role
from tests import peers, world
from tests.peers import Peer
from tests.portal.staff.scene import registered
from tests.registry.test_pictures import SVG, encoded
from tests.software import InProcess

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RED = encoded("PNG")


class Site:
    """A partner's web server that shows one picture."""

    def __init__(self, holder: Organization) -> None:
        self.holder, self.peer = holder, Peer(0)
        self.address = f"https://www.{holder.slug}.example/logo.png"
        self.said = peers.answer(RED, "image/png")

    def client(self, **members: Any) -> Client:
        return registered(self.holder, **({"logo_uri": self.address} | members))


@pytest.fixture
def site(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    made = Site(world.organization())
    host, authority = f"www.{made.holder.slug}.example", peers.authority(tmp_path)

    def talk(channel: Any, peer: Peer) -> None:
        while peers.heard(channel, peer):
            channel.sendall(made.said)

    with peers.speaking(authority.server(host), talk) as made.peer:
        peers.stand_for(monkeypatch, host, made.peer, authority)
        yield made


def fetch(client: Client, after: timedelta = timedelta()) -> int:
    rows = list(ClientLogo.objects.filter(client=client).values_list("pk", flat=True))
    return logos.fetch_due(ids=rows, limit=10, now=world.now() + after)


def events(client: Client) -> int:
    found = queries.client_events(Viewer(Role.AUDITOR, None), client.client_id)
    return sum(event.action == Event.LOGO_CHANGED for event in found)


def served(digest: str) -> Any:
    return Browser().get(f"/logos/{digest}.png", secure=True)


class TestFetch:
    def test_is_no_part_of_the_registration(self, site: Site) -> None:
        client = site.client()
        assert site.peer.connections == 0
        assert logos.digest_of(client) == ""

    def test_keeps_our_own_drawing(self, site: Site) -> None:
        client = site.client()
        assert fetch(client) == 1
        ours = pictures.drawn(RED)
        assert logos.digest_of(client) == hashlib.sha256(ours).hexdigest()
        assert logos.picture(logos.digest_of(client)) == ours
        assert events(client) == 1

    def test_comes_again_after_a_week_and_tells_what_changed(self, site: Site) -> None:
        client = site.client()
        fetch(client)
        assert fetch(client, 6 * DAY) == 0
        assert fetch(client, 7 * DAY + HOUR) == 1
        assert events(client) == 1
        site.said = peers.answer(encoded("JPEG", (9, 9)), "image/jpeg")
        fetch(client, 15 * DAY)
        assert events(client) == 2

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (peers.answer(SVG, "image/svg+xml"), "another media type"),
            (peers.answer(SVG, "image/png"), "no PNG"),
            (peers.answer(RED, "text/html"), "another media type"),
            (peers.answer(b" " * 270_000, "image/png"), "more octets"),
            (peers.answer(b"", status=302, Location="https://127.0.0.1/"), "redirect"),
            (peers.answer(b"", "image/png", status=404), "status 404"),
        ],
    )
    def test_of_what_is_no_picture_keeps_the_former_one(self, site: Site, said: bytes, told: str) -> None:
        client = site.client()
        fetch(client)
        held = logos.digest_of(client)
        site.said = said
        fetch(client, 8 * DAY)
        row = ClientLogo.objects.get(client=client)
        assert told in row.found
        assert logos.digest_of(client) == held

    def test_follows_the_metadata(self, site: Site) -> None:
        client = site.client()
        fetch(client)
        logos.follow(client, _metadata(None), world.now())
        assert not ClientLogo.objects.filter(client=client).exists()

    def test_of_another_address_begins_without_the_former_picture(self, site: Site) -> None:
        client = site.client()
        fetch(client)
        logos.follow(client, _metadata(f"{site.address}?2"), world.now())
        assert logos.digest_of(client) == ""


def _metadata(logo_uri: str | None) -> Any:
    from registry import client_metadata

    return client_metadata.parse({"logo_uri": logo_uri} if logo_uri else {})


class TestServed:
    def test_is_a_png_and_nothing_else(self, site: Site) -> None:
        client = site.client()
        fetch(client)
        answer = served(logos.digest_of(client))
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer.content == pictures.drawn(RED)

    @pytest.mark.parametrize("digest", ["0" * 64, "none", "-"])
    def test_is_not_found_by_another_name(self, site: Site, digest: str) -> None:
        site.client()
        assert served(digest).status_code == 404

    def test_ends_with_its_client(self, site: Site) -> None:
        client = site.client()
        fetch(client)
        digest = logos.digest_of(client)
        lifecycle.deregister_client(client.client_id, actor=world.STAN, reason="over", now=world.now())
        assert served(digest).status_code == 404


def test_a_changed_registration_has_the_new_logo_fetched(site: Site) -> None:
    token = world.initial_access_token(site.holder).value
    body = world.metadata(site.holder, logo_uri=site.address)
    told = InProcess().post("/register", bearer=token, json=body).json()
    client = Client.objects.get(client_id=told["client_id"])
    fetch(client)
    changed = body | {"client_id": client.client_id, "logo_uri": f"{site.address}?2"}
    path = f"/register/{client.client_id}"
    answer = InProcess().request("PUT", path, bearer=told["registration_access_token"], json=changed)
    assert answer.status == 200, answer.text
    row = ClientLogo.objects.get(client=client)
    assert (row.uri, row.digest) == (f"{site.address}?2", "")
