from uuid import uuid4

import pytest

from registry import clock, credentials, lifecycle
from registry.errors import InvalidToken
from registry.models import InitialAccessToken
from tests import world

pytestmark = pytest.mark.django_db

WHY = {"reason": "mailed to the wrong person"}


@pytest.fixture
def path(acme):
    return f"organizations/{acme.slug}/initial-access-tokens"


def test_the_value_is_in_the_answer_once(api, path):
    answer = api.post(path, {"environment": "sandbox", "max_uses": 3, "lifetime_seconds": 600})
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    issued = answer.json()
    value = issued.pop("value")
    assert credentials.find_initial_access_token(value, clock.now()).max_uses == 3
    for again in (api.get(path), api.get(f"{path}/{issued['id']}")):
        assert value not in again.content.decode()
    assert api.get(f"{path}/{issued['id']}").json() == issued == api.get(path).json()["results"][0]


def test_it_rests_as_a_digest(api, path):
    value = api.post(path, {"environment": "sandbox"}).json()["value"]
    assert all(value not in map(str, vars(row).values()) for row in InitialAccessToken.objects.all())


def test_every_limit_is_kept(api, acme, path):
    limits = {
        "environment": "production",
        "max_uses": 2,
        "roles": ["partner"],
        "allowed_hosts": [f"app.{acme.slug}.example"],
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
    }
    issued = api.post(path, limits).json()
    assert issued | limits == issued
    assert issued["created_by"] == f"service:{api.client_id}"
    assert issued["uses"] == 0


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"environment": "test"},
        {"environment": "sandbox", "max_uses": 0},
        {"environment": "sandbox", "max_uses": 100_001},
        {"environment": "sandbox", "max_uses": True},
        {"environment": "sandbox", "max_uses": 1.5},
        {"environment": "sandbox", "max_uses": "1"},
        {"environment": "sandbox", "lifetime_seconds": 59},
        {"environment": "sandbox", "lifetime_seconds": 10**20},
        {"environment": "sandbox", "roles": []},
        {"environment": "sandbox", "roles": ["somebody else's"]},
        {"environment": "sandbox", "roles": ["admin"]},
        {"environment": "sandbox", "allowed_hosts": ["https://x.example"]},
        {"environment": "sandbox", "allowed_hosts": "x.example"},
        {"environment": "sandbox", "software_id": ""},
        {"environment": "sandbox", "organization": "other"},
        {"environment": "sandbox", "value": "pri_chosen"},
    ],
)
def test_limits_that_cannot_be_are_refused(limits, api, path):
    answer = api.post(path, limits)
    assert answer.status_code == 422
    assert answer.json()["findings"]
    assert not InitialAccessToken.objects.exists()


def test_a_quota_is_429(api):
    made = world.organization(clients=1)
    quota = made.quotas.get(environment="sandbox")
    quota.initial_access_tokens = 0
    quota.save()
    answer = api.post(f"organizations/{made.slug}/initial-access-tokens", {"environment": "sandbox"})
    assert (answer.status_code, answer.json()["code"]) == (429, "temporarily_unavailable")


def test_a_contained_organization_gets_none(api, acme, path):
    lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
    answer = api.post(path, {"environment": "sandbox"})
    assert (answer.status_code, answer.json()["code"]) == (403, "access_denied")


@pytest.mark.parametrize("way", ["delete", "revoke"])
def test_revoking_ends_it_at_once(way, api, path):
    issued = api.post(path, {"environment": "sandbox"}).json()
    where = f"{path}/{issued['id']}"
    answer = api.delete(where) if way == "delete" else api.post(f"{where}/revoke", WHY)
    assert answer.status_code == 200
    assert answer.json()["ended_at"]
    assert answer.json()["end_reason"] == ("revoked by a service" if way == "delete" else WHY["reason"])
    with pytest.raises(InvalidToken):
        credentials.find_initial_access_token(issued["value"], clock.now())
    assert api.delete(where).status_code == 404


@pytest.mark.parametrize("way", ["read", "delete", "revoke"])
def test_a_token_of_another_organization_is_not_there(way, api, path):
    other = world.initial_access_token(world.organization("other")).row
    unknown = uuid4()
    answers = []
    for token_id in (other.pk, unknown):
        where = f"{path}/{token_id}"
        act = {"read": api.get, "delete": api.delete}
        answers.append(act[way](where) if way in act else api.post(f"{where}/revoke", WHY))
    assert [answer.status_code for answer in answers] == [404, 404]
    first, second = ({**answer.json(), "request_id": ""} for answer in answers)
    assert first == second
    assert InitialAccessToken.objects.get(pk=other.pk).ended_at is None


def test_a_token_of_the_operator_can_be_ended_but_not_made(api, acme):
    """None is made any more; one from before may still be there."""
    holder = world.operator()
    row = world.initial_access_token(acme).row
    InitialAccessToken.objects.filter(pk=row.pk).update(organization=holder)
    assert api.delete(f"organizations/{holder.slug}/initial-access-tokens/{row.pk}").status_code == 200
