"""CVE-2026-18570 (Keycloak): a member that is left out escapes its rule, and its default wins unjudged."""

from typing import Any

import pytest

from registry.onboarding import grant_entitlement
from registry.organization_facts import EntitlementFacts
from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live

pytestmark = pytest.mark.usefixtures("live_db")

# What is left out, and the members beside it that only its default makes wrong.
DEFAULTS: dict[str, dict[str, Any]] = {
    "grant_types": {"redirect_uris": None, "response_types": None},
    "response_types": {"grant_types": ["client_credentials", "authorization_code"], "redirect_uris": None},
    "token_endpoint_auth_method": {"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]},
    "application_type": {"redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none"},
}


@pytest.mark.parametrize("member", DEFAULTS)
@pytest.mark.parametrize("how", ["omitted", "null"])
def test_the_default_is_judged(live_server: Live, member: str, how: str) -> None:
    intruder = Intruder(live_server)
    body = world.metadata(intruder.holder, **DEFAULTS[member])
    body.pop(member, None)
    if how == "null":
        body[member] = None
    answer = intruder.post(body)
    assert answer.status == 400, answer.text
    assert intruder.nothing_left()


def test_without_a_scope_there_is_no_scope(live_server: Live) -> None:
    """Never all of them: the default scopes of the entitlement, here none."""
    intruder = Intruder(live_server)
    answer = intruder.post({"grant_types": ["client_credentials"]})
    assert "scope" not in answer.json()
    basic = (answer.json()["client_id"], answer.json()["client_secret"])
    for form in ({}, {"scope": "accounts:read"}):
        told = live_server.post("/token", basic=basic, form={"grant_type": "client_credentials"} | form)
        assert (told.status, told.json()["error"]) == (400, "invalid_scope")


def test_a_default_scope_is_the_one_that_the_entitlement_names(live_server: Live) -> None:
    intruder = Intruder(live_server)
    facts = EntitlementFacts("partner", world.SCOPES, world.GRANTS, default_scopes=["accounts:read"])
    grant_entitlement(intruder.holder.pk, facts, actor=world.STAN, now=world.now())
    assert intruder.post({"grant_types": ["client_credentials"]}).json()["scope"] == "accounts:read"


def test_a_default_grant_that_is_not_held_is_refused(live_server: Live) -> None:
    holder = world.organization(grant_types=["client_credentials"])
    intruder = Intruder(live_server, holder)
    answer = intruder.post({"redirect_uris": [f"https://{intruder.host}/cb"]})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert "[G1." in answer.json()["error_description"]
