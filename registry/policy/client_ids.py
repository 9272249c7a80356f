"""Who names a client: rule C1 (the server does) and rule P1 (what only the server may set)."""

import re
from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.policy.context import Context
from registry.policy.rule import Objection, example, rule
from registry.states import Verb

_OURS = re.compile(r"c_[A-Za-z0-9_-]{24}")

# RFC 7592 §2.2: an update MUST NOT carry these, not even unchanged.
NEVER_IN_AN_UPDATE = (
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
)
_REPLACING = {"verb": Verb.REPLACE, "client_id": "c_1"}


def client_id_is_ours(candidate: str) -> bool:
    """Whether a client_id has the form of those this server generates.

    That form is neither a URL (so it is no metadata document and no Entity Identifier) nor a number or UUID
    (so it never equals the `sub` of a person).
    Source: RFC 9700 §4.15; RFC 9068 §5.
    """
    return bool(_OURS.fullmatch(candidate))


@rule(
    "C1.identity",
    title="A client keeps the client_id that the server gave it",
    source="RFC 7592 §2.2; RFC 7591 §3.2.1",
    accepts=(example(), example(client_id="chosen"), example(_REPLACING, client_id="c_1")),
    refuses=(example(_REPLACING), example(_REPLACING, client_id="c_2"), example(_REPLACING, client_id=1)),
)
def client_id_is_kept(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    """On creation a chosen client_id is ignored like every protected member (RFC 7591 §2); P1 proves it."""
    if context.verb is Verb.REPLACE and metadata.claimed_client_id != context.client_id:
        yield Objection(
            "client_id", "is not the identifier of this client", "Send the client_id that was issued."
        )


@rule(
    "P1.protected",
    title="An update carries no member that only the server may set",
    source="RFC 7592 §2.2",
    accepts=(
        example(client_id="c_9", registration_access_token="a", client_secret="b"),
        example(_REPLACING, client_id="c_1"),
    ),
    refuses=(
        example(_REPLACING, client_id="c_1", registration_access_token="a"),
        example(_REPLACING, client_id="c_1", client_id_issued_at=1),
    ),
)
def update_sets_nothing_of_ours(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    """On creation these members are ignored and remembered in `metadata.protected` instead."""
    if context.verb is Verb.REPLACE:
        for member in NEVER_IN_AN_UPDATE:
            if member in metadata.protected:
                yield Objection(member, "is set by the server alone", "Leave it out of the update.")
