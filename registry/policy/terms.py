"""What an organization has to have accepted: rule O1."""

from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.errors import TermsNotAccepted
from registry.policy.context import Context
from registry.policy.rule import Objection, example, rule
from registry.states import Verb

_OWING = {"terms_outstanding": "4.1"}


@rule(
    "O1.terms",
    title="The organization has accepted the terms that are in force",
    source="RFC 7591 §1.2; product",
    error=TermsNotAccepted,
    accepts=(
        example(),
        example(_OWING | {"verb": Verb.REPLACE}),
    ),
    refuses=(example(_OWING),),
)
def has_accepted_the_terms(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    """A new client only: what exists goes on. Where they are asked for at all, the context says."""
    if context.verb is Verb.CREATE and context.terms_outstanding:
        fix = f"Let an admin of the organization accept version {context.terms_outstanding} in the partner portal."
        yield Objection("", "comes before the organization accepted the terms in force", fix)
