"""The linter says what registration would say, and does nothing."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import linting, policies
from registry.errors import NotFound, Refusal
from registry.identifiers import uuid7
from registry.models import Organization
from registry.routes import manual
from registry.states import Environment
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    world.operator()
    return world.organization()


def lint(holder: Organization, document: dict[str, Any]) -> linting.Linted:
    return linting.lint(holder.pk, Environment.SANDBOX, document, now=world.now())


def test_shows_the_effective_metadata_and_what_was_replaced(acme: Organization) -> None:
    found = lint(acme, world.metadata(acme, client_name="Cafe\u0301"))
    assert found.is_acceptable
    assert found.policy_version == "baseline-1"
    assert [each.rule for each in found.replaced] == ["D1.normal_form"]
    assert found.metadata["client_name"] == "Caf\u00e9"


@pytest.mark.parametrize(
    "members",
    [
        {"redirect_uris": ["https://elsewhere.example/cb"]},
        {"redirect_uris": ["http://*/#"]},
        {"grant_types": ["password"]},
        {"scope": "nobody:has"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"redirect_uris": 7},
        {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
    ],
)
def test_says_what_registration_says(acme: Organization, members: dict[str, Any]) -> None:
    document = world.metadata(acme) | members
    with pytest.raises(Refusal) as refusal:
        manual.register(
            acme.pk,
            Environment.SANDBOX,
            document,
            justification="a test",
            valid_until=None,
            actor=world.STAN,
            now=world.now(),
        )
    assert lint(acme, document).findings == refusal.value.findings
    assert refusal.value.findings


def test_tells_what_is_only_watched(acme: Organization) -> None:
    said = {"rules": [{"rule": "U4.proved_domain", "mode": "monitor"}]}
    draft = policies.draft_policy(said, actor=world.STAN, reason="x", now=world.now())
    policies.publish_draft(draft.pk, edition=1, actor=world.PAUL, reason="x", now=world.now())
    found = lint(acme, world.metadata(acme, redirect_uris=["https://elsewhere.example/cb"]))
    assert found.is_acceptable
    assert [finding.rule for finding in found.monitored] == ["U4.proved_domain"]


def test_only_reads(acme: Organization) -> None:
    with CaptureQueriesContext(connection) as asked:
        lint(acme, world.metadata(acme))
    assert [query["sql"].strip().split()[0] for query in asked.captured_queries] == ["SELECT", "SELECT"]


def test_is_bound_to_an_organization(acme: Organization) -> None:
    with pytest.raises(NotFound):
        linting.lint(uuid7(), Environment.SANDBOX, world.metadata(acme), now=world.now())
