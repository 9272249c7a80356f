"""Every vector of redirection URIs and bodies over real HTTP: the expected answer, and nothing else that happens."""

import base64
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests import world
from tests.attacks.attempts import Intruder, prove
from tests.live import Answer, Live
from tests.portal.protocol.reading import error

pytestmark = pytest.mark.usefixtures("live_db")
VECTORS = Path(__file__).parents[1] / "vectors"
REDIRECTS: dict[str, Any] = json.loads((VECTORS / "redirect_uris.json").read_text())
BODIES: dict[str, Any] = json.loads((VECTORS / "registration_bodies.json").read_text())
Case = dict[str, Any]


def test_redirect_uris(live_server: Live) -> None:
    groups = _by_domains()
    intruder = Intruder(live_server)
    answers: list[Answer] = []
    for domains, cases in groups.items():
        prove(intruder.holder, domains)
        answers += intruder.ask_each(cases, lambda case: intruder.post(_with_uri(case)))
    prove(intruder.holder, [])
    cases = [case for group in groups.values() for case in group]
    assert _differences(cases, answers, _redirect_expected) == []
    intruder.check()


def test_redirect_uris_of_a_client_that_is_there(live_server: Live) -> None:
    """The same answers to a replacement (RFC 7592 §2.2), and what is accepted is what is stored."""
    intruder = Intruder(live_server)
    own = intruder.managed()
    wrong = []
    for domains, cases in _by_domains().items():
        prove(intruder.holder, domains)
        for case in cases:
            before = own.software.row.metadata
            answer = own.put(_with_uri(case) | {"client_id": own.software.client_id})
            stored = own.software.row.metadata
            expected = case["expect"] != "accept" or stored["redirect_uris"] == [case["uri"]]
            if not (
                _redirect_expected(case, answer, 200)
                and expected
                and (answer.status == 200 or stored == before)
            ):
                wrong.append((case["uri"], case["expect"], answer.status, answer.body[:300]))
    prove(intruder.holder, [])
    assert wrong == []


def _by_domains() -> dict[tuple[str, ...], list[Case]]:
    groups: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in REDIRECTS["cases"]:
        groups[tuple(case["proved_domains"])].append(case)
    return groups


def _with_uri(case: Case) -> Case:
    kind = case["application_type"]
    return REDIRECTS["request"][kind] | {"application_type": kind, "redirect_uris": [case["uri"]]}


def _redirect_expected(case: Case, answer: Answer, status: int = 201) -> bool:
    if case["expect"] == "accept":
        return answer.status == status and answer.json()["redirect_uris"] == [case["uri"]]
    refused = error(answer) == (400, REDIRECTS["error"])
    return refused and f"[{case['expect']}]" in answer.json()["error_description"]


def test_registration_bodies(live_server: Live) -> None:
    facts = BODIES["organization"]
    holder = world.organization(scopes=facts["scopes"], grant_types=facts["grant_types"])
    intruder = Intruder(live_server, holder)
    prove(holder, facts["proved_domains"])
    answers = intruder.ask_each(
        BODIES["cases"], lambda case: intruder.post(_octets(case), headers=_headers(case))
    )
    prove(holder, [])
    assert _differences(BODIES["cases"], answers, _body_expected) == []
    intruder.check()


def _octets(case: Case) -> bytes:
    if "body_b64" in case:
        return base64.b64decode(case["body_b64"])
    parts = case.get("body_parts") or [[case["body"], 1]]
    return "".join(text * count for text, count in parts).encode()


def _headers(case: Case) -> dict[str, str]:
    return {} if case["content_type"] is None else {"Content-Type": case["content_type"]}


def _body_expected(case: Case, answer: Answer) -> bool:
    expect = case["expect"]
    if expect["status"] != 201:
        named = f"[{expect['rule']}]" in answer.json()["error_description"]
        return error(answer) == (expect["status"], expect["error"]) and named
    told = answer.json()
    return (
        answer.status == 201
        and expect.get("has", {}).items() <= told.items()
        and not told.keys() & set(expect.get("lacks", []))
        and all(told.get(name) != value for name, value in expect.get("never", {}).items())
    )


def _differences(cases: list[Case], answers: list[Answer], expected: Any) -> list[Any]:
    return [
        (case.get("name", case.get("uri")), case["expect"], answer.status, answer.body[:300])
        for case, answer in zip(cases, answers, strict=True)
        if not expected(case, answer)
    ]
