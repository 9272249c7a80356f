"""The vectors of redirection URIs and registration bodies, replayed against the pure code."""

import base64
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry import client_metadata, jwk, strict_json
from registry.errors import (
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidSoftwareStatement,
    Refusal,
    RequestTooLarge,
    UnsupportedMediaType,
)
from registry.policy import engine
from registry.policy.rule import EXAMPLE_CONTEXT
from tests.each import check_each

VECTORS = Path(__file__).parents[2] / "vectors"
REDIRECTS = json.loads((VECTORS / "redirect_uris.json").read_text())
BODIES = json.loads((VECTORS / "registration_bodies.json").read_text())
ANSWERS = {
    InvalidRedirectUri: (400, "invalid_redirect_uri"),
    InvalidSoftwareStatement: (400, "invalid_software_statement"),
    InvalidClientMetadata: (400, "invalid_client_metadata"),
    RequestTooLarge: (413, "invalid_request"),
    UnsupportedMediaType: (415, "invalid_request"),
}
SETS = ("proved_domains", "scopes", "default_scopes", "grant_types")


def organization() -> Any:
    facts = {name: frozenset(BODIES["organization"][name]) for name in SETS}
    return replace(
        EXAMPLE_CONTEXT,
        proved_domains=facts["proved_domains"],
        entitled_scopes=facts["scopes"],
        default_scopes=facts["default_scopes"],
        entitled_grant_types=facts["grant_types"],
    )


def octets(case: dict[str, Any]) -> bytes:
    if "body_b64" in case:
        return base64.b64decode(case["body_b64"])
    parts = case.get("body_parts") or [[case["body"], 1]]
    return "".join(text * count for text, count in parts).encode()


def registered(case: dict[str, Any]) -> client_metadata.ClientMetadata:
    strict_json.require_media_type(case["content_type"])
    metadata = client_metadata.parse(strict_json.read(octets(case)))
    judgement = engine.judge(metadata, organization())
    refusal = judgement.refusal()
    if refusal is not None:
        raise refusal
    return judgement.metadata


def answer(refusal: Refusal) -> tuple[int, str]:
    return next(ANSWERS[kind] for kind in type(refusal).__mro__ if kind in ANSWERS)


class TestRedirectUris:
    def test_are_judged_as_expected(self) -> None:
        named = (
            (f"{number}, {case['expect']}: {case['why']}", case)
            for number, case in enumerate(REDIRECTS["cases"])
        )
        check_each(named, self.check_judged)

    @staticmethod
    def check_judged(case: dict[str, Any]) -> None:
        kind = case["application_type"]
        request = REDIRECTS["request"][kind] | {"application_type": kind, "redirect_uris": [case["uri"]]}
        facts = replace(EXAMPLE_CONTEXT, proved_domains=frozenset(case["proved_domains"]))
        judgement = engine.judge(client_metadata.parse(request), facts)
        rules = {finding.rule for finding in judgement.findings}
        assert rules == set() if case["expect"] == "accept" else case["expect"] in rules
        if rules:
            assert type(judgement.refusal()) is InvalidRedirectUri

    def test_are_many_and_different(self) -> None:
        cases = REDIRECTS["cases"]
        asked = Counter((case["uri"], case["application_type"], *case["proved_domains"]) for case in cases)
        assert len(cases) >= 150
        assert max(asked.values()) == 1
        assert all(case["source"] and case["why"] for case in cases)


class TestRegistrationBodies:
    def test_are_answered_as_expected(self) -> None:
        check_each(((case["name"], case) for case in BODIES["cases"]), self.check_answered)

    def check_answered(self, case: dict[str, Any]) -> None:
        if case["expect"]["status"] == 201:
            self.check_registered(case["expect"], registered(case).as_document())
            return
        with pytest.raises(Refusal) as caught:
            registered(case)
        self.check_refused(case["expect"], caught.value)

    @staticmethod
    def check_registered(expect: dict[str, Any], document: dict[str, Any]) -> None:
        assert expect.get("has", {}).items() <= document.items()
        assert not document.keys() & set(expect.get("lacks", []))
        assert not document.keys() & set(expect.get("never", {}))

    @staticmethod
    def check_refused(expect: dict[str, Any], refusal: Refusal) -> None:
        assert answer(refusal) == (expect["status"], expect["error"])
        named = {(finding.rule, finding.member) for finding in refusal.findings}
        assert expect["rule"] in {rule for rule, _ in named}
        if "member" in expect:
            assert (expect["rule"], expect["member"]) in named
        assert f"[{expect['rule']}]" in engine.describe(refusal.findings)

    def test_are_many_and_different(self) -> None:
        names = Counter(case["name"] for case in BODIES["cases"])
        assert len(names) >= 150
        assert max(names.values()) == 1
        assert all(case["source"] and case["why"] for case in BODIES["cases"])

    def test_accepted_ones_share_no_key(self) -> None:
        accepted = [case for case in BODIES["cases"] if case["expect"]["status"] == 201]
        names = Counter(name for case in accepted for name in jwk.thumbprints(registered(case).keys))
        assert max(names.values()) == 1
