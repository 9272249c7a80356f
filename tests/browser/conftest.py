"""A registry with something to show, and Chromium to look at it.

The stage is built before Chromium starts, and nothing here touches the database afterwards: Playwright's event
loop owns the thread from then on. Chromium ends with its module, so that tests of other modules find no loop.
With CONCORDAT_SCREENSHOTS=folder each page that was looked at is also drawn there.
"""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from tests.browser import stage as staging
from tests.browser.stage import Stage
from tests.live import Live

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--in-process-gpu", "--renderer-process-limit=1"]
Opened = Callable[..., BrowserContext]
BUILT: dict[str, Stage] = {}


@pytest.fixture(scope="session")
def stage(live_server: Live, live_database: str, django_db_blocker: DjangoDbBlocker) -> Stage:
    """Organizations, clients, cases and people, committed to the database that the live server serves; built once."""
    if live_database in BUILT:  # by the journeys, which take this fixture over
        return BUILT[live_database]
    before = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = live_database
        try:
            BUILT[live_database] = staging.build()
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before
    return BUILT[live_database]


@pytest.fixture(scope="module")
def chromium(stage: Stage) -> Iterator[Browser]:
    """Debian's Chromium; without it the test is skipped, and says so."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def profile(chromium: Browser, live_server: Live, stage: Stage) -> Opened:
    """`profile("stan")` is a browser profile in which this person is signed in; `profile()` one of a stranger."""

    def open_(who: str = "", **options: Any) -> BrowserContext:
        # Without motion a colour is what it will be, at once.
        context = chromium.new_context(
            base_url=live_server.base_url, ignore_https_errors=True, reduced_motion="reduce", **options
        )
        context.set_default_timeout(10_000)
        if who:
            address = {"url": live_server.base_url, "secure": True, "httpOnly": True}
            context.add_cookies([{"name": "__Host-session", "value": stage.sessions[who], **address}])  # type: ignore[typeddict-item]
        return context

    return open_


@pytest.fixture
def opened(profile: Opened) -> Iterator[Opened]:
    """The same, for one test alone."""
    contexts: list[BrowserContext] = []

    def open_(who: str = "", **options: Any) -> BrowserContext:
        contexts.append(profile(who, **options))
        return contexts[-1]

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def tabs(profile: Opened) -> Callable[[str], Page]:
    """`tabs("stan")` is the tab of this person, the same in every test: what it fetched once stays with it."""
    return functools.cache(lambda who: profile(who).new_page())
