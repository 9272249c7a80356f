"""What a client may ask for: rule S1."""

import re
from collections.abc import Iterator

from registry.client_metadata import ClientMetadata
from registry.policy.context import Context
from registry.policy.rule import Objection, Proposal, example, replacement, rule

_TOKEN = r"[\x21\x23-\x5B\x5D-\x7E]+"
_SCOPE = re.compile(rf"{_TOKEN}(?: {_TOKEN})*")


@rule(
    "S1.syntax",
    title="Scope values separated by one space each",
    source="RFC 6749 §3.3",
    accepts=(example(), example(scope="accounts:read payments:write")),
    refuses=(
        example(scope=" accounts:read"),
        example(scope="accounts:read  payments:write"),
        example(scope="accounts:read,\tpayments:write"),
        example(scope='accounts:"read"'),
        example(scope="accounts:l\u00e9sen"),
    ),
)
def scope_is_well_formed(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    if metadata.scope is not None and not _SCOPE.fullmatch(metadata.scope):
        fix = "Separate printable ASCII values by one space each."
        yield Objection("scope", "is not a list of scope values", fix)


@rule(
    "S1.entitled",
    title="Scopes within what the organization holds",
    source="RFC 7591 §2; RFC 6749 §3.3",
    accepts=(example(), example(scope="payments:write accounts:read")),
    refuses=(
        example(scope="accounts:read admin"),
        example(scope="Accounts:read"),
        example({"entitled_scopes": frozenset()}, scope="accounts:read"),
    ),
)
def scopes_are_entitled(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    strangers = [index for index, name in enumerate(metadata.scopes) if name not in context.entitled_scopes]
    if strangers:
        held = " ".join(sorted(context.entitled_scopes)) or "none"
        where = f"{len(strangers)} in all, the first at place {strangers[0] + 1}"
        found = f"has values the organization does not hold, {where}"
        yield Objection("scope", found, f"The organization holds: {held}.")


_CONSENT_ALONE = {
    "client_credentials": frozenset({"accounts:read"}),
    "authorization_code": frozenset({"payments:write"}),
}


@rule(
    "S1.grant_type",
    title="Each scope in a role that allows a grant type of the client",
    source="RFC 7591 §2; OWASP NHI5",
    accepts=(
        example(scope="accounts:read payments:write"),
        example({"scopes_by_grant_type": _CONSENT_ALONE}, scope="payments:write"),
        example({"scopes_by_grant_type": _CONSENT_ALONE}, scope="admin"),
    ),
    refuses=(
        example({"scopes_by_grant_type": _CONSENT_ALONE}, scope="accounts:read payments:write"),
        example(
            {"scopes_by_grant_type": _CONSENT_ALONE},
            scope="payments:write",
            grant_types=["client_credentials"],
        ),
    ),
)
def scopes_go_with_a_grant_type(metadata: ClientMetadata, context: Context) -> Iterator[Objection]:
    """What one role gives with a person's consent alone is not had by the grant type of another."""
    if context.scopes_by_grant_type is None:
        return
    within = frozenset[str]().union(
        *(context.scopes_by_grant_type.get(name, ()) for name in metadata.grant_types)
    )
    lone = [name for name in metadata.scopes if name in context.entitled_scopes - within]
    if lone:
        fix = "Leave them out, or ask for the grant type of the role that holds them."
        yield Objection(
            "scope", "has values that no role of the organization gives by these grant types", fix
        )


@replacement(
    "S1.default",
    title="Without a scope the client gets the default ones, never all",
    source="RFC 7591 §2",
    accepts=(example(scope="accounts:read"), example({"default_scopes": frozenset()})),
    replaces=(example(),),
)
def scope_has_a_default(metadata: ClientMetadata, context: Context) -> Iterator[Proposal]:
    if metadata.scope is None and context.default_scopes:
        default = " ".join(sorted(context.default_scopes))
        yield Proposal("scope", default, "no scope was asked for; the default of the policy applies")
