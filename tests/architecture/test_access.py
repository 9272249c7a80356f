"""`access.may` over every organization state × client state × action × environment: the minimum, and nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from registry import access
from registry.access import Epochs, OrganizationStanding, Standing
from registry.states import Action, Cell, Environment, State
from tests.architecture import expected

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
OF_ORGANIZATIONS = expected.read(expected.ORGANIZATION_ACTIONS)
OF_CLIENTS = expected.read(expected.CLIENT_ACTIONS)


def standing(
    organization: str = "active",
    client: str = "active",
    *,
    environment: str = "production",
    contained: bool = False,
    valid_until: datetime | None = None,
) -> Standing:
    owner = OrganizationStanding(UUID(int=1), organization, environment, contained, 3)
    return Standing(owner, "c_1", client, 5, valid_until)


def weaker(organization: str, client: str, action: str, environment: str) -> str:
    of_organization = OF_ORGANIZATIONS[action, organization]
    if of_organization == "sandbox":
        of_organization = "yes" if environment == "sandbox" else "no"
    return max(of_organization, OF_CLIENTS[action, client], key=expected.STRICTNESS.index)


def everything() -> Iterator[tuple[str, str, Action, str]]:
    return product(
        [state.value for state in State],
        [state.value for state in State],
        Action,
        [environment.value for environment in Environment],
    )


def test_the_weaker_of_the_two_states_decides() -> None:
    for organization, client, action, environment in everything():
        where = standing(organization, client, environment=environment)
        verdict = access.may(where, action, NOW)
        cell = weaker(organization, client, action, environment)
        assert (verdict.cell, verdict.allowed) == (cell, cell in expected.ALLOWING), (where, action)


def test_nobody_may_what_one_of_the_two_may_not() -> None:
    """The same without an order of strictness, so that a wrong order cannot hide."""
    for organization, client, action, environment in everything():
        where = standing(organization, client, environment=environment)
        ours = access.may_organization(where.organization, action).allowed
        own = access.may(standing("active", client, environment=environment), action, NOW).allowed
        assert access.may(where, action, NOW).allowed is (ours and own), (where, action)


def test_a_contained_environment_is_as_a_suspended_organization() -> None:
    for organization, client, action, environment in everything():
        contained = standing(organization, client, environment=environment, contained=True)
        as_state = organization if organization in {"revoked", "offboarded"} else "suspended"
        assert access.may(contained, action, NOW).cell == weaker(as_state, client, action, environment)


def test_containment_never_allows_more() -> None:
    for organization, client, action, environment in everything():
        free = access.may(standing(organization, client, environment=environment), action, NOW)
        held = access.may(
            standing(organization, client, environment=environment, contained=True), action, NOW
        )
        assert free.allowed or not held.allowed


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("unknown", ["", "asleep", "ACTIVE", "active "])
def test_an_unknown_state_is_refused(unknown: str, action: Action) -> None:
    assert access.may(standing(organization=unknown), action, NOW).allowed is False
    assert access.may(standing(client=unknown), action, NOW).allowed is False
    assert access.may_organization(standing(organization=unknown).organization, action).cell is Cell.NO


@pytest.mark.parametrize("environment", ["", "Sandbox", "staging"])
def test_an_unknown_environment_is_not_the_sandbox(environment: str) -> None:
    for state in ("draft", "pending"):
        assert not access.may(standing(state, environment=environment), Action.ISSUE, NOW).allowed


@pytest.mark.parametrize(
    ("issued", "allowed"),
    [
        (None, True),
        (Epochs(3, 5), True),
        (Epochs(2, 5), False),
        (Epochs(4, 5), False),
        (Epochs(3, 4), False),
        (Epochs(3, 6), False),
        (Epochs(5, 3), False),
    ],
)
@pytest.mark.parametrize("action", Action)
def test_only_the_epochs_of_now_count(issued: Epochs | None, allowed: bool, action: Action) -> None:
    verdict = access.may(standing(), action, NOW, issued=issued)
    assert (verdict.allowed, verdict.cell) == (allowed, Cell.YES if allowed else Cell.GONE)


def test_an_old_epoch_never_softens_a_refusal() -> None:
    for organization, client, action, environment in everything():
        where = standing(organization, client, environment=environment)
        old = access.may(where, action, NOW, issued=Epochs(1, 1))
        assert not old.allowed


@pytest.mark.parametrize("state", ["pending", "active", "restricted"])
def test_the_end_of_validity_suspends_at_its_instant(state: str) -> None:
    for action in Action:
        before = access.may(standing(client=state, valid_until=NOW + TICK), action, NOW)
        at = access.may(standing(client=state, valid_until=NOW), action, NOW)
        after = access.may(standing(client=state, valid_until=NOW - TICK), action, NOW)
        assert before.cell == OF_CLIENTS[action, state]
        assert at.cell == after.cell == OF_CLIENTS[action, "suspended"]


@pytest.mark.parametrize("state", ["suspended", "revoked", "offboarded"])
def test_the_end_of_validity_softens_nothing(state: str) -> None:
    for action in Action:
        ended = access.may(standing(client=state, valid_until=NOW - TICK), action, NOW)
        assert ended.cell == OF_CLIENTS[action, state]


@pytest.mark.parametrize("state", [state.value for state in State])
def test_nothing_is_issued_or_read_after_the_end_of_validity(state: str) -> None:
    ended = standing(client=state, valid_until=NOW)
    for action in (
        Action.AUTHORIZE,
        Action.ISSUE,
        Action.REFRESH,
        Action.INTROSPECT,
        Action.USE,
        Action.USERINFO,
    ):
        assert not access.may(ended, action, NOW).allowed
