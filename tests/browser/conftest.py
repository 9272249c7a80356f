"""A registry with something to show, and Chromium to look at it.

The stage is built before Chromium starts, and nothing here touches the database afterwards: Playwright's event
loop owns the thread from then on. Chromium ends with its module, so that tests of other modules find no loop.
With CONCORDAT_SCREENSHOTS=folder each page that was looked at is also drawn there.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser import stage as staging
from tests.browser.stage import Stage
from tests.live import Live

CHROMIUM = Path("/usr/bin/chromium")
Opened = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def stage(live_server: Live, live_database: str, django_db_blocker: DjangoDbBlocker) -> Stage:
    """Organizations, clients, cases and people, committed to the database that the live server serves."""
    before = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = live_database
        try:
            return staging.build()
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before


@pytest.fixture(scope="module")
def chromium(stage: Stage) -> Iterator[Browser]:
    """Debian's Chromium; without it the test is skipped, and says so."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, live_server: Live, stage: Stage) -> Iterator[Opened]:
    """`opened("stan")` is a browser profile in which this person is signed in; `opened()` one of a stranger."""
    contexts: list[BrowserContext] = []

    def open_(who: str = "", **options: Any) -> BrowserContext:
        # Without motion a colour is what it will be, at once.
        context = chromium.new_context(
            base_url=live_server.base_url, ignore_https_errors=True, reduced_motion="reduce", **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if who:
            address = {"url": live_server.base_url, "secure": True, "httpOnly": True}
            context.add_cookies([{"name": "__Host-session", "value": stage.sessions[who], **address}])  # type: ignore[typeddict-item]
        return context

    yield open_
    for context in contexts:
        context.close()
