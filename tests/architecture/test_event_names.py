"""Names of audit events: one grammar, one meaning each, none that nobody writes."""

import ast
import re

import pytest

from registry.events import Event
from tests.architecture.source import sources

GRAMMAR = re.compile(r"(?P<subject>[a-z]+(?:_[a-z]+)*)\.(?P<noun>[a-z]+(?:_[a-z]+)*)\.(?P<verb>[a-z]+)")
SUBJECTS = {
    "audit",
    "backup",
    "organization",
    "initial_access_token",
    "issuance",
    "registration",
    "client",
    "token",
    "consent",
    "resource_server",
    "person",
    "terms",
    "policy",
}
IRREGULAR = {"sent", "set", "undone", "withdrawn"}


def _used() -> set[str]:
    return {
        node.attr
        for source in sources()
        if source.module != "registry.events"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Event"
    }


@pytest.mark.parametrize("event", Event)
def test_follows_the_grammar(event: Event) -> None:
    match = GRAMMAR.fullmatch(event)
    assert match, f"{event} is not subject.noun.verb"
    assert match["subject"] in SUBJECTS
    assert match["verb"].endswith("ed") or match["verb"] in IRREGULAR, "the verb tells what happened"
    assert len(event) <= 64, "the column's length"


def test_names_are_unique() -> None:
    assert len({event.value for event in Event}) == len(Event.__members__)


def test_every_event_is_written_somewhere() -> None:
    assert sorted(set(Event.__members__) - _used()) == []


def test_every_subject_has_an_event() -> None:
    assert {event.partition(".")[0] for event in Event} == SUBJECTS
