"""Every page at two widths in both themes: no accessibility violation, no console error, no CSP violation.

Looking at colours is most of the work. Usually the light ones are judged on a wide screen, the dark ones on a narrow
one, and everything else on both; `-m long` judges everything everywhere.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Error, Page, expect

from tests.browser.stage import Stage

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text()
RUN_AXE = """async (rules) => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"], ...rules });
    const where = (found) => found.nodes.map((node) => node.html.slice(0, 200)).join(" | ");
    return violations.map((found) => `${found.id}: ${where(found)}`);
}"""
WIDE, NARROW = 1440, 390
OF_COLOURS = ["color-contrast", "link-in-text-block"]
EVERY_RULE: dict[str, Any] = {}
COLOURS = {"runOnly": {"type": "rule", "values": OF_COLOURS}}
ALL_BUT_COLOURS = {"rules": {rule: {"enabled": False} for rule in OF_COLOURS}}
Plan = dict[tuple[int, str], dict[str, Any]]
USUAL: Plan = {
    (WIDE, "light"): EVERY_RULE,
    (NARROW, "light"): ALL_BUT_COLOURS,
    (NARROW, "dark"): COLOURS,
}
EVERYWHERE: Plan = {(width, theme): EVERY_RULE for width in (WIDE, NARROW) for theme in ("light", "dark")}
STAFF = (
    "monday",
    "queue",
    "case",
    "case of a change",
    "organization case",
    "people",
    "organizations",
    "new organization",
    "organization",
    "organization clients",
    "organization people",
    "organization domains",
    "organization audit",
    "edit",
    "grant a role",
    "change a role",
    "withdraw a role",
    "quotas",
    "end a proof",
    "contain",
    "restore one environment",
    "initial access token",
    "restore",
    "submit",
    "approve",
    "clients",
    "client",
    "suspend",
    "deregister",
    "reactivate",
    "audit",
    "audit event",
    "register by hand",
    "client by hand",
    "renew an exception",
    "move a client",
    "terms",
)
PARTNER = (
    "partner home",
    "partner clients",
    "partner client",
    "partner domains",
    "partner team",
    "partner role",
    "partner leave",
    "partner agreement",
    "partner tokens",
    "partner token",
    "partner register",
    "partner re-issue",
)
OTHERS = {
    "people of an administrator": ("root", "/staff/people/"),
    "queue of an auditor": ("ada", "/staff/queue/"),
    "audit with a wrong day": ("ada", "/staff/audit/?from=yesterday&q=acme"),
    "audit export": ("ada", "/staff/audit/export/?q=acme"),
    "own sign-in of staff": ("stan", "/account/"),
    "home before approval": ("fiona", "/partner/"),
    "suspended home": ("grace", "/partner/"),
    "home with a contained environment": ("kim", "/partner/"),
    "clients with a contained environment": ("kim", "/partner/clients/"),
    "step-up": ("unfresh", "/sign-in/step-up/"),
}
PUBLIC = {
    "sign-in": "/sign-in/",
    "lost password": "/sign-in/recover/",
    "closed invitation": "/invitations/none/",
    "problem": "/problems/invalid_redirect_uri",
}


@pytest.fixture
def page(tabs: Callable[[str], Page], request: pytest.FixtureRequest) -> Page:
    return tabs(getattr(request, "param", ""))


def look(page: Page, address: str, name: str, status: int = 200, plan: Plan = USUAL) -> None:
    """Open a page and judge it in every width and theme."""
    page.set_viewport_size({"width": WIDE, "height": 900})
    with complaints(page) as said:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == status
        judge(page, name, plan)
    assert [line for line in said if f"status of {status}" not in line] == []


@contextmanager
def complaints(page: Page) -> Iterator[list[str]]:
    """What the console and uncaught errors say meanwhile."""
    said: list[str] = []

    def of_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    def of_page(error: Error) -> None:
        said.append(str(error))

    page.on("console", of_console)
    page.on("pageerror", of_page)
    try:
        yield said
    finally:
        page.remove_listener("console", of_console)
        page.remove_listener("pageerror", of_page)


def judge(page: Page, name: str, plan: Plan = USUAL) -> None:
    """No accessibility violation of the page that is open, in any width or theme."""
    page.evaluate(AXE)
    assert {seen: found for seen, found in _seen(page, name, plan) if found} == {}


def _seen(page: Page, name: str, plan: Plan) -> Any:
    for (width, theme), rules in plan.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        _draw(page, f"{name.replace(' ', '-')}-{width}-{theme}")
        yield f"{width} {theme}", page.evaluate(RUN_AXE, rules)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


def _draw(page: Page, name: str) -> None:
    if folder := os.environ.get("CONCORDAT_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("page", ["stan"], indirect=True)
@pytest.mark.parametrize("name", STAFF)
def test_staff_page(page: Page, stage: Stage, name: str) -> None:
    look(page, stage.staff_pages[name], name)


@pytest.mark.parametrize("page", ["alice"], indirect=True)
@pytest.mark.parametrize("name", PARTNER)
def test_partner_page(page: Page, stage: Stage, name: str) -> None:
    look(page, stage.partner_pages[name], name)


@pytest.mark.parametrize(
    ("page", "name"), [(who, name) for name, (who, _) in OTHERS.items()], indirect=["page"]
)
def test_page_of_others(page: Page, name: str) -> None:
    look(page, OTHERS[name][1], name)


@pytest.mark.parametrize("page", ["root"], indirect=True)
def test_the_end_of_a_persons_access(page: Page) -> None:
    page.goto("/staff/people/")
    page.get_by_role("link", name="End access").first.click()
    judge(page, "end of access")


@pytest.mark.parametrize("page", ["alice"], indirect=True)
def test_the_end_of_access_asks_in_place(page: Page, stage: Stage) -> None:
    page.goto(stage.partner_pages["partner team"])
    page.get_by_text("End access …").first.click()
    judge(page, "end of access in place")


@pytest.mark.parametrize("page", ["alice"], indirect=True)
def test_the_linter_with_findings(page: Page, stage: Stage) -> None:
    page.goto(stage.partner_pages["partner register"])
    page.get_by_label("Client metadata").fill(
        '{"redirect_uris": ["http://x.example/#a"], "scope": "everything"}'
    )
    page.get_by_role("button", name="Check").click()
    assert page.get_by_text("As it was judged").count() == 1
    judge(page, "linter with findings")


@pytest.mark.parametrize("page", ["alice"], indirect=True)
def test_the_linter_judges_while_one_types(page: Page, stage: Stage) -> None:
    page.goto(stage.partner_pages["partner register"])
    with complaints(page) as said:
        page.get_by_label("Client metadata").fill('{"scope": "everything"}')
        expect(page.locator("#linter")).to_contain_text("S1.entitled")
        page.get_by_label("Client metadata").fill('{"scope": ')
        expect(page.locator("#linter").get_by_role("status")).to_contain_text("not readable")
    assert said == []


@pytest.mark.parametrize("page", ["stan"], indirect=True)
def test_a_refused_change(page: Page, stage: Stage) -> None:
    page.goto(stage.staff_pages["edit"])
    page.get_by_label("Country").fill("ZZ")
    page.get_by_label("Reason").fill("moved")
    page.get_by_role("button", name="Change Acme").click()
    judge(page, "refused change")


@pytest.mark.parametrize("page", ["stan"], indirect=True)
def test_a_refused_form(page: Page, stage: Stage) -> None:
    page.goto(stage.staff_pages["new organization"])
    page.get_by_role("button", name="Create organization").evaluate(
        "button => { button.form.noValidate = true }"
    )
    page.get_by_role("button", name="Create organization").click()
    judge(page, "refused form")


@pytest.mark.parametrize("page", ["stan"], indirect=True)
def test_the_secret_shown_once(page: Page, stage: Stage) -> None:
    page.goto(stage.staff_pages["initial access token"])
    page.get_by_label("Reason").fill("first integration")
    page.get_by_role("button", name="Issue initial access token").click()
    assert page.locator("#secret-value").inner_text().startswith("pri_")
    judge(page, "secret shown once")


@pytest.mark.parametrize("name", PUBLIC)
def test_public_page(page: Page, name: str) -> None:
    look(page, PUBLIC[name], name, status=404 if "closed" in name else 200)


@pytest.mark.long
def test_every_page_everywhere(tabs: Callable[[str], Page], stage: Stage) -> None:
    """All rules at both widths in both themes."""
    pages = [("stan", *each) for each in stage.staff_pages.items()]
    pages += [("alice", *each) for each in stage.partner_pages.items()]
    pages += [(who, name, address) for name, (who, address) in OTHERS.items()]
    for who, name, address in pages:
        look(tabs(who), address, name, plan=EVERYWHERE)


def test_every_staff_page_is_looked_at(stage: Stage) -> None:
    assert set(STAFF) == set(stage.staff_pages)
