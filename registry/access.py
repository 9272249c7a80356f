"""The only answer to "may this client act?": one pure function and the SQL that fetches its inputs.

Nothing here caches. Whoever asks reads the rows in the same statement in which it reads what it needs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from registry.states import CLIENT_CELLS, ISSUING, ORGANIZATION_CELLS, Action, Cell, Environment, State

_STRICTNESS = (Cell.YES, Cell.REDUCED, Cell.UNDECIDED, Cell.FORBIDDEN, Cell.NO, Cell.GONE)
_ALLOWING = frozenset({Cell.YES, Cell.REDUCED})


@dataclass(frozen=True, slots=True)
class Epochs:
    """The two counters that a credential carries from the moment of its issue."""

    organization: int
    client: int


@dataclass(frozen=True, slots=True)
class OrganizationStanding:
    """What has to be known of an organization in one environment."""

    id: UUID
    state: str
    environment: str
    contained: bool
    epoch: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What has to be known of a client to decide: its own state, its organization's, its end, its epochs.

    issuing_stopped  the stop switch is thrown, for everybody
    """

    organization: OrganizationStanding
    client_id: str
    client_state: str
    client_epoch: int
    valid_until: datetime | None
    issuing_stopped: bool = False

    @property
    def epochs(self) -> Epochs:
        return Epochs(self.organization.epoch, self.client_epoch)


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer with the weakest term that decided it.

    is_pause  it is nothing about this client: the stop switch is thrown, and the same will be allowed again
    """

    cell: Cell
    reason: str
    is_pause: bool = False

    @property
    def allowed(self) -> bool:
        return self.cell in _ALLOWING


# The fragment that every hot query imports. Aliases: c = registry_client, o = registry_organization.
STANDING_COLUMNS = """
    o.id, o.state, c.environment,
    CASE c.environment WHEN 'production' THEN o.production_contained ELSE o.sandbox_contained END,
    CASE c.environment WHEN 'production' THEN o.production_epoch ELSE o.sandbox_epoch END,
    c.client_id, c.state, c.epoch, c.valid_until,
    EXISTS (SELECT FROM registry_issuancestop WHERE ended_at IS NULL)
"""
STANDING_JOIN = "registry_client c JOIN registry_organization o ON o.id = c.organization_id"
STANDING_WIDTH = 10


def standing_from_row(row: Sequence[Any]) -> Standing:
    """The first `STANDING_WIDTH` values of a row selected with `STANDING_COLUMNS`."""
    return Standing(OrganizationStanding(*row[:5]), *row[5:STANDING_WIDTH])


class OrganizationRow(Protocol):
    """The part of an organization's model row that decisions read."""

    id: Any
    state: Any
    sandbox_contained: Any
    production_contained: Any
    sandbox_epoch: Any
    production_epoch: Any


def organization_standing(organization: OrganizationRow, environment: str) -> OrganizationStanding:
    """The standing of an organization read as a model row."""
    production = environment == Environment.PRODUCTION
    return OrganizationStanding(
        organization.id,
        organization.state,
        environment,
        organization.production_contained if production else organization.sandbox_contained,
        organization.production_epoch if production else organization.sandbox_epoch,
    )


def may(standing: Standing, action: Action, now: datetime, *, issued: Epochs | None = None) -> Verdict:
    """Decide whether a client may act now: min(own state, organization's state), validity end, epochs, stop switch.

    issued  epochs that the presented credential carries, or None when none is presented
    Unknown states are refused. Does not look at scopes, grants or the credential's own expiry.
    """
    verdict = max(
        may_organization(standing.organization, action),
        _client_verdict(standing, action, now),
        key=lambda verdict: _STRICTNESS.index(verdict.cell),
    )
    if verdict.allowed and issued is not None and issued != standing.epochs:
        return Verdict(Cell.GONE, "issued before a cutoff")
    if verdict.allowed and standing.issuing_stopped and action in ISSUING:
        return Verdict(Cell.NO, "issuance is stopped", is_pause=True)
    return verdict


def may_organization(standing: OrganizationStanding, action: Action) -> Verdict:
    """Decide whether anybody may act for this organization in this environment."""
    state = State.SUSPENDED if _suspended_here(standing) else standing.state
    cell = _cell(ORGANIZATION_CELLS, state, action)
    if cell is Cell.SANDBOX:
        cell = Cell.YES if standing.environment == Environment.SANDBOX else Cell.NO
    return Verdict(cell, _reason(standing))


def _reason(standing: OrganizationStanding) -> str:
    """What decided: containment of one environment is not the suspension of the whole."""
    only_here = _suspended_here(standing) and standing.state != State.SUSPENDED
    return (
        f"organization contained in {standing.environment}" if only_here else f"organization {standing.state}"
    )


def _suspended_here(standing: OrganizationStanding) -> bool:
    return standing.contained and standing.state not in {State.REVOKED, State.OFFBOARDED}


def _client_verdict(standing: Standing, action: Action, now: datetime) -> Verdict:
    state, why = standing.client_state, "client"
    if standing.valid_until is not None and now >= standing.valid_until and state in _CAN_EXPIRE:
        state, why = State.SUSPENDED, "client expired,"
    return Verdict(_cell(CLIENT_CELLS, state, action), f"{why} {state}")


_CAN_EXPIRE = frozenset({State.PENDING, State.ACTIVE, State.RESTRICTED})


def _cell(table: Mapping[State, Mapping[Action, Cell]], state: str, action: Action) -> Cell:
    try:
        return table[State(state)][action]
    except (KeyError, ValueError):
        return Cell.NO
