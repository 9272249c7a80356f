"""Bulk reads: what is asked for comes in its order, what is not there is named, and the price is that of one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import audit
from tests import world
from tests.portal.api.conftest import registered

pytestmark = pytest.mark.django_db


def test_clients_come_in_the_order_in_which_they_were_asked_for(api, acme):
    ids = [registered(acme) for _ in range(3)][::-1]
    told = api.post("clients/lookup", {"client_ids": [ids[0], "c_nobody", *ids[1:]]}).json()
    assert [row["client_id"] for row in told["results"]] == ids
    assert told["missing"] == ["c_nobody"]
    assert told["results"][0] == api.get(f"clients/{ids[0]}").json()


def test_organizations_come_in_the_order_in_which_they_were_asked_for(api, acme):
    other = world.organization("other")
    told = api.post("organizations/lookup", {"slugs": [other.slug, "nobody", acme.slug]}).json()
    assert [row["slug"] for row in told["results"]] == [other.slug, acme.slug]
    assert told["missing"] == ["nobody"]
    (listed,) = api.get("organizations", q=acme.slug).json()["results"]
    assert told["results"][1] == listed


@pytest.mark.parametrize(
    ("path", "member"), [("clients/lookup", "client_ids"), ("organizations/lookup", "slugs")]
)
class TestBody:
    @pytest.mark.parametrize(
        "names", [[], ["a", "a"], [f"n{n}" for n in range(201)], ["a\x00"], [5], [""], [None], "a", {}, None]
    )
    def test_what_is_not_a_set_of_names_is_refused(self, path, member, names, api):
        answer = api.post(path, {member: names})
        assert answer.status_code in {400, 422}, answer.content

    def test_two_hundred_are_read(self, path, member, api):
        names = [f"n{n}" for n in range(200)]
        assert api.post(path, {member: names}).json() == {"results": [], "missing": names}

    def test_it_costs_three_statements_and_leaves_nothing(self, path, member, api, acme):
        names = [acme.slug, *(registered(acme) for _ in range(5))]
        before = audit.history().count()
        with CaptureQueriesContext(connection) as captured:
            assert api.post(path, {member: names}).status_code == 200
        assert len(captured) == 3
        assert audit.history().count() == before

    def test_it_takes_no_idempotency_key(self, path, member, api, acme):
        key = {"HTTP_IDEMPOTENCY_KEY": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
        assert api.post(path, {member: ["a"]}, **key).json()["missing"] == ["a"]
        assert api.post(path, {member: ["b"]}, **key).json()["missing"] == ["b"]


def test_no_organization_has_the_name_of_a_lookup(api):
    from tests.portal.api.test_audit import NEW

    for slug in ("lookup", "new"):
        assert api.post("organizations", NEW | {"slug": slug}).status_code == 422
