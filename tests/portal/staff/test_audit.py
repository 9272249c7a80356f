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
from registry import audit_export, lifecycle, queries
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

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("event", "organization.containment.begun", "There is no event of this name."),
            ("q", "x" * 201, "Write at most 200 characters, and none that nobody can read."),
            ("actor", "\x00", "Write at most 200 characters, and none that nobody can read."),
            ("organization", "a\x00", "Write at most 200 characters, and none that nobody can read."),
        ],
    )
    def test_what_is_dropped_is_told_beside_its_field(
        self, ada: Client, contained: Organization, name: str, value: str, error: str
    ) -> None:
        page = ada.get("/staff/audit/", {name: value})
        assert f'id="e-{name}">Error: {error}' in page.content.decode()
        assert f'aria-invalid="true" aria-describedby="e-{name}"' in page.content.decode()
        assert page.context["filters"]["chips"] == []
        assert page.context["export_href"] == ""

    def test_what_is_cut_asks_nothing_and_is_in_no_link(self, ada: Client, db: None) -> None:
        for _ in range(13):
            world.organization(domains=("{slug}.example",))
        page = ada.get("/staff/audit/", {"q": "x" * 201})
        assert "q=" not in page.context["pager"]["next_href"]

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


def begun(browser: Client, query: str = "", reason: str = "yearly audit") -> Any:
    return browser.post(f"/staff/audit/export/?{query}", {"reason": reason})


def exported(browser: Client, query: str = "", reason: str = "yearly audit") -> Any:
    """The answer with all its `octets`, whether it is a file or a page."""
    answer = begun(browser, query, reason)
    answer.octets = answer.getvalue()
    return answer


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.octets.splitlines()]


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
        octets = exported(ada, query).octets
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
            assert exported(ada, "organization=nobody").status_code == 404
            assert "What it holds" in text(ada, "/staff/audit/export/?q=keys")

    @pytest.mark.parametrize(
        "query",
        [
            "event=organization.containment.begun",
            "event=client.state.suspended&event=organization.containment.started",
            "event=%20organization.containment.started",
            f"q={'x' * 201}",
            "q=keys%00leaked",
            "actor=%00",
            "organization=%00",
            "organisation=acme",
            "environment=sandbox",
            "since=2026-11-23",
            "Event=client.state.suspended",
        ],
    )
    def test_of_what_nobody_can_ask_is_refused(self, ada: Client, signed: Organization, query: str) -> None:
        """It would hold more than was meant, the whole log at worst."""
        with no_event():
            answer = exported(ada, query)
        assert "cannot be read as it was written" in answer.content.decode()

    def test_of_an_actor_that_there_is_not_is_empty(self, ada: Client, signed: Organization) -> None:
        first, *events = lines(exported(ada, "actor=Nobody"))
        assert (first["filter"], len(events)) == ({"actor": "Nobody"}, 1)

    @pytest.mark.parametrize("query", ["q={slug}", "organization={slug}", ""])
    def test_from_any_page_of_a_search_is_whole(self, ada: Client, signed: Organization, query: str) -> None:
        asked = query.format(slug=signed.slug)
        last = queries.audit_events(STAFF, organization=signed).last()
        whole, part = (lines(exported(ada, f"{asked}{page}")) for page in ("", f"&before={last.pk}"))
        part = [line for line in part if line.get("event", {}).get("action") != Event.AUDIT_EXPORTED]
        assert [line.get("event") for line in part[1:]] == [line.get("event") for line in whole[1:]]
        assert part[0].get("filter") == whole[0].get("filter")

    def test_is_written_before_it_is_sent(
        self, ada: Client, signed: Organization, django_assert_num_queries: Any
    ) -> None:
        """Whoever reads slowly, or not at all, keeps no transaction open and no connection from others."""
        answer = begun(ada)
        with django_assert_num_queries(0):
            octets = b"".join(answer.streaming_content)
        assert int(answer["Content-Length"]) == len(octets)

    def test_of_too_many_events_names_the_command(
        self, ada: Client, signed: Organization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held = len(lines(exported(ada, f"organization={signed.slug}"))) - 2
        for most, status in ((held, 200), (held - 1, 409)):
            monkeypatch.setattr(audit_export, "MOST_EVENTS", most)
            answer = exported(ada, f"organization={signed.slug}")
            assert answer.status_code == status
            assert b"manage.py export_audit" in answer.octets or status == 200

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
