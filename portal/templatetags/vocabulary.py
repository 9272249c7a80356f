"""The words, icons and tones that pages use; one list each, read by presentation.

Source: the interface design, §5 (words for states).
"""

from collections.abc import Mapping, Sequence

# fmt: off
ICONS = frozenset(
    {
        "active", "anchor", "app", "ban", "bolt", "box", "cal", "chain", "chev", "clock", "copy", "dash",
        "down", "draft", "exit", "eye", "fail", "flag", "glass", "globe", "half", "inbox", "info", "key",
        "left", "lock", "log", "mail", "mark", "menu", "org", "passkey", "pause", "pen", "plus", "policy",
        "print", "redo", "review", "right", "ring", "search", "shield", "shieldok", "siren", "sun", "tick",
        "tree", "two", "undo", "user", "users", "warn", "x",
    }
)
# fmt: on

# word → (text, icon, tone); the one list behind parts/state_badge.html
STATES: Mapping[str, tuple[str, str, str]] = {
    "draft": ("Draft", "draft", "draft"),
    "pending": ("Pending", "clock", "info"),
    "active": ("Active", "active", "ok"),
    "restricted": ("Restricted", "warn", "warn"),
    "suspended": ("Suspended", "pause", "halt"),
    "revoked": ("Revoked", "ban", "final"),
    "offboarded": ("Offboarded", "box", "box"),
    "waiting": ("Waiting", "clock", "info"),
    "taken": ("Taken", "user", "info"),
    "asked": ("Asked", "mail", "info"),
    "approved": ("Approved", "active", "ok"),
    "rejected": ("Rejected", "fail", "stop"),
    "withdrawn": ("Withdrawn", "ban", "quiet"),
    "undone": ("Undone", "ban", "quiet"),
    "refused": ("Refused", "fail", "stop"),
    "in use": ("In use", "active", "ok"),
    "announced": ("Announced", "clock", "info"),
    "safe to retire": ("Safe to retire", "key", "warn"),
    "retired": ("Retired", "ban", "final"),
    "compromised": ("Compromised", "siren", "halt"),
    "usable": ("Usable", "active", "ok"),
    "spent": ("Spent", "tick", "quiet"),
    "expired": ("Expired", "clock", "quiet"),
    "second person": ("Second person", "two", "warn"),
    "reason": ("Reason", "pen", "info"),
    "reason + step-up": ("Reason + step-up", "lock", "warn"),
    "step-up": ("Step-up", "lock", "warn"),
}
UNKNOWN_STATE = ("Not known", "dash", "quiet")

# outcome of a rule → (word, icon, tone)
VERDICTS: Mapping[str, tuple[str, str, str]] = {
    "pass": ("Pass", "tick", "ok"),
    "warn": ("Warn", "warn", "warn"),
    "fail": ("Fail", "fail", "stop"),
    "monitor": ("Monitor", "eye", "info"),
}
UNKNOWN_VERDICT = ("Not checked", "dash", "quiet")

FLASH_TONES: Mapping[str, tuple[str, str]] = {
    "success": ("ok", "tick"),
    "warning": ("warn", "warn"),
    "error": ("stop", "fail"),
}

WORDS: Mapping[str, str] = {
    "federation_automatic": "federation, automatic",
    "federation_explicit": "federation, explicit",
    "metadata_document": "metadata document",
}

# what stands beside the button of a confirmation page; every other field stands in its main column
REASON_FIELDS = frozenset({"reason_code", "reason", "incident", "typed_name"})

# heading, note, fields; what no group names stands in the last one
ORGANIZATION_GROUPS: Sequence[tuple[str, str, frozenset[str]]] = (
    (
        "Who it is",
        "as registered with its authority",
        frozenset(
            {
                "legal_name",
                "display_name",
                "slug",
                "registration_scheme",
                "registration_number",
                "country",
                "website",
            }
        ),
    ),
    (
        "Whom to reach",
        "functions rather than persons where there is one",
        frozenset(
            {
                "business_contact",
                "technical_contact",
                "security_contact",
                "incident_contact",
                "billing_contact",
            }
        ),
    ),
    ("Who answers for it here", "", frozenset({"sponsor", "contract_end"})),
)
LAST_GROUP = ("Entitlements and quotas", "what it may hold; nothing exceeds this")

SEGMENT_TONES: Mapping[str, str] = {"draft": "quiet", "halt": "stop", "box": "quiet"}
