"""How many: rule L1, the quotas of an organization. `strict_json` judges size and depth of the body."""

from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.errors import QuotaReached
from registry.policy.context import Context
from registry.policy.key_examples import EC_KEY, OKP_KEY, holding
from registry.policy.rule import Objection, example, rule
from registry.states import Verb


@rule(
    "L1.clients",
    title="The organization has room for one more client",
    source="CWE-770",
    error=QuotaReached,
    accepts=(example({"clients_left": 1}), example({"clients_left": 0, "verb": Verb.REPLACE})),
    refuses=(example({"clients_left": 0}),),
)
def has_room_for_a_client(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if context.verb is Verb.CREATE and context.clients_left < 1:
        fix = "Deregister a client, or ask the operator for a larger quota."
        yield Objection("", "exceeds the number of clients of the organization", fix)


@rule(
    "L1.rate",
    title="The organization has registrations left in this hour",
    source="CWE-770",
    error=QuotaReached,
    accepts=(
        example({"registrations_left_this_hour": 1}),
        example({"registrations_left_this_hour": 0, "verb": Verb.REPLACE}),
    ),
    refuses=(example({"registrations_left_this_hour": 0}),),
)
def has_registrations_left(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if context.verb is Verb.CREATE and context.registrations_left_this_hour < 1:
        yield Objection("", "exceeds the registrations of the organization in one hour", "Try again later.")


@rule(
    "L1.keys",
    title="A client has no more keys than the organization may use for one",
    source="CWE-770",
    accepts=(holding(EC_KEY, keys_per_client=1), example({"keys_per_client": 0})),
    refuses=(holding(EC_KEY, OKP_KEY, keys_per_client=1),),
)
def has_few_keys(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if len(metadata.keys) > context.keys_per_client:
        fix = f"Send at most {context.keys_per_client} keys."
        member = f"{metadata.key_source}.keys"
        yield Objection(member, "has more keys than the organization may use for one client", fix)
