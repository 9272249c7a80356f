"""States, events and actions as pure tables; nothing here reads or writes.

`ORGANIZATION_TRANSITIONS` and `CLIENT_TRANSITIONS`: state × event → next state; an absent cell refuses.
`ORGANIZATION_CELLS` and `CLIENT_CELLS`: state × action → `Cell`; the stricter of the two decides.
Source: the state model of the product (CDR participant duties widened to the authorization server).
"""

from collections.abc import Mapping
from enum import StrEnum


class Environment(StrEnum):
    SANDBOX = "sandbox"
    PRODUCTION = "production"


class Verb(StrEnum):
    """Whether a registration makes a client or changes one."""

    CREATE = "create"
    REPLACE = "replace"


class Route(StrEnum):
    """How a registration came."""

    FEDERATION_AUTOMATIC = "federation_automatic"
    FEDERATION_EXPLICIT = "federation_explicit"
    DYNAMIC = "dynamic"
    MANUAL = "manual"
    METADATA_DOCUMENT = "metadata_document"


class ExceptionReason(StrEnum):
    """Why a client is registered by hand although a route by protocol exists."""

    CANNOT_REGISTER = "software_cannot_register"
    MIGRATION = "migration"
    CONTINUITY = "continuity_of_service"
    AUTHORITY = "order_of_an_authority"
    TRIAL = "trial"


class State(StrEnum):
    """Lifecycle states, of an organization and of a client alike."""

    DRAFT = "draft"
    PENDING = "pending"
    ACTIVE = "active"
    RESTRICTED = "restricted"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    OFFBOARDED = "offboarded"


FINAL_STATES = frozenset({State.REVOKED, State.OFFBOARDED})


class OrganizationEvent(StrEnum):
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    RESTRICT = "restrict"
    LIFT = "lift"
    CONTAIN = "contain"
    RESTORE = "restore"
    REVOKE = "revoke"
    OFFBOARD = "offboard"


class ClientEvent(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    RESTRICT = "restrict"
    LIFT = "lift"
    SUSPEND = "suspend"
    EXPIRE = "expire"
    REACTIVATE = "reactivate"
    REVOKE = "revoke"
    DEREGISTER = "deregister"


class Action(StrEnum):
    """What somebody may want to do with, or in the name of, a client."""

    REGISTER = "register"
    AUTHORIZE = "authorize"
    ISSUE = "issue"
    REFRESH = "refresh"
    INTROSPECT = "introspect"
    USE = "use"
    REVOKE_TOKEN = "revoke_token"
    USERINFO = "userinfo"
    READ_REGISTRATION = "read_registration"
    WRITE_REGISTRATION = "write_registration"
    DELETE_REGISTRATION = "delete_registration"
    PORTAL_READ = "portal_read"
    PORTAL_WRITE = "portal_write"
    FETCH_KEYS = "fetch_keys"
    WITHDRAW_CONSENT = "withdraw_consent"


class Cell(StrEnum):
    """One cell of the table.

    YES        allowed
    SANDBOX    allowed in the sandbox, refused in production
    REDUCED    allowed in a reduced form: existing scopes minus flagged ones, or keys only
    UNDECIDED  not yet decided; the token endpoint says `unauthorized_client`
    NO         refused
    FORBIDDEN  refused although the credential is good (403)
    GONE       refused because the credential ended with its subject (401)
    """

    YES = "yes"
    SANDBOX = "sandbox"
    REDUCED = "reduced"
    UNDECIDED = "undecided"
    NO = "no"
    FORBIDDEN = "forbidden"
    GONE = "gone"


_O, _C = OrganizationEvent, ClientEvent

ORGANIZATION_TRANSITIONS: Mapping[State, Mapping[OrganizationEvent, State]] = {
    State.DRAFT: {_O.SUBMIT: State.PENDING, _O.CONTAIN: State.SUSPENDED, _O.REVOKE: State.REVOKED},
    State.PENDING: {
        _O.APPROVE: State.ACTIVE,
        _O.REJECT: State.DRAFT,
        _O.CONTAIN: State.SUSPENDED,
        _O.REVOKE: State.REVOKED,
    },
    State.ACTIVE: {
        _O.RESTRICT: State.RESTRICTED,
        _O.CONTAIN: State.SUSPENDED,
        _O.REVOKE: State.REVOKED,
        _O.OFFBOARD: State.OFFBOARDED,
    },
    State.RESTRICTED: {
        _O.LIFT: State.ACTIVE,
        _O.CONTAIN: State.SUSPENDED,
        _O.REVOKE: State.REVOKED,
        _O.OFFBOARD: State.OFFBOARDED,
    },
    State.SUSPENDED: {
        _O.RESTORE: State.ACTIVE,  # or the state held before: see `_resumed`
        _O.REVOKE: State.REVOKED,
        _O.OFFBOARD: State.OFFBOARDED,
    },
    State.REVOKED: {},
    State.OFFBOARDED: {},
}

CLIENT_TRANSITIONS: Mapping[State, Mapping[ClientEvent, State]] = {
    State.DRAFT: {},
    State.PENDING: {
        _C.APPROVE: State.ACTIVE,
        _C.REJECT: State.REVOKED,
        _C.SUSPEND: State.SUSPENDED,
        _C.EXPIRE: State.SUSPENDED,
        _C.REVOKE: State.REVOKED,
        _C.DEREGISTER: State.OFFBOARDED,
    },
    State.ACTIVE: {
        _C.RESTRICT: State.RESTRICTED,
        _C.SUSPEND: State.SUSPENDED,
        _C.EXPIRE: State.SUSPENDED,
        _C.REVOKE: State.REVOKED,
        _C.DEREGISTER: State.OFFBOARDED,
    },
    State.RESTRICTED: {
        _C.LIFT: State.ACTIVE,
        _C.SUSPEND: State.SUSPENDED,
        _C.EXPIRE: State.SUSPENDED,
        _C.REVOKE: State.REVOKED,
        _C.DEREGISTER: State.OFFBOARDED,
    },
    State.SUSPENDED: {
        _C.REACTIVATE: State.ACTIVE,
        _C.REVOKE: State.REVOKED,
        _C.DEREGISTER: State.OFFBOARDED,
    },
    State.REVOKED: {},
    State.OFFBOARDED: {},
}

_RESUMING = frozenset({OrganizationEvent.RESTORE, ClientEvent.REACTIVATE})


def organization_state_after(state: str, event: OrganizationEvent, *, before: str = "") -> State | None:
    """The state that an event leads to, or None when the table has no such cell."""
    return _resumed(ORGANIZATION_TRANSITIONS[State(state)].get(event), event, before)


def client_state_after(state: str, event: ClientEvent, *, before: str = "") -> State | None:
    """The state that an event leads to, or None when the table has no such cell."""
    return _resumed(CLIENT_TRANSITIONS[State(state)].get(event), event, before)


def _resumed(after: State | None, event: StrEnum, before: str) -> State | None:
    """Who comes back comes back to what it was: a suspended request that nobody decided stays undecided."""
    return State(before) if after and before and event in _RESUMING else after


ISSUING = (Action.AUTHORIZE, Action.ISSUE, Action.REFRESH)
_READING = (Action.INTROSPECT, Action.USE, Action.USERINFO)
_CONFIGURATION = (Action.READ_REGISTRATION, Action.WRITE_REGISTRATION, Action.DELETE_REGISTRATION)


def _row(
    *,
    register: Cell,
    issuing: Cell,
    reading: Cell,
    configuration: Cell,
    portal_write: Cell,
    portal_read: Cell = Cell.YES,
    revoke_token: Cell = Cell.YES,
    fetch_keys: Cell = Cell.YES,
    withdraw: Cell = Cell.YES,
    **one_cell: Cell,
) -> Mapping[Action, Cell]:
    row = {Action.REGISTER: register}
    row |= dict.fromkeys(ISSUING, issuing) | dict.fromkeys(_READING, reading)
    row |= dict.fromkeys(_CONFIGURATION, configuration)
    row |= {Action.PORTAL_READ: portal_read, Action.PORTAL_WRITE: portal_write}
    row |= {
        Action.REVOKE_TOKEN: revoke_token,
        Action.FETCH_KEYS: fetch_keys,
        Action.WITHDRAW_CONSENT: withdraw,
    }
    return row | {Action(name): cell for name, cell in one_cell.items()}


_FIRST_DAYS = _row(
    register=Cell.SANDBOX,
    issuing=Cell.SANDBOX,
    reading=Cell.SANDBOX,
    configuration=Cell.YES,
    portal_write=Cell.YES,
)
_WORKING = _row(
    register=Cell.YES, issuing=Cell.YES, reading=Cell.YES, configuration=Cell.YES, portal_write=Cell.YES
)
_FIX_IT = _row(
    register=Cell.NO,
    issuing=Cell.REDUCED,
    reading=Cell.YES,
    configuration=Cell.YES,
    portal_write=Cell.REDUCED,
    write_registration=Cell.REDUCED,
)
_STOPPED = _row(
    register=Cell.NO,
    issuing=Cell.NO,
    reading=Cell.NO,
    configuration=Cell.FORBIDDEN,
    portal_write=Cell.NO,
    fetch_keys=Cell.NO,
)
_ENDED = _row(
    register=Cell.NO,
    issuing=Cell.NO,
    reading=Cell.NO,
    configuration=Cell.GONE,
    portal_write=Cell.NO,
    portal_read=Cell.NO,
    revoke_token=Cell.NO,  # all of it was revoked by us when the end came
    fetch_keys=Cell.NO,
    withdraw=Cell.NO,
)
_UNDECIDED = _row(
    register=Cell.YES,
    issuing=Cell.UNDECIDED,
    reading=Cell.NO,
    configuration=Cell.YES,
    portal_write=Cell.YES,
)

ORGANIZATION_CELLS: Mapping[State, Mapping[Action, Cell]] = {
    State.DRAFT: _FIRST_DAYS,
    State.PENDING: _FIRST_DAYS,
    State.ACTIVE: _WORKING,
    State.RESTRICTED: _FIX_IT,
    State.SUSPENDED: _STOPPED,
    State.REVOKED: _ENDED,
    State.OFFBOARDED: _ENDED,
}

CLIENT_CELLS: Mapping[State, Mapping[Action, Cell]] = {
    State.DRAFT: _UNDECIDED,
    State.PENDING: _UNDECIDED,
    State.ACTIVE: _WORKING,
    State.RESTRICTED: _FIX_IT,
    State.SUSPENDED: _STOPPED,
    State.REVOKED: _ENDED,
    State.OFFBOARDED: _ENDED,
}
