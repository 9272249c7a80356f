"""The tables of `registry.states` against a second writing of them: every state, event and action."""

from collections.abc import Callable
from enum import StrEnum

import pytest

from registry import states
from registry.states import Action, Cell, ClientEvent, Environment, OrganizationEvent, State
from tests.architecture import expected

STATES = [state.value for state in State]
SUBJECTS = {
    "organization": (expected.ORGANIZATION_EVENTS, OrganizationEvent, states.organization_state_after),
    "client": (expected.CLIENT_EVENTS, ClientEvent, states.client_state_after),
}
TRANSITIONS = [
    pytest.param(*after_and_event, state, cell, id=f"{subject}-{state}-{after_and_event[1]}")
    for subject, (table, events, after) in SUBJECTS.items()
    for (state, event), cell in expected.read(table).items()
    for after_and_event in [(after, events(event))]
]


@pytest.mark.parametrize(("after", "event", "state", "cell"), TRANSITIONS)
def test_state_and_event(after: Callable[..., State | None], event: StrEnum, state: str, cell: str) -> None:
    assert (after(state, event) or ".") == cell


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_event_and_state_is_written_out(subject: str) -> None:
    table, events, _ = SUBJECTS[subject]
    product = {(state, event.value) for state in STATES for event in events}
    assert expected.read(table).keys() == product


@pytest.mark.parametrize(
    ("after", "event"),
    [
        (states.organization_state_after, OrganizationEvent.RESTORE),
        (states.client_state_after, ClientEvent.REACTIVATE),
    ],
)
@pytest.mark.parametrize("before", ["draft", "pending", "active", "restricted"])
def test_who_comes_back_comes_back_to_what_it_was(
    after: Callable[..., State | None], event: StrEnum, before: str
) -> None:
    assert after("suspended", event, before=before) == before


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_past_decides_no_other_event(subject: str) -> None:
    table, events, after = SUBJECTS[subject]
    coming_back = {OrganizationEvent.RESTORE.value, ClientEvent.REACTIVATE.value}
    for (state, event), cell in expected.read(table).items():
        if event not in coming_back:
            assert (after(state, events(event), before="pending") or ".") == cell


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_unknown_state_has_no_transition(subject: str) -> None:
    _, events, after = SUBJECTS[subject]
    for event in events:
        with pytest.raises(ValueError, match="asleep"):
            after("asleep", event)


@pytest.mark.parametrize(
    ("cells", "table"),
    [
        (states.ORGANIZATION_CELLS, expected.ORGANIZATION_ACTIONS),
        (states.CLIENT_CELLS, expected.CLIENT_ACTIONS),
    ],
    ids=["organization", "client"],
)
def test_state_and_action(cells: dict[State, dict[Action, Cell]], table: str) -> None:
    held = {(action.value, state.value): cells[state][action].value for state in State for action in Action}
    assert held == expected.read(table)


def test_final_states_are_those_that_nothing_leaves() -> None:
    for table in (expected.ORGANIZATION_EVENTS, expected.CLIENT_EVENTS):
        for state in states.FINAL_STATES:
            assert {cell for (row, _), cell in expected.read(table).items() if row == state} == {"."}


def test_there_are_two_environments() -> None:
    """Columns such as `sandbox_epoch` stand for them one by one."""
    assert {environment.value for environment in Environment} == {"sandbox", "production"}
