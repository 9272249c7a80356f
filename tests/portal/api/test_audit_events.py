from datetime import timedelta

import pytest

from registry import audit, lifecycle
from tests import world

pytestmark = pytest.mark.django_db


def found(api, **query):
    answer = api.get("audit-events", **query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_an_event_in_full(api, acme):
    lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
    event = audit.history().first()
    shown = api.get(f"audit-events/{event.pk}").json()
    assert (
        shown
        | {
            "id": str(event.pk),
            "action": "organization.containment.started",
            "organization": acme.slug,
            "environment": "",
            "subject": {"kind": "organization", "id": acme.slug},
            "actor": {"kind": "person", "id": "stan", "label": "Stan Sample"},
            "reason": "leak",
            "before": {"state": "active"},
        }
        == shown
    )
    assert shown["after"]["state"] == "suspended"
    assert found(api, organization=acme.slug)[0] == shown


def test_filters(api, acme):
    other = world.organization("other")
    assert {event["organization"] for event in found(api, organization=acme.slug)} == {acme.slug}
    assert {event["subject"]["id"] for event in found(api, subject=other.slug)} == {other.slug}
    granted = found(api, action="organization.approval.granted", organization=acme.slug)
    assert [event["action"] for event in granted] == ["organization.approval.granted"]


def test_a_span_of_time_begins_with_from_and_ends_before_to(api, acme):
    start = world.now() + timedelta(hours=1)
    acts = (lifecycle.contain_organization, lifecycle.restore_organization)
    for hour, (act, actor) in enumerate(zip(acts, (world.STAN, world.PAUL), strict=True)):
        act(acme.pk, actor=actor, reason="drill", now=start + timedelta(hours=hour))
    first, second = start.isoformat(), (start + timedelta(hours=1)).isoformat()
    span = {"organization": acme.slug}
    assert len(found(api, **span, **{"from": first})) == 2
    assert len(found(api, **span, **{"from": second})) == 1
    inside = found(api, **span, **{"from": first, "to": second})
    assert [event["action"] for event in inside] == ["organization.containment.started"]
    assert found(api, **span, **{"from": second, "to": first}) == []


@pytest.mark.parametrize(
    "query",
    [
        {"action": "organization.everything.changed"},
        {"from": "yesterday"},
        {"to": "2026-13-01T00:00:00Z"},
        {"from": "99999-01-01T00:00:00Z"},
        {"subject": "a\x00b"},
        {"since": "2026-01-01T00:00:00Z"},
    ],
)
def test_a_filter_without_shape_is_refused(query, api):
    answer = api.get("audit-events", **query)
    assert answer.status_code == 422
    assert [finding["member"] for finding in answer.json()["findings"]] == list(query)


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["audit-events", "audit-events/{}"])
def test_nothing_can_be_written(verb, path, api, acme):
    event = audit.history().first()
    answer = api.call(verb, f"/api/v1/{path.format(event.pk)}", {})
    assert answer.status_code == 405
    assert audit.history().first().pk == event.pk
