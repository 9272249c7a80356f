"""From signing in to a decision, and a change of colours, with JavaScript off and by keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.stage import Account, Stage
from tests.portal.signed_in import code

pytestmark = pytest.mark.browser


@pytest.fixture
def page(opened: Opened) -> Page:
    return opened(java_script_enabled=False).new_page()


def sign_in(page: Page, account: Account) -> None:
    page.goto("/sign-in/?next=/staff/queue/")
    page.locator("[name=login]").fill(account.email)
    page.locator("[name=password]").fill(account.password)
    page.keyboard.press("Enter")
    page.locator("[name=code]").fill(code(account.seed))
    page.keyboard.press("Enter")


def test_a_person_signs_in_and_approves(page: Page, stage: Stage) -> None:
    sign_in(page, stage.paul)
    expect(page).to_have_url("/staff/queue/")
    page.get_by_role("link", name="R-").and_(page.locator(f'[href="{stage.case}"]')).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Acme Payments")
    page.locator("#decision-approve").check()
    page.get_by_label("Reason").fill("the evidence fits")
    page.get_by_role("button", name="Record decision on").click()
    expect(page).to_have_url(stage.case)
    expect(page.get_by_role("status").first).to_contain_text("is recorded")
    expect(page.get_by_role("complementary")).to_contain_text("the evidence fits")


def test_enter_in_a_field_does_not_act(opened: Opened, stage: Stage) -> None:
    page = opened("stan", java_script_enabled=False).new_page()
    page.goto(stage.staff_pages["contain"])
    page.get_by_label("Incident number").fill("I-42")
    page.keyboard.press("Enter")
    expect(page).to_have_url(stage.staff_pages["contain"])
    page.goto(stage.staff_pages["organization"])
    expect(page.get_by_role("heading", level=1)).to_contain_text("Active")


def test_colours_are_chosen_by_a_form(opened: Opened) -> None:
    page = opened("alice", java_script_enabled=False, color_scheme="light").new_page()
    page.goto("/partner/")
    page.get_by_role("button", name="Switch to dark colours").click()
    expect(page).to_have_url("/partner/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_skip_link_comes_first(opened: Opened) -> None:
    page = opened("stan", java_script_enabled=False).new_page()
    page.goto("/staff/queue/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/staff/queue/#main")
