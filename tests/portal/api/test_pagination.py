from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from registry.states import Environment
from tests import world
from tests.portal.api.conftest import registered

pytestmark = pytest.mark.django_db


def follow(api, path, link="next", **query):
    """Every page from the first to the last."""
    page = api.get(path, **query).json()
    pages = [page["results"]]
    while page[link]:
        parts = urlsplit(page[link])
        page = api.call("GET", f"{parts.path}?{parts.query}").json()
        pages.append(page["results"])
    return pages, page


@pytest.fixture
def six(db):
    return sorted(world.organization("six", active=False).slug for _ in range(6))


def test_pages_hold_everything_once_and_in_order(api, six):
    pages, _ = follow(api, "organizations", q="six-", page_size=2)
    assert [[row["slug"] for row in page] for page in pages] == [six[:2], six[2:4], six[4:]]


def test_the_way_back_is_the_same(api, six):
    _, last = follow(api, "organizations", q="six-", page_size=4)
    parts = urlsplit(last["previous"])
    page = api.call("GET", f"{parts.path}?{parts.query}").json()
    assert [row["slug"] for row in page["results"]] == six[:4]
    assert page["previous"] is None


def test_the_links_keep_the_filters(api, six):
    link = api.get("organizations", q="six-", state="draft", page_size=2).json()["next"]
    query = parse_qs(urlsplit(link).query)
    assert query.pop("cursor")
    assert query == {"q": ["six-"], "state": ["draft"], "page_size": ["2"]}


def test_a_row_that_is_new_moves_no_other(api, six):
    first = api.get("organizations", q="six-", page_size=2).json()
    world.organization("six", active=False)
    parts = urlsplit(first["next"])
    seen = [row["slug"] for row in first["results"]]
    rest = api.call("GET", f"{parts.path}?{parts.query}").json()["results"]
    assert not {row["slug"] for row in rest} & set(seen)


def test_rows_of_one_instant_are_each_seen_once(api, acme):
    moment = world.now()
    from registry import credentials

    for _ in range(7):
        credentials.issue_initial_access_token(
            acme.pk, Environment.SANDBOX, credentials.Ceiling(), actor=world.STAN, now=moment
        )
    pages, _ = follow(api, f"organizations/{acme.slug}/initial-access-tokens", page_size=3)
    ids = [row["id"] for page in pages for row in page]
    assert len(ids) == len(set(ids)) == 7


def test_clients_and_events_come_newest_first(api, acme):
    made = [registered(acme) for _ in range(3)]
    rows = api.get("clients", organization=acme.slug).json()["results"]
    assert [row["client_id"] for row in rows] == made[::-1]
    events = api.get("audit-events", organization=acme.slug, page_size=2).json()["results"]
    assert events[0]["id"] > events[1]["id"]


def test_an_empty_list_is_a_page(api):
    assert api.get("clients", q="nothing like it").json() == {"next": None, "previous": None, "results": []}


LISTS = (
    "organizations",
    "clients",
    "registrations",
    "audit-events",
    "{}/domains",
    "{}/initial-access-tokens",
)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "place",
    [
        "p=nonsense%00",
        "p=%FF",
        "p=" + "9" * 60,
        "p=-1",
        "p=",
        "p=2026-13-45",
        "p=a&r=1&o=3",
        "o=5000",
        "o=-1",
        "o=x",
        "r=x",
        "r=" + "9" * 5000,
        "x=y",
        "",
    ],
)
def test_a_cursor_that_we_did_not_make_is_never_a_server_error(path, place, api, acme):
    where = path.format(f"organizations/{acme.slug}")
    answer = api.get(where, cursor=b64encode(place.encode()).decode()[:500])
    assert answer.status_code in {200, 400, 422}, answer.content


@pytest.mark.parametrize("cursor", ["%", "é", "=", "AAA", "a" * 400, "\x00"])
def test_a_cursor_that_is_no_cursor_is_refused(cursor, api):
    answer = api.get("registrations", cursor=cursor)
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"invalid_request", "invalid_input"}


def test_a_cursor_of_another_list_is_refused(api, six):
    cursor = parse_qs(urlsplit(api.get("organizations", page_size=2).json()["next"]).query)["cursor"][0]
    assert api.get("registrations", cursor=cursor).status_code == 400
