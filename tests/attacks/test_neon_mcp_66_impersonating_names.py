"""neon mcp #66, obsidian-mcp #183, OWASP ASVS V10.4.7: a client calls itself something that it is not."""

import pytest

from registry.models import Organization
from registry.roles import Role
from tests import world
from tests.attacks.attempts import Intruder
from tests.attacks.holding import everything
from tests.live import Live
from tests.portal.protocol.holder import Manager
from tests.portal.protocol.reading import error
from tests.software import look, register, signed_in

pytestmark = pytest.mark.usefixtures("live_db")


def test_the_consent_names_whose_it_is_and_where_it_leads(live_server: Live) -> None:
    acme = world.organization()
    app = register(live_server, acme, client_name="Northgate Online Banking")
    with signed_in(live_server, world.person(Role.END_USER)) as browser:
        page = look(browser, app.question()).text.replace("<wbr>", "")
    assert 'id="consent-organization">Acme<' in page
    assert f"app.{acme.slug}.example" in page
    assert "Test software" in page


def test_text_that_turns_or_hides_is_refused(live_server: Live) -> None:
    intruder = Intruder(live_server)
    marks = [
        "\u202e",
        "\u2066",
        "\u200f",
        "\u0000".replace("\x00", "\u0001"),
        "\u007f",
        "\u0085",
        "\ufeff",
        "\u2028",
    ]
    attempts = [{"client_name": f"Led{mark}ger"} for mark in marks] + [
        {"client_name#de": f"Led{marks[0]}ger"}
    ]
    intruder.all_refused(attempts, "invalid_client_metadata")
    assert intruder.nothing_left()


class TestAnotherOrganization:
    """By its display name or its legal name, in whatever letters; when registering and afterwards."""

    @pytest.fixture
    def victim(self) -> Organization:
        return world.organization("northgate")

    def disguises(self, name: str) -> list[str]:
        return [
            name,
            name.upper(),
            f"{name}.",
            " - ".join(name),
            name.replace("o", "\u043e"),
            name.replace("a", "\u0430").replace("e", "\u0435"),
            name.replace("o", "0"),
            "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in name),
            "".join(f"{c}\u0301" for c in name),
        ]

    def test_is_not_impersonated_by_a_new_client(self, live_server: Live, victim: Organization) -> None:
        intruder = Intruder(live_server)
        names = [*self.disguises(victim.display_name), *self.disguises(victim.legal_name)]
        members = [{member: name} for name in names for member in ("client_name", "client_name#de")]
        intruder.all_refused(members, "invalid_client_metadata")
        assert intruder.nothing_left()

    def test_is_not_impersonated_by_a_harmless_change(self, live_server: Live, victim: Organization) -> None:
        manager = Manager(register(live_server, world.organization()))
        before = everything(manager.software.client_id)
        for name in self.disguises(victim.display_name):
            answer = manager.change(client_name=name)
            assert error(answer) == (400, "invalid_client_metadata")
            assert "[D1.lookalike]" in answer.json()["error_description"]
        assert everything(manager.software.client_id) == before

    def test_bears_its_own_name(self, live_server: Live, victim: Organization) -> None:
        manager = Manager(register(live_server, victim, client_name=victim.legal_name))
        assert manager.change(client_name=victim.display_name).status == 200

    def test_is_not_the_operator(self, live_server: Live) -> None:
        names = {world.operator().display_name, world.operator().legal_name}
        Intruder(live_server).all_refused(
            [{"client_name": disguise} for name in names for disguise in self.disguises(name)],
            "invalid_client_metadata",
        )
