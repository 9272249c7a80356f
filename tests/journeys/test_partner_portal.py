"""Journeys of registration.md §5 in a real browser: 1 onboard a partner, 2 decide a case, 8 get lost access back.

Every click is counted: a link that is followed, a button that is pressed. Typing is not a click.
"""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import world
from tests.browser.conftest import Opened
from tests.browser.stage import Stage
from tests.live import Live
from tests.portal.signed_in import code

pytestmark = pytest.mark.browser
MACHINE = world.machine_metadata(client_name="Nightly Sums")


class Hand:
    """Somebody's hand on a page: follows links, presses buttons, and counts both."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, role: str, name: str | re.Pattern[str]) -> None:
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]  # a role by its name

    def fill(self, **fields: str) -> None:
        """Type into the fields of these names."""
        for name, value in fields.items():
            self.page.locator(f'[name="{name}"]:visible').first.fill(value)

    def secret(self) -> str:
        """What stands in the box that is shown once."""
        return self.page.locator("#secret-value").inner_text().strip()

    @contextmanager
    def within(self, clicks: int) -> Iterator[None]:
        """Fails when the block needs more clicks."""
        before = self.clicks
        yield
        assert self.clicks - before <= clicks


def link_in_mail(live: Live, address: str) -> str:
    """The path of the link that this mailbox got."""
    mails = Path(live.environment["EMAIL_FILE_PATH"]).glob("*.log")
    texts = [text for mail in mails if f"To: {address}" in (text := mail.read_text())]
    (link,) = re.findall(r"/invitations/pin_[\w-]+/", "".join(texts))
    return str(link)


def test_a_partner_is_onboarded(opened: Opened, live_server: Live) -> None:
    """Journey 1: at most 6 clicks of staff; the partner does the rest alone, without a ticket."""
    slug = f"heron-{secrets.token_hex(4)}"
    staff = Hand(opened("stan").new_page())
    staff.page.goto("/staff/organizations/")
    with staff.within(clicks=6):
        create(staff, slug)
        staff.click("link", re.compile(r"^Domains \d"))
        staff.fill(domain=f"{slug}.example", evidence="TXT record seen")
        staff.click("button", re.compile("^Attest"))
        staff.click("link", re.compile(r"^People \d"))
        staff.fill(name="Nora Sample", email=f"nora@{slug}.example")
        staff.click("button", "Send invitation")
    expect(staff.page.get_by_role("status").filter(has_text="is on its way")).to_be_visible()

    nora = Hand(opened().new_page())
    seed = join(nora, link_in_mail(live_server, f"nora@{slug}.example"), f"nora@{slug}.example")
    accept_terms(nora, seed)
    token = choose_route(nora)
    assert linted(nora, MACHINE | {"scope": "everything"}).count("S1.entitled") >= 1
    assert "Every rule is met" in linted(nora, MACHINE)
    answer = live_server.post("/register", bearer=token, json=MACHINE)
    assert (answer.status, answer.json()["client_name"]) == (201, "Nightly Sums")
    nora.page.goto("/partner/")
    expect(nora.page.get_by_role("main")).to_contain_text("Nightly Sums")
    expect(nora.page.get_by_role("main")).to_contain_text("A first client is registered in the sandbox")


def create(staff: Hand, slug: str) -> None:
    """A draft, from the list of organizations: two clicks."""
    staff.click("link", re.compile("New organization"))
    staff.fill(
        legal_name=f"Heron {slug} AS",
        display_name="Heron",
        slug=slug,
        registration_number=slug,
        country="NO",
        scopes="accounts:read",
    )
    staff.page.get_by_label("client_credentials, for software alone").check()
    staff.click("button", "Create organization")


def join(nora: Hand, link: str, address: str) -> str:
    """Accept the invitation, sign in, add a second factor; its seed."""
    nora.page.goto(link)
    nora.fill(password1=world.PASSWORD, password2=world.PASSWORD)
    nora.click("button", "Accept and set password")
    nora.fill(login=address, password=world.PASSWORD)
    nora.page.keyboard.press("Enter")
    expect(nora.page.get_by_role("heading", level=1)).to_contain_text("You are not active yet")
    nora.click("link", "Set it up")
    nora.fill(password=world.PASSWORD)
    nora.page.keyboard.press("Enter")
    seed = nora.page.get_by_role("button", name="Copy secret").get_attribute("data-copy") or ""
    nora.fill(code=code(seed))
    nora.click("button", "Add authenticator app")
    return seed


def accept_terms(nora: Hand, seed: str) -> None:
    """Accept what is announced; whoever has a factor presents it, and comes back to the page."""
    nora.page.goto("/partner/agreement/")
    accept(nora)
    expect(nora.page).to_have_url(re.compile("/sign-in/step-up/"))
    nora.fill(code=code(seed))
    nora.page.keyboard.press("Enter")
    expect(nora.page).to_have_url(re.compile("/partner/agreement/"))
    accept(nora)
    expect(nora.page.get_by_role("main")).to_contain_text("Nora Sample")


def choose_route(nora: Hand) -> str:
    """From home over the chooser to an initial access token; its value."""
    nora.page.goto("/partner/")
    nora.click("link", "Choose a route")
    nora.click("link", "Issue initial access token")
    nora.click("button", "Issue initial access token")
    return nora.secret()


def accept(nora: Hand) -> None:
    nora.page.get_by_label("I have read it").check()
    nora.click("button", "Accept version 4")


def linted(nora: Hand, document: dict[str, object]) -> str:
    nora.page.goto("/partner/clients/register/")
    nora.fill(metadata=json.dumps(document))
    nora.click("button", "Check")
    return nora.page.get_by_role("main").inner_text()


def test_a_case_is_decided(opened: Opened, live_server: Live) -> None:
    """Journey 2: at most 2 clicks a case, the answer chosen by its key."""
    alice = Hand(opened("alice").new_page())
    alice.page.goto("/partner/tokens/new/")
    alice.page.get_by_label("Production").check()
    alice.click("button", "Issue initial access token")
    name = f"Sums {secrets.token_hex(3)}"
    made = live_server.post("/register", bearer=alice.secret(), json=MACHINE | {"client_name": name}).json()
    assert made["registration_state"] == "pending"

    staff = Hand(opened("stan").new_page())
    staff.page.goto("/staff/queue/")
    with staff.within(clicks=2):
        open_case(staff, name)
        staff.page.wait_for_load_state("networkidle")  # keys act once their script is there
        staff.page.keyboard.press("a")
        expect(staff.page.locator("#decision-approve")).to_be_focused()
        staff.page.keyboard.press("Space")
        staff.fill(reason="known software")
        staff.click("button", re.compile("^Record decision"))
    expect(staff.page.get_by_role("status").filter(has_text="is recorded")).to_be_visible()
    grant = {"grant_type": "client_credentials", "scope": "accounts:read"}
    answer = live_server.post("/token", basic=(made["client_id"], made["client_secret"]), form=grant)
    assert answer.status == 200


def open_case(staff: Hand, name: str) -> None:
    staff.clicks += 1
    staff.page.locator("tr[data-row]", has_text=name).get_by_role("link").first.click()


def test_lost_access_comes_back(opened: Opened, live_server: Live, stage: Stage) -> None:
    """Journey 8: found by software_id, a new registration access token with a fresh factor, no ticket."""
    alice = Hand(opened("alice").new_page())
    alice.page.goto("/partner/")
    with alice.within(clicks=5):
        alice.click("link", "Clients")
        alice.fill(q="acme-ledger")
        alice.click("button", "Apply")
        alice.click("link", "Acme Ledger")
        alice.click("link", re.compile("^Re-issue registration access token"))
        alice.fill(reason="the vault was lost")
        alice.click("button", "Re-issue token")
    client_id = stage.partner_pages["partner client"].split("/")[3]
    answer = live_server.get(f"/register/{client_id}", bearer=alice.secret())
    assert (answer.status, answer.json()["software_id"]) == (200, "acme-ledger")
