"""The audit log: search and one event."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from portal.log import SENTENCES
from registry import lifecycle, queries
from registry.events import Event
from registry.models import Organization
from tests import world
from tests.portal.staff.scene import STAFF, text


@pytest.fixture
def contained(acme: Organization) -> Organization:
    lifecycle.contain_organization(acme.pk, actor=world.PAUL, reason="keys leaked", now=world.now())
    return acme


def found(browser: Client, **query: str) -> list[str]:
    """Names of the events that a search shows."""
    days = browser.get(f"/staff/audit/?{urlencode(query)}").context["days"]
    return [event["name"] for day in days for event in day["events"]]


class TestSearch:
    def test_finds_by_each_field(self, ada: Client, contained: Organization) -> None:
        today = f"{world.now():%Y-%m-%d}"
        for query in (
            {"q": "keys leaked"},
            {"q": contained.slug, "event": "organization.containment.started"},
            {"actor": "Paul", "organization": contained.slug},
            {"from": today, "to": today},
        ):
            assert "organization.containment.started" in found(ada, **query)

    @pytest.mark.parametrize(
        "query",
        [
            {"q": "nothing like it"},
            {"event": "client.state.suspended"},
            {"actor": "Nobody"},
            {"organization": "nobody"},
            {"from": "2999-01-01"},
            {"to": "2001-01-01"},
        ],
    )
    def test_each_field_limits(self, ada: Client, contained: Organization, query: dict[str, str]) -> None:
        assert found(ada, **query) == []

    @pytest.mark.parametrize("query", [{"from": "yesterday"}, {"before": "x"}, {"q": "\x00"}, {"event": "x"}])
    def test_nonsense_is_dropped(self, ada: Client, contained: Organization, query: dict[str, str]) -> None:
        assert "organization.containment.started" in found(ada, **query)

    def test_goes_on_page_by_page(self, ada: Client, db: None) -> None:
        for _ in range(13):
            world.organization(domains=("{slug}.example",))
        first = ada.get("/staff/audit/")
        ids = [event["id"] for day in first.context["days"] for event in day["events"]]
        after = ada.get(first.context["pager"]["next_href"])
        later = [event["id"] for day in after.context["days"] for event in day["events"]]
        assert len(ids) == 50
        assert later
        assert max(later) < min(ids)


class TestEvent:
    def test_shows_everything_recorded(self, ada: Client, contained: Organization) -> None:
        event = queries.audit_events(STAFF, action=Event.ORGANIZATION_CONTAINED).first()
        page = text(ada, reverse("staff:audit_event", args=[event.pk]))
        assert "keys leaked" in page
        assert "&quot;state&quot;: &quot;suspended&quot;" in page
        assert reverse("staff:organization", args=[contained.slug]) in page

    def test_an_unknown_one_is_not_there(self, ada: Client, acme: Organization) -> None:
        assert ada.get("/staff/audit/00000000-0000-7000-8000-000000000000/").status_code == 404


def test_every_event_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Event)
