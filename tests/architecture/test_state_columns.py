"""Only `registry.lifecycle` writes a state column; whoever sets the first state is named here, with the reason."""

from registry import onboarding
from tests.architecture.finders import STATE_COLUMNS, state_writes
from tests.architecture.source import told

ONLY_WRITER = "registry/lifecycle.py"
FIRST_STATES = {
    ("registry/onboarding.py", "writes state"): "a new organization is a draft",
    ("registry/onboarding.py", "writes state_since"): "since it was made",
    ("registry/registration.py", "writes state"): "a new client is active or waits, as its decision says",
    ("registry/registration.py", "writes state_since"): "since it was registered",
}
NO_STATE = {
    ("registry/client_rows.py", "writes state"): "of a key, which follows the metadata",
    ("registry/errors.py", "writes state"): "a field of the exception TransitionRefused, not of a row",
    ("registry/onboarding.py", "writes a column whose name is computed"): "limited to _CHANGEABLE, see below",
}


def test_only_lifecycle_writes_state_columns() -> None:
    strangers = [
        found
        for found in state_writes()
        if found.path != ONLY_WRITER and (found.path, found.what) not in FIRST_STATES | NO_STATE
    ]
    assert told(strangers) == []


def test_every_exception_is_still_needed() -> None:
    seen = {(found.path, found.what) for found in state_writes()}
    assert seen >= FIRST_STATES.keys() | NO_STATE.keys()


def test_lifecycle_is_seen_writing() -> None:
    """A finder that finds nothing would prove nothing."""
    written = {found.what.removeprefix("writes ") for found in state_writes() if found.path == ONLY_WRITER}
    assert {"state", "epoch", "cutoff_at", "session_epoch", "contained_by"} <= written


def test_facts_that_may_change_hold_no_state() -> None:
    assert onboarding._CHANGEABLE.isdisjoint(STATE_COLUMNS)
