"""Conventions that a reader of house.md would expect to find kept: one test each."""

import pytest
from django.conf import settings

from tests.architecture import finders
from tests.architecture.source import ROOT, Found, told

AUDIT = {
    "registry/audit.py": "the only writer, and the one reader that queries build on",
    "registry/models/audit.py": "the table",
    "registry/models/__init__.py": "lets Django see the table, does not hand it on",
}
HEARS_SIGNALS = {"portal/authn.py": "allauth tells of sign-ins by signal"}
QUERIES = {
    "portal/config/": "says where the database is",
    "portal/local/": "waits for the database, makes it, drops it",
}


def _outside(found: Found, allowed: dict[str, str]) -> bool:
    return not found.path.startswith(tuple(allowed))


def test_only_audit_names_its_table() -> None:
    assert told(found for found in finders.audit_table_named() if _outside(found, AUDIT)) == []


def test_audit_is_seen_naming_its_table() -> None:
    assert {found.path for found in finders.audit_table_named()} >= {"registry/audit.py"}


def test_models_do_not_hand_on_the_audit_table() -> None:
    from registry import models

    assert not hasattr(models, "AuditEvent")


def test_the_registry_knows_no_web() -> None:
    assert told(finders.web_in_registry()) == []


def test_the_portal_queries_nothing_itself() -> None:
    assert told(found for found in finders.queries_in_doors() if _outside(found, QUERIES)) == []


def test_only_sign_in_hears_signals() -> None:
    assert told(found for found in finders.signals() if _outside(found, HEARS_SIGNALS)) == []


def test_models_carry_no_magic() -> None:
    assert told(finders.magic_in_models()) == []


def test_names_say_something() -> None:
    assert told(finders.banned_names()) == []


def test_nobody_silences_a_tool_without_a_reason() -> None:
    assert told(finders.exceptions_without_reason()) == []


def test_init_files_are_empty() -> None:
    """Except those that are a room's own face."""
    faces = {"federation/__init__.py", "registry/models/__init__.py", "registry/queries/__init__.py"}
    filled = {
        path.relative_to(ROOT).as_posix()
        for room in ("registry", "portal")
        for path in (ROOT / room).rglob("__init__.py")
        if path.read_text().strip()
    }
    assert filled <= faces


@pytest.mark.parametrize("app", ["django.contrib.admin", "oauth2_provider.contrib"])
def test_there_is_no_door_without_a_rule(app: str) -> None:
    assert app not in settings.INSTALLED_APPS
