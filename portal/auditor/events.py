"""The document of an audit event, and the hash of its leaf, as the log promises them.

One member for each column but the digest: `id` and `organization` are UUIDs in lower case, `at` is UTC to the
microsecond, `before` and `after` are objects or null, `once` is text or null, all others are text.
"""

from typing import Any

from portal.auditor import canonical, tree
from portal.auditor.verdict import Refuted

TEXTS = (
    "action",
    "actor_id",
    "actor_kind",
    "actor_label",
    "environment",
    "policy_version",
    "reason",
    "request_id",
    "subject_id",
    "subject_kind",
)
MEMBERS = frozenset({*TEXTS, "id", "at", "organization", "before", "after", "once"})


def leaf(document: Any, write: canonical.Writer = canonical.write) -> bytes:
    """The leaf hash of a document; `write` is the writer that came with its parts."""
    return tree.leaf(write(document))


def require_document(document: Any, *, leaf: int) -> None:
    """Raises Refuted unless the shape is that of an event."""
    if not isinstance(document, dict) or document.keys() != MEMBERS:
        raise Refuted("the event has other members than an event has", leaf=leaf)
    texts = [document[name] for name in (*TEXTS, "id", "at", "organization")]
    if not all(isinstance(text, str) for text in texts):
        raise Refuted("a member of the event is no text", leaf=leaf)
