"""How often a service client and its organization may ask, and what the answers say of it."""

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import world

pytestmark = pytest.mark.django_db

WHY = {"reason": "leak"}


@pytest.fixture
def limits(settings):
    def set_to(client=1000, organization=1000):
        settings.REGISTRY = replace(
            settings.REGISTRY,
            api_requests_per_minute=client,
            api_requests_per_minute_of_organization=organization,
        )

    return set_to


def assert_too_fast(answer):
    assert answer.status_code == 429
    problem = answer.json()
    assert (problem["code"], problem["title"]) == ("temporarily_unavailable", "Requests come too fast")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert f"Wait {answer['Retry-After']} s" in problem["detail"]


def test_every_answer_says_what_is_left(limits, api):
    limits(client=10, organization=100)
    answers = [api.get("organizations") for _ in range(2)]
    assert answers[0]["RateLimit-Policy"] == '"service";q=10;w=60, "organization";q=100;w=60'
    assert [re.findall(r"r=(\d+);t=(\d+)", one["RateLimit"]) for one in answers] == [
        [("9", "6"), ("99", "1")],
        [("8", "12"), ("98", "2")],
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "organizations/nobody", None, 404),
        ("GET", "organizations?nothing=1", None, 422),
        ("POST", "organizations", {}, 422),
        ("PUT", "organizations", {}, 405),
        ("POST", "organizations/nobody/contain", WHY, 404),
    ],
)
def test_refusals_say_it_and_count_too(method, path, body, status, limits, api):
    limits(client=10)
    answer = api.call(method, f"/api/v1/{path}", body)
    assert answer.status_code == status
    assert "r=9" in answer["RateLimit"]


def test_what_the_scope_forbids_counts_too(limits, service):
    limits(client=10)
    assert "r=9" in service("audit:read").get("organizations")["RateLimit"]


def test_strangers_are_told_nothing_and_spend_nothing(limits, stranger, api):
    limits(organization=1)
    for _ in range(3):
        answer = stranger.get("organizations")
        assert (answer.status_code, "RateLimit" in answer) == (401, False)
    assert api.get("organizations").status_code == 200


def test_a_service_that_asks_too_often_waits_and_others_do_not(limits, service):
    limits(client=2)
    busy, other = service(), service()
    assert [busy.get("organizations").status_code for _ in range(3)] == [200, 200, 429]
    assert_too_fast(busy.get("organizations"))
    assert "r=0" in busy.get("organizations")["RateLimit"]
    assert other.get("organizations").status_code == 200


def test_all_services_of_an_organization_together_wait(limits, service):
    limits(organization=3)
    callers = [service() for _ in range(4)]
    assert [caller.get("organizations").status_code for caller in callers] == [200, 200, 200, 429]


def test_a_write_that_comes_too_fast_is_not_done(limits, api, acme):
    limits(client=1)
    api.get("organizations")
    assert_too_fast(api.patch(f"organizations/{acme.slug}", {"display_name": "New"}))
    acme.refresh_from_db()
    assert acme.display_name == "Acme"


def test_stopping_never_waits_behind_other_work(limits, api, acme):
    limits(client=1)
    api.get("organizations")
    assert api.get("organizations").status_code == 429
    answer = api.post(f"organizations/{acme.slug}/contain", WHY)
    assert (answer.status_code, answer["RateLimit-Policy"]) == (200, '"stop";q=1;w=60')


def test_restoring_does(limits, api, acme):
    limits(client=1)
    api.get("organizations")
    assert_too_fast(api.post(f"organizations/{acme.slug}/restore", WHY))


def test_it_costs_one_statement_when_it_refuses(limits, api):
    limits(client=1)
    api.get("organizations")
    with CaptureQueriesContext(connection) as captured:
        assert api.get("organizations").status_code == 429
    assert len(captured) == 2


def test_tokens_and_introspection_do_not_count(limits, api, stranger):
    """Whoever used up its allowance still gets tokens, and its tokens are still introspected."""
    limits(client=1)
    api.get("organizations")
    answer = stranger.client.post(
        "/introspect",
        f"token={api.token}",
        content_type="application/x-www-form-urlencoded",
        secure=True,
        headers={"Authorization": world.basic(*world.resource_server())},
    )
    assert (answer.status_code, "RateLimit" in answer) == (200, False)
