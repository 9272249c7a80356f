"""Judge client metadata: every rule, for every route and verb, on the state that would be in force."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from registry.client_metadata import ClientMetadata
from registry.errors import (
    Finding,
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidSoftwareStatement,
    QuotaReached,
    Refusal,
    TermsNotAccepted,
)
from registry.policy import (  # noqa: F401 — importing a subject enters its rules into the catalogue
    client_auth,
    client_ids,
    display,
    grants,
    key_address,
    key_material,
    keys,
    limits,
    lookalikes,
    redirect_hosts,
    redirect_schemes,
    redirect_uris,
    scopes,
    software,
    terms,
    waivers,
)
from registry.policy.context import Context
from registry.policy.rule import CATALOGUE, Replaced, Rule
from registry.policy.versions import Mode

# The whole catalogue, now that every subject is imported.
RULES: tuple[Rule, ...] = tuple(CATALOGUE)

# All but the one that asks for what was fetched: what these object to is not fetched at all.
BEFORE_FETCH: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.id != key_address.FETCHED)
# About keys alone: asked again whenever a set is fetched again.
ABOUT_KEYS: tuple[Rule, ...] = tuple(
    rule
    for rule in RULES
    if rule.id.startswith(("K1.", "K2.")) or rule.id in {"A1.keys", "A2.key", "L1.keys"}
)

MAX_ROUNDS = 8
MAX_DESCRIPTION = 3000

# When rules of several meanings object, the wire gets the first of these; the findings name them all.
_PRECEDENCE: tuple[type[Refusal], ...] = (
    InvalidSoftwareStatement,
    InvalidRedirectUri,
    InvalidClientMetadata,
    QuotaReached,
    TermsNotAccepted,
)


class PolicyDoesNotSettle(Exception):
    """Replacing rules undo one another: a fault of the catalogue, not of the request."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The effective metadata after replacements, what speaks against it, and what was replaced.

    monitored  what rules say that are only watched: nothing is refused or replaced for it
    waived     what is forgiven to this client
    """

    metadata: ClientMetadata
    findings: tuple[Finding, ...]
    replaced: tuple[Replaced, ...]
    monitored: tuple[Finding, ...] = ()
    waived: tuple[Finding, ...] = ()

    @property
    def is_acceptable(self) -> bool:
        return not self.findings

    def refusal(self) -> Refusal | None:
        """The refusal to raise, carrying every finding; None when there is nothing to object to."""
        if not self.findings:
            return None
        errors = {CATALOGUE[finding.rule].error for finding in self.findings}
        error = next(error for error in _PRECEDENCE if error in errors)
        return error(describe(self.findings), findings=self.findings)


def judge(metadata: ClientMetadata, context: Context, *, rules: Iterable[Rule] = RULES) -> Judgement:
    """Apply every replacement until none applies, then ask every rule about the result.

    Rules that the context's policy has switched off are not asked; what watched ones say stands apart.
    Pure and deterministic: the same metadata and context give the same judgement in every process.
    Raises PolicyDoesNotSettle for a faulty catalogue, nothing about the request: see Judgement.refusal.
    """
    enforced, watched = _by_mode(tuple(rules), context.modes)
    settled, replaced = _settled(metadata, context, enforced)
    findings = tuple(finding for rule in enforced for finding in rule.findings(settled, context))
    waived: tuple[Finding, ...] = ()
    if findings and context.waivers:
        findings, waived = waivers.parted(findings, settled, context.waivers)
    monitored = tuple(finding for rule in watched for finding in _watched(rule, settled, context))
    return Judgement(settled, findings, replaced, monitored, waived)


def uncounted(judgement: Judgement) -> list[dict[str, str]]:
    """Findings that refused nothing, as documents: each says whether it is `monitored` or `waived`."""
    return [
        asdict(finding) | {"standing": standing}
        for standing, findings in (("monitored", judgement.monitored), ("waived", judgement.waived))
        for finding in findings
    ]


def _by_mode(rules: tuple[Rule, ...], modes: Mapping[str, Mode]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules that count, and those that are watched."""
    if not modes:
        return rules, ()
    enforced = tuple(rule for rule in rules if rule.id not in modes)
    return enforced, tuple(rule for rule in rules if modes.get(rule.id) is Mode.MONITOR)


def _watched(rule: Rule, metadata: ClientMetadata, context: Context) -> Iterator[Finding]:
    """What a watched rule says; of one that replaces, what it would have replaced."""
    yield from rule.findings(metadata, context)
    for proposal in rule.proposals(metadata, context):
        yield Finding(proposal.member, "would be replaced", proposal.why, rule.id, rule.source)


def _settled(
    metadata: ClientMetadata, context: Context, rules: Sequence[Rule]
) -> tuple[ClientMetadata, tuple[Replaced, ...]]:
    done: list[Replaced] = []
    for _ in range(MAX_ROUNDS):
        before = len(done)
        for rule in rules:
            metadata = _changed(metadata, context, rule, done)
        if len(done) == before:
            return metadata, tuple(done)
    raise PolicyDoesNotSettle


def _changed(metadata: ClientMetadata, context: Context, rule: Rule, done: list[Replaced]) -> ClientMetadata:
    for proposal in tuple(rule.proposals(metadata, context)):
        before = metadata.as_document().get(proposal.member)
        metadata = metadata.with_member(proposal.member, proposal.value)
        done.append(Replaced(proposal.member, before, proposal.value, proposal.why, rule.id, rule.source))
    return metadata


def describe(findings: Sequence[Finding], *, limit: int = MAX_DESCRIPTION) -> str:
    """All findings as one `error_description`, at most `limit` characters, the rest counted.

    Only the characters that RFC 6749 §5.2 allows: %x20-21 / %x23-5B / %x5D-7E.
    """
    said, told = "", 0
    for (found, rule, fix), members in _alike(findings).items():
        sentence = f"{' ' if said else ''}{_printable(members, found, rule, fix)}"
        rest = f" (and {len(findings) - told} more)"
        if len(said) + len(sentence) + len(rest) > limit:
            return (said + rest).strip()[:limit]
        said, told = said + sentence, told + len(members)
    return said


def _alike(findings: Sequence[Finding]) -> dict[tuple[str, str, str], list[str]]:
    """Members by what is said of them, so that twenty equal objections are one sentence."""
    members: dict[tuple[str, str, str], list[str]] = {}
    for finding in findings:
        members.setdefault((finding.found, finding.rule, finding.fix), []).append(finding.member or "request")
    return members


def _printable(members: Sequence[str], found: str, rule: str, fix: str) -> str:
    text = f"{', '.join(members)}: {found} [{rule}]. {fix}"
    return "".join(_allowed(character) for character in text)


def _allowed(character: str) -> str:
    if character == '"':
        return "'"
    return character if " " <= character <= "~" and character != "\\" else "?"
