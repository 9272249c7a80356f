"""A waiver forgives one finding: what one rule says of one value of one member. Another value is not forgiven."""

import re
from collections.abc import Iterable

from registry import canonical_json
from registry.client_metadata import ClientMetadata
from registry.errors import Finding
from registry.strict_json import Json

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_PLACE = re.compile(r"\[\d+\]")

Waiver = tuple[str, str, str]


def waiver(finding: Finding, metadata: ClientMetadata) -> Waiver:
    """What would forgive this finding: its rule, its member without places, and the value that is objected to."""
    return finding.rule, _PLACE.sub("", finding.member), _canonical(metadata.as_document(), finding.member)


def parted(
    findings: Iterable[Finding], metadata: ClientMetadata, waivers: frozenset[Waiver]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Findings that count, and those that are forgiven."""
    found = [(finding, waiver(finding, metadata) in waivers) for finding in findings]
    return (
        tuple(finding for finding, forgiven in found if not forgiven),
        tuple(finding for finding, forgiven in found if forgiven),
    )


def _canonical(document: Json, path: str) -> str:
    for place, name in _STEP.findall(path):
        document = _step(document, place, name)
    return canonical_json.encode(document).decode()


def _step(document: Json, place: str, name: str) -> Json:
    """One step down; null where there is nothing."""
    if place and isinstance(document, list) and int(place) < len(document):
        return document[int(place)]
    return document.get(name) if name and isinstance(document, dict) else None
