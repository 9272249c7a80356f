"""`fields`: a reader gets the members that it asks for, and is told of those that there are not."""

import pytest

from tests.portal.api.conftest import ROUTES, asking

pytestmark = pytest.mark.django_db

every_read = pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.method == "GET"], ids=lambda route: route.id
)


def members(answer):
    assert answer.status_code == 200, answer.content
    told = answer.json()
    rows = told.get("results", [told])
    assert rows
    return rows


@every_read
def test_each_member_alone_and_two_together_are_as_in_the_whole(route, api, known):
    path = route.path(known)
    whole = members(api.call("GET", path))
    first, *_, last = whole[0]
    for name in whole[0]:
        assert members(api.call("GET", asking(path, f"fields={name}"))) == [
            {name: row[name]} for row in whole
        ]
    for row in members(api.call("GET", asking(path, f"fields={last},{first}"))):
        assert set(row) == {first, last}


@every_read
def test_what_there_is_not_is_named(route, api, known):
    path = route.path(known)
    first = next(iter(members(api.call("GET", path))[0]))
    for fields in ("", "nothing", ",", f"{first},", f"{first},nothing", "__class__", "%00"):
        answer = api.call("GET", asking(path, f"fields={fields}"))
        assert answer.status_code == 422
        assert [(f["member"], f["rule"]) for f in answer.json()["findings"]] == [
            ("fields", "api.invalid_choice")
        ]
    answer = api.call("GET", asking(path, "nothing=1"))
    assert answer.status_code == 422
    assert [finding["member"] for finding in answer.json()["findings"]] == ["nothing"]


@pytest.mark.parametrize("query", ["fields=slug&fields=state", "fields=slug,state", "fields=state%2Cslug"])
def test_the_ways_to_write_them_are_one(query, api, acme):
    answer = api.call("GET", f"/api/v1/organizations/{acme.slug}?{query}")
    assert answer.json() == {"slug": acme.slug, "state": "active"}


@pytest.mark.parametrize("query", ["fields=slug&fields=slug", "fields=slug,state,slug"])
def test_twice_is_refused(query, api, acme):
    answer = api.call("GET", f"/api/v1/organizations/{acme.slug}?{query}")
    assert answer.status_code == 422
    assert answer.json()["findings"][0]["rule"] == "api.repeated"


def test_the_links_of_a_page_keep_the_fields(api, acme, known):
    page = api.get("audit-events", fields="id,action", page_size=1).json()
    assert set(page["results"][0]) == {"id", "action"}
    assert "fields=id%2Caction" in page["next"]


def test_the_tag_is_that_of_the_whole(api, acme):
    path = f"organizations/{acme.slug}"
    assert api.get(path, fields="slug")["ETag"] == api.get(path)["ETag"]


def test_a_write_answers_the_whole(api, acme):
    path = f"organizations/{acme.slug}"
    answer = api.patch(f"{path}?fields=slug", {"display_name": "A"})
    assert answer.json() == api.get(path).json()
