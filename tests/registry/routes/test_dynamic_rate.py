"""Attempts to register come only so often: of one token, of one organization, of everybody."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import audit
from registry.errors import InvalidToken, NotJson, RateExceeded
from registry.events import Event
from registry.models import Client
from registry.routes import dynamic
from registry.routes.dynamic import RegistrationCall
from tests import world

pytestmark = pytest.mark.django_db
NOW = world.now()


def call(token, body=b"{}"):
    return RegistrationCall(token.value, "application/json", body, None, "192.0.2.1", "req_1")


def attempts(token, count):
    """How many of `count` calls were judged at all; these are all refused for what they say."""
    judged = 0
    for _ in range(count):
        try:
            dynamic.register(call(token, b"["), now=NOW)
        except NotJson:
            judged += 1
        except RateExceeded:
            continue
    return judged


@pytest.fixture
def limits(settings):
    def set_to(token=1000, organization=1000, everybody=1000):
        settings.REGISTRY = replace(
            settings.REGISTRY,
            registrations_per_minute_of_token=token,
            registrations_per_minute_of_organization=organization,
            registrations_per_minute=everybody,
        )

    return set_to


@pytest.mark.parametrize("limit", ["token", "organization", "everybody"])
def test_each_limit_holds(limit, limits):
    limits(**{limit: 3})
    assert attempts(world.initial_access_token(world.organization()), 6) == 3


def test_another_token_of_the_same_organization_shares_the_limit_of_the_organization(limits):
    limits(token=2, organization=3)
    acme = world.organization()
    assert attempts(world.initial_access_token(acme), 5) == 2
    assert attempts(world.initial_access_token(acme), 5) == 1
    assert attempts(world.initial_access_token(world.organization("other")), 5) == 2


def test_a_flood_with_one_token_takes_nothing_from_others(limits):
    limits(token=2, everybody=5)
    assert attempts(world.initial_access_token(world.organization()), 50) == 2
    assert attempts(world.initial_access_token(world.organization("other")), 2) == 2


def test_it_says_when_to_come_back_and_makes_no_client(limits):
    limits(token=1)
    token = world.initial_access_token(world.organization())
    attempts(token, 1)
    with pytest.raises(RateExceeded) as refused:
        dynamic.register(call(token), now=NOW)
    assert refused.value.retry_after == 60
    assert not Client.objects.filter(organization=token.row.organization).exists()


def test_a_flood_leaves_one_event(limits):
    limits(token=1)
    token = world.initial_access_token(world.organization())
    attempts(token, 20)
    found = audit.history(action=Event.REGISTRATION_REFUSED, subject_id=str(token.row.pk))
    assert [event.after["refusal"] for event in found] == ["RateExceeded", "NotJson"]


def test_a_stranger_spends_nothing_of_anybody(limits):
    limits(everybody=1)
    for _ in range(5):
        with pytest.raises(InvalidToken):
            dynamic.register(
                replace(call(world.initial_access_token(world.organization())), bearer="pri_x"), now=NOW
            )
    assert attempts(world.initial_access_token(world.organization()), 1) == 1


def test_the_limits_cost_one_statement(limits):
    limits(token=1)
    token = world.initial_access_token(world.organization())
    attempts(token, 1)
    with CaptureQueriesContext(connection) as seen, pytest.raises(RateExceeded):
        dynamic.register(call(token), now=NOW)
    assert sum("registry_ratebucket" in query["sql"] for query in seen) == 1
