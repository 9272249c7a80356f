"""neon mcp #66, obsidian-mcp #183, OWASP ASVS V10.4.7: a client calls itself something that it is not."""

import pytest

from registry.roles import Role
from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live
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
