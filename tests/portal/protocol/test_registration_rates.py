"""The registration endpoint says what is left before it refuses (draft-ietf-httpapi-ratelimit-headers §3, §4)."""

import re
from dataclasses import replace
from typing import Any

import pytest

from registry.models import Organization
from tests import world
from tests.software import InProcess

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(settings: Any) -> Organization:
    settings.REGISTRY = replace(
        settings.REGISTRY,
        registrations_per_minute_of_token=3,
        registrations_per_minute_of_organization=10,
        registrations_per_minute=100,
    )
    return world.organization()


def left(answer: Any) -> dict[str, int]:
    """What the header says is left, by the name of the allowance."""
    return {name: int(count) for name, count in re.findall(r'"(\w+)";r=(\d+)', answer.headers["RateLimit"])}


def test_a_granted_one_tells_what_is_left(acme: Organization) -> None:
    token = world.initial_access_token(acme).value
    answer = InProcess().post("/register", bearer=token, json=world.metadata(acme))
    assert answer.status == 201
    assert answer.headers["RateLimit-Policy"] == '"token";q=3;w=60, "organization";q=10;w=60'
    assert left(answer) == {"token": 2, "organization": 9}


def test_a_refused_one_tells_it_too(acme: Organization) -> None:
    token = world.initial_access_token(acme).value
    for expected in (2, 1, 0):
        answer = InProcess().post("/register", bearer=token, json={"scope": "everything"})
        assert (answer.status, left(answer)["token"]) == (400, expected)
    answer = InProcess().post("/register", bearer=token, json=world.metadata(acme))
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert left(answer)["token"] == 0


def test_how_busy_others_are_is_not_told(acme: Organization) -> None:
    token = world.initial_access_token(acme).value
    answer = InProcess().post("/register", bearer=token, json=world.metadata(acme))
    assert "all" not in left(answer)


def test_a_stranger_is_told_nothing() -> None:
    answer = InProcess().post("/register", bearer="pri_unknown", json={})
    assert (answer.status, "RateLimit" in answer.headers) == (401, False)
