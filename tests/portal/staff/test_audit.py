"""The audit log: search and one event."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.log import SENTENCES
from registry import lifecycle, queries
from registry.events import Event
from registry.models import Organization
from tests import audit_log, world
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, text


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

    @pytest.mark.parametrize("query", [{"before": "x"}, {"q": "\x00"}, {"event": "x"}])
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


class TestDays:
    @pytest.mark.parametrize("name", ["from", "to"])
    @pytest.mark.parametrize("written", ["yesterday", "2026-13-01", "23.11.2026", "0000-00-00"])
    def test_what_is_no_day_is_an_error_beside_its_field(
        self, ada: Client, contained: Organization, name: str, written: str
    ) -> None:
        page = ada.get("/staff/audit/", {name: written, "q": "keys leaked"})
        html = page.content.decode()
        assert f'id="e-{name}">Error: Write the day as 2026-11-23.' in html
        assert (
            f'name="{name}" type="text" value="{written}" aria-invalid="true" aria-describedby="e-{name}"'
            in html
        )
        chips = page.context["filters"]["chips"]
        assert [chip["text"] for chip in chips] == ["identifier, e-mail address, or text: keys leaked"]
        assert all(written not in chip["href"] for chip in chips)
        assert [event["name"] for day in page.context["days"] for event in day["events"]]

    def test_the_last_is_not_before_the_first(self, ada: Client, contained: Organization) -> None:
        page = ada.get("/staff/audit/", {"from": "2026-11-24", "to": "2026-11-23"})
        assert "Error: This day is before the first one." in page.content.decode()
        assert [chip["text"] for chip in page.context["filters"]["chips"]] == [
            "from (2026-11-23): 2026-11-24"
        ]

    def test_there_is_no_day_after_the_last(self, ada: Client, contained: Organization) -> None:
        assert found(ada, **{"from": "0001-01-01", "to": "9999-12-31"})


@pytest.fixture
def signed(contained: Organization) -> Organization:
    audit_log.sequence()
    return contained


def exported(browser: Client, query: str = "", reason: str = "yearly audit") -> Any:
    return browser.post(f"/staff/audit/export/?{query}", {"reason": reason})


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]


class TestExport:
    def test_is_what_the_search_finds(self, ada: Client, signed: Organization) -> None:
        query = f"organization={signed.slug}&event=organization.containment.started&q=keys"
        answer = exported(ada, query)
        first, *events, end = lines(answer)
        assert answer["Content-Disposition"].endswith('.jsonl"')
        assert first["organization"] == {"id": str(signed.pk), "slug": signed.slug}
        assert first["filter"] == {"q": "keys", "event": "organization.containment.started"}
        assert [line["event"]["reason"] for line in events] == ["keys leaked"]
        assert "end" in end

    @pytest.mark.parametrize("query", ["", "q=keys", "from=2001-01-01&actor=Paul"])
    def test_is_verified_with_the_public_key(self, ada: Client, signed: Organization, query: str) -> None:
        octets = b"".join(exported(ada, query).streaming_content)
        assert audit_log.verified(octets).events >= 1

    def test_of_nothing_asked_is_complete(self, sofia: Client, signed: Organization) -> None:
        first, *events, _ = lines(exported(sofia))
        assert first["complete"] is True
        assert [line["number"] for line in events if "number" in line] == list(range(len(events)))

    def test_is_an_event_with_its_reason(self, ada: Client, signed: Organization) -> None:
        with exactly_one_event(Event.AUDIT_EXPORTED):
            exported(ada, "q=keys", reason="asked by the regulator")
        event = queries.audit_events(STAFF, action=Event.AUDIT_EXPORTED).get()
        assert (event.reason, event.after["filter"]) == ("asked by the regulator", {"q": "keys"})

    def test_needs_a_reason_and_days_that_can_be_read(self, ada: Client, signed: Organization) -> None:
        with no_event():
            assert "Error: " in exported(ada, reason="").content.decode()
            assert "cannot be read" in exported(ada, "from=yesterday").content.decode()
            assert "What it holds" in text(ada, "/staff/audit/export/?q=keys")

    def test_without_the_key_says_where_to_export(
        self, ada: Client, signed: Organization, settings: Settings
    ) -> None:
        settings.REGISTRY = replace(settings.REGISTRY, audit_key="")
        with no_event():
            answer = exported(ada)
        assert (answer.status_code, "manage.py export_audit" in answer.content.decode()) == (409, True)

    def test_is_for_auditors_and_security_officers(
        self, ada: Client, sofia: Client, stan: Client, paul: Client, signed: Organization
    ) -> None:
        for browser, may in ((ada, True), (sofia, True), (stan, False), (paul, False)):
            assert ("/staff/audit/export/" in text(browser, "/staff/audit/")) is may
            assert exported(browser).status_code == (200 if may else 403)


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
