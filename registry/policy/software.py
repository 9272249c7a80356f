"""Which software a client is: rule T2, one client per software, and the software a token is bound to."""

from collections.abc import Iterator
from dataclasses import replace

from registry.client_metadata import ClientMetadata
from registry.policy.context import Context
from registry.policy.presets import BASELINE
from registry.policy.rule import Objection, example, rule

_ONE_EACH = replace(BASELINE, one_client_per_software_id=True)


@rule(
    "T2.holder",
    title="One active client per software in an organization and environment, where the preset says so",
    source="RFC 7591 §2; CDR Register: duplicate software_id",
    accepts=(
        example({"software_holder": "c_2"}, software_id="a"),
        example({"parameters": _ONE_EACH}, software_id="a"),
        example({"parameters": _ONE_EACH, "software_holder": "c_1", "client_id": "c_1"}, software_id="a"),
    ),
    refuses=(example({"parameters": _ONE_EACH, "software_holder": "c_2"}, software_id="a"),),
)
def software_has_one_client(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    holder = context.software_holder
    if not context.parameters.one_client_per_software_id or holder in (None, context.client_id):
        return
    if metadata.software_id is not None:
        found = f"is the software of the active client {holder}"
        yield Objection("software_id", found, "Use that client, or deregister it first.")


@rule(
    "T2.bound",
    title="The software is the one the initial access token is bound to",
    source="RFC 7591 §1.2, §5",
    accepts=(example(software_id="a"), example({"allowed_software_id": "a"}, software_id="a")),
    refuses=(example({"allowed_software_id": "a"}, software_id="b"), example({"allowed_software_id": "a"})),
)
def software_is_allowed(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if context.allowed_software_id not in (None, metadata.software_id):
        fix = "Send the software_id that the token was issued for."
        yield Objection("software_id", "is not the one the initial access token is bound to", fix)
