"""The facts. AuditEvent is not re-exported: `registry.audit` is the only room that may take it."""

from . import audit as _audit  # noqa: F401  (Django has to see the table)
from . import transparency as _transparency  # noqa: F401  (Django has to see the tables)
from .clients import SEARCHED, Client, ClientKey, ClientLogo, KeySet, KeyState
from .credentials import (
    ClientSecret,
    IdempotentRegistration,
    InitialAccessToken,
    RegistrationAccessToken,
    ResourceServer,
    SpentAssertion,
)
from .decisions import CASE_NUMBER, DECIDED_BY_PEOPLE, Outcome, Registration
from .dry_runs import PolicyDryRun, PolicyDryRunFinding
from .fingerprints import KeyFingerprint
from .heartbeats import Heartbeat
from .idempotency import RememberedAnswer
from .manual import ManualException
from .notices import Notice, NoticeKind, NoticeOutcome
from .organizations import (
    Contact,
    ContactKind,
    DomainChallenge,
    DomainProof,
    Entitlement,
    Organization,
    ProvedDomain,
    Quota,
    RegistrationScheme,
    Review,
)
from .people import Invitation, User
from .policies import DraftEnd, PolicyDraft, PolicyVersion, Waiver, WaiverStage
from .rates import RateBucket
from .switches import IssuanceStop
from .terms import TermsAcceptance, TermsVersion
from .tokens import AccessToken, DeviceGrant, Grant, IDToken, RefreshToken

__all__ = [
    "CASE_NUMBER",
    "DECIDED_BY_PEOPLE",
    "SEARCHED",
    "AccessToken",
    "Client",
    "ClientKey",
    "ClientLogo",
    "ClientSecret",
    "Contact",
    "ContactKind",
    "DeviceGrant",
    "DomainChallenge",
    "DomainProof",
    "DraftEnd",
    "Entitlement",
    "Grant",
    "Heartbeat",
    "IDToken",
    "IdempotentRegistration",
    "InitialAccessToken",
    "Invitation",
    "IssuanceStop",
    "KeyFingerprint",
    "KeySet",
    "KeyState",
    "ManualException",
    "Notice",
    "NoticeKind",
    "NoticeOutcome",
    "Organization",
    "Outcome",
    "PolicyDraft",
    "PolicyDryRun",
    "PolicyDryRunFinding",
    "PolicyVersion",
    "ProvedDomain",
    "Quota",
    "RateBucket",
    "RefreshToken",
    "Registration",
    "RegistrationAccessToken",
    "RegistrationScheme",
    "RememberedAnswer",
    "ResourceServer",
    "Review",
    "SpentAssertion",
    "TermsAcceptance",
    "TermsVersion",
    "User",
    "Waiver",
    "WaiverStage",
]
