"""How the tests of the rules ask: one rule about one document, or the whole engine."""

from typing import Any

from registry.client_metadata import parse
from registry.errors import Finding
from registry.policy import engine
from registry.policy.rule import CATALOGUE, Example
from registry.strict_json import Json

# A request that every rule accepts in the example organization.
SOUND: dict[str, Json] = {"redirect_uris": ["https://rp.example/cb"], "client_name": "Example"}
MACHINE: dict[str, Json] = {"grant_types": ["client_credentials"], "response_types": []}


def judge(document: dict[str, Json], **facts: Any) -> engine.Judgement:
    return engine.judge(parse(document), Example(document, facts).context)


def broken(document: dict[str, Json], **facts: Any) -> set[str]:
    """The ids of all rules that object."""
    return {finding.rule for finding in judge(document, **facts).findings}


def says(rule_id: str, document: dict[str, Json], **facts: Any) -> list[Finding]:
    """What one rule says about one document."""
    return list(CATALOGUE[rule_id].findings(parse(document), Example(document, facts).context))


def objects(rule_id: str, document: dict[str, Json], **facts: Any) -> bool:
    return bool(says(rule_id, document, **facts))


def of_uri(rule_id: str, text: str, application_type: str = "web", **facts: Any) -> bool:
    """Whether one rule objects to one redirection URI."""
    return objects(rule_id, {"redirect_uris": [text], "application_type": application_type}, **facts)
