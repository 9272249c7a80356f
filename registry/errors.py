"""The family of refusals: each class is one meaning, told to the wire by one table in `portal.errors`.

A refusal is raised where the rule lives and carries fields, not text made for a wire format.
Nothing here knows an HTTP status.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's objection, tied to one member.

    member  name of the offending member, a path such as `jwks.keys[1].n`, or "" for the whole request
    found   what is wrong, in words; never an echo of raw input
    fix     what the caller changes to be accepted
    rule    id in the policy catalogue, such as `U1.fragment`
    source  the law: RFC and section, or the product rule
    """

    member: str
    found: str
    fix: str
    rule: str
    source: str


@dataclass(frozen=True, slots=True)
class Ration:
    """What is left of one allowance: `remaining` of `quota` acts, all of it again in `reset_seconds`."""

    name: str
    quota: int
    window_seconds: int
    remaining: int
    reset_seconds: int


class Refusal(Exception):
    """Base of everything that this product refuses. Unknown subclasses become `server_error` at a door.

    rations  what is left of the allowances that the refused request has spent from, where it has
    """

    def __init__(self, found: str = "", *, fix: str = "", findings: Sequence[Finding] = ()) -> None:
        self.found = found or (findings[0].found if findings else "")
        self.fix = fix or (findings[0].fix if findings else "")
        self.findings = tuple(findings)
        self.rations: tuple[Ration, ...] = ()
        super().__init__(self.found)


# Registration, RFC 7591 §3.2.2


class RegistrationRefused(Refusal):
    """A registration request that is not granted."""


class InvalidRedirectUri(RegistrationRefused):
    """A redirection URI is not acceptable."""


class InvalidClientMetadata(RegistrationRefused):
    """A metadata member is not acceptable."""


class InvalidSoftwareStatement(RegistrationRefused):
    """The software statement is not valid."""


class TermsNotAccepted(RegistrationRefused):
    """The organization has not accepted the terms that are in force."""


class MalformedRequest(InvalidClientMetadata):
    """The body is not the JSON object that registration expects."""


class NotUtf8(MalformedRequest):
    """The body is not UTF-8 (RFC 8259 §8.1)."""


class ByteOrderMark(MalformedRequest):
    """The body begins with a byte order mark (RFC 8259 §8.1)."""


class NotJson(MalformedRequest):
    """The body does not follow the grammar of JSON."""


class NotAnObject(MalformedRequest):
    """The body is JSON, but its top level is not an object."""


class TooDeep(MalformedRequest):
    """Arrays and objects are nested deeper than the endpoint reads."""


class DuplicateMember(MalformedRequest):
    """An object has two members of one name."""


class NotAFiniteNumber(MalformedRequest):
    """NaN, Infinity, or a number beyond the range of a double."""


class NumberTooLong(MalformedRequest):
    """A number has more digits than the endpoint reads."""


class LoneSurrogate(MalformedRequest):
    """A string or a name holds half of a surrogate pair."""


class NulCharacter(MalformedRequest):
    """A string or a name holds U+0000."""


class RequestTooLarge(Refusal):
    """The body is larger than the endpoint reads."""


class UnsupportedMediaType(Refusal):
    """The body's media type is not the one that the endpoint reads."""


class QuotaReached(Refusal):
    """The organization holds as many as it may, or asks faster than it may."""

    def __init__(
        self,
        found: str = "",
        *,
        fix: str = "",
        retry_after: int | None = None,
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(found, fix=fix, findings=findings)
        self.retry_after = retry_after


class RateExceeded(QuotaReached):
    """A service client, a credential or an organization asks faster than it may."""

    def __init__(self, rations: Sequence[Ration], *, retry_after: int) -> None:
        super().__init__(
            "Requests come faster than they may.",
            fix=f"Wait {retry_after} s, then send the same request again.",
            retry_after=retry_after,
        )
        self.rations = tuple(rations)


# Bearer credentials of the registration plane and of the API, RFC 6750 §3.1


class CredentialMissing(Refusal):
    """No credential was presented."""


class InvalidToken(Refusal):
    """The presented bearer credential is not valid here, whatever the cause."""


class InsufficientScope(Refusal):
    """The token is good but does not reach this far."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}.", fix=f"Ask for a token with the scope {scope}.")
        self.scope = scope


class StandingForbids(Refusal):
    """The credential is good; the state of its client or organization forbids the act."""


# The token endpoint, RFC 6749 §5.2


class MalformedForm(Refusal):
    """The form of a protocol request cannot be read, or repeats a parameter."""


class InvalidClient(Refusal):
    """Client authentication failed, or the client may not act now."""


class UnauthorizedClient(Refusal):
    """The client is known but not authorized for this grant now."""


class IssuanceStopped(Refusal):
    """Nothing is issued to anybody for now: the stop switch is thrown."""

    def __init__(self) -> None:
        super().__init__("The registry issues nothing at the moment.", fix="Ask again later.")


# Lifecycle and decisions


class TransitionRefused(Refusal):
    """The state machine has no such transition."""

    def __init__(self, subject: str, state: str, event: str) -> None:
        super().__init__(
            f"{subject} is {state}; {event} is not possible from there.",
            fix="Read the current state and choose an act that it allows.",
        )
        self.subject, self.state, self.event = subject, state, event


class FourEyesRequired(Refusal):
    """A second person has to decide."""


class RoleForbids(Refusal):
    """The actor's role does not include this act."""


class NotFound(Refusal):
    """There is no such thing for this viewer."""


class OperatorMissing(NotFound):
    """The operator's own organization is not founded yet, and it carries what belongs to no partner."""

    def __init__(self) -> None:
        super().__init__("The operator is not founded yet.", fix="Run manage.py found_operator first.")


class Conflict(Refusal):
    """The request contradicts what is already held."""


class StillRunning(Conflict):
    """An equal request under the same Idempotency-Key is being answered."""

    def __init__(self) -> None:
        super().__init__(
            "The first request under this Idempotency-Key is not answered yet.",
            fix="Send the same request again in a second; it will not be done twice.",
        )
        self.retry_after = 1


class SignNotSeen(Conflict):
    """A domain does not show what its organization was asked to publish, at least not yet."""


class KeyReused(Refusal):
    """An Idempotency-Key was used for another request before."""


class PreconditionFailed(Refusal):
    """What is to be changed is not what the caller saw."""


class PreconditionRequired(Refusal):
    """The act is final, and the caller does not say what it saw."""


class InvalidInput(Refusal):
    """A request of our own interfaces (API, portal) carries a value that is not acceptable."""
