"""What a rule is: one named check or one named replacement, with its source and its examples."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from registry.client_metadata import ClientMetadata
from registry.errors import Finding, InvalidClientMetadata, Refusal
from registry.policy.context import Context
from registry.states import Environment, Route, Verb
from registry.strict_json import Json


class Kind(StrEnum):
    REFUSE = "refuse"
    REPLACE = "replace"


class DuplicateRule(Exception):
    """Two rules claim one id."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What a refusing rule says: the same fields as a finding, which adds the rule's id and source.

    Texts are ours alone. A position (`redirect_uris[3]`) stands for the value, so nothing hostile is echoed.
    """

    member: str
    found: str
    fix: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a replacing rule says: this member shall hold this value, and why."""

    member: str
    value: Json
    why: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """One replacement that took place."""

    member: str
    before: Json
    after: Json
    why: str
    rule: str
    source: str


EXAMPLE_CONTEXT = Context(
    environment=Environment.PRODUCTION,
    route=Route.DYNAMIC,
    verb=Verb.CREATE,
    organization_id="acme",
    entitled_scopes=frozenset({"accounts:read", "payments:write"}),
    entitled_grant_types=frozenset({"authorization_code", "client_credentials", "refresh_token"}),
    default_scopes=frozenset({"accounts:read"}),
    proved_domains=frozenset({"rp.example"}),
    clients_left=5,
    keys_per_client=10,
    registrations_left_this_hour=50,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A request, and the facts in which its context differs from EXAMPLE_CONTEXT."""

    document: Mapping[str, Json]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        return replace(EXAMPLE_CONTEXT, **self.facts)


Check = Callable[[ClientMetadata, Context], Iterator[Objection]]
Change = Callable[[ClientMetadata, Context], Iterator[Proposal]]
Examples = tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the catalogue. Exactly one of `check` and `change` is there: a rule refuses or replaces."""

    id: str
    title: str
    source: str
    error: type[Refusal]
    check: Check | None
    change: Change | None
    accepts: Examples
    refuses: Examples

    @property
    def kind(self) -> Kind:
        return Kind.REFUSE if self.check else Kind.REPLACE

    def findings(self, metadata: ClientMetadata, context: Context) -> Iterator[Finding]:
        """Nothing for a replacing rule."""
        if self.check:
            for said in self.check(metadata, context):
                yield Finding(said.member, said.found, said.fix, self.id, self.source)

    def proposals(self, metadata: ClientMetadata, context: Context) -> Iterator[Proposal]:
        """Nothing for a refusing rule."""
        if self.change:
            yield from self.change(metadata, context)


class Catalogue:
    """Rules by id. A second rule of one id raises, which means at import."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    def __iter__(self) -> Iterator[Rule]:
        return iter(sorted(self._rules.values(), key=lambda rule: rule.id))

    def __getitem__(self, rule_id: str) -> Rule:
        return self._rules[rule_id]

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, rule: Rule) -> None:
        if rule.id in self._rules:
            raise DuplicateRule(rule.id)
        self._rules[rule.id] = rule


CATALOGUE = Catalogue()


def example(facts: Mapping[str, Any] | None = None, /, **members: Json) -> Example:
    return Example(members, facts or {})


def rule(
    rule_id: str,
    *,
    title: str,
    source: str,
    accepts: Examples,
    refuses: Examples,
    error: type[Refusal] = InvalidClientMetadata,
    catalogue: Catalogue = CATALOGUE,
) -> Callable[[Check], Check]:
    """Enter a refusing rule into the catalogue."""

    def enter(check: Check) -> Check:
        catalogue.add(Rule(rule_id, title, source, error, check, None, accepts, refuses))
        return check

    return enter


def replacement(
    rule_id: str,
    *,
    title: str,
    source: str,
    accepts: Examples,
    replaces: Examples,
    catalogue: Catalogue = CATALOGUE,
) -> Callable[[Change], Change]:
    """Enter a replacing rule into the catalogue; `accepts` are requests that it leaves alone."""

    def enter(change: Change) -> Change:
        catalogue.add(Rule(rule_id, title, source, InvalidClientMetadata, None, change, accepts, replaces))
        return change

    return enter
