"""Colours and keys: kept in cookies, set by a form that works without script."""

import pytest
from django.test import Client

from registry.roles import Role
from tests import world
from tests.portal.signed_in import as_role
from tests.portal.staff.scene import text


def test_keeps_the_theme(db: None) -> None:
    browser = Client()
    answer = browser.post("/preferences/", {"theme": "dark", "next": "/sign-in/"})
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in/")
    assert 'data-theme="dark"' in text(browser, "/sign-in/")


def test_turns_keys_off(db: None) -> None:
    browser = as_role(Role.ORGANIZATION_READER, world.organization("acme"))
    assert 'data-keys="on"' in text(browser, "/partner/")
    browser.post("/preferences/", {"keys": "off"})
    assert "data-keys" not in text(browser, "/partner/")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil"]
)
def test_goes_nowhere_else(db: None, target: str) -> None:
    assert Client().post("/preferences/", {"theme": "dark", "next": target})["Location"] == "/"


@pytest.mark.parametrize("sent", [{"theme": "neon"}, {"keys": "maybe"}, {}])
def test_keeps_known_values_only(db: None, sent: dict[str, str]) -> None:
    assert not Client().post("/preferences/", sent).cookies
