"""CVE-2026-9792 (Keycloak): a rule is silently skipped on some path. Every rule, by every route and verb there is.

Each rule refuses its own examples to a new client and to one that is there, and to whoever registers by hand; the
pure matrix over routes that have no door yet is tests/registry/policy/test_matrix.py.
"""

from typing import Any

import pytest

from registry import linting
from registry.errors import Refusal
from registry.models import Client, Organization
from registry.policy import engine
from registry.policy.rule import Example, Kind, Rule
from registry.routes import manual
from registry.states import Environment
from tests import world
from tests.attacks.attempts import prove
from tests.attacks.holding import everything
from tests.each import check_each
from tests.live import Answer
from tests.portal.protocol.holder import Manager
from tests.software import InProcess, register

pytestmark = pytest.mark.django_db

# Rules that need facts, speak of updates alone, or come after a fetch; each has tests of its own.
BY_FACTS = {
    "C1.identity",
    "K3.fetched",
    "L1.clients",
    "L1.rate",
    "O1.terms",
    "P1.protected",
}


@pytest.fixture
def holder(db: None) -> Organization:
    """The organization of the examples: see EXAMPLE_CONTEXT."""
    made = world.organization(scopes=["accounts:read", "payments:write"])
    prove(made, ["rp.example"])
    return made


def refused_by(rule: Rule) -> list[Example]:
    """What it refuses in the example organization as it is."""
    return [shown for shown in rule.refuses if not shown.facts]


REFUSING = {
    rule.id: rule
    for rule in engine.RULES
    if rule.kind is Kind.REFUSE and rule.id not in BY_FACTS and refused_by(rule)
}


def test_nearly_every_rule_is_tried() -> None:
    refusing = {rule.id for rule in engine.RULES if rule.kind is Kind.REFUSE}
    assert len(REFUSING) >= 0.8 * len(refusing), sorted(refusing - REFUSING.keys())


def test_to_a_new_client(holder: Organization) -> None:
    door, token = InProcess(), world.initial_access_token(holder).value

    def check(rule: Rule) -> None:
        for shown in refused_by(rule):
            named(rule, door.post("/register", bearer=token, json=dict(shown.document)))

    check_each(REFUSING.items(), check)
    assert not Client.objects.filter(organization=holder).exists()


def test_to_a_client_that_is_there(holder: Organization) -> None:
    manager = Manager(register(InProcess(), holder, redirect_uris=["https://rp.example/cb"]))
    before = everything(manager.software.client_id)

    def check(rule: Rule) -> None:
        for shown in refused_by(rule):
            named(rule, manager.put(dict(shown.document) | {"client_id": manager.software.client_id}))

    check_each(REFUSING.items(), check)
    assert everything(manager.software.client_id) == before


@pytest.mark.parametrize("environment", Environment)
def test_to_whoever_registers_by_hand(holder: Organization, environment: Environment) -> None:
    def check(rule: Rule) -> None:
        for shown in refused_by(rule):
            with pytest.raises(Refusal) as refused:
                by_hand(holder, environment, shown.document)
            assert rule.id in {finding.rule for finding in refused.value.findings}

    check_each(REFUSING.items(), check)
    assert not Client.objects.filter(organization=holder).exists()


def by_hand(holder: Organization, environment: Environment, document: Any) -> None:
    said = {"justification": "none", "valid_until": None, "actor": world.STAN, "now": world.now()}
    manual.register(holder.pk, environment, dict(document), **said)


def named(rule: Rule, answer: Answer) -> None:
    assert answer.status in {400, 429}, (answer.status, answer.body)
    assert f"[{rule.id}]" in answer.json()["error_description"]


def test_the_linter_says_the_same(holder: Organization) -> None:
    def check(rule: Rule) -> None:
        for shown in refused_by(rule):
            found = linting.lint(holder.pk, Environment.SANDBOX, dict(shown.document), now=world.now())
            assert rule.id in {finding.rule for finding in found.findings}

    check_each(REFUSING.items(), check)
