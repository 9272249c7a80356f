"""Refused sign-ins in the audit log."""

import pytest

from registry import queries, sessions
from registry.actors import Viewer
from registry.events import Event
from registry.roles import Role
from tests import world

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (("192.0.2.1", "192.0.2.2", "192.0.2.1"), ["192.0.2.1", "192.0.2.2"]),
        (("192.0.2.1", "::ffff:192.0.2.1"), ["192.0.2.1"]),
        (("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"), ["2001:db8::1", "2001:db8:0:1::1"]),
    ],
)
def test_are_told_once_a_minute_for_each_network(sources: tuple[str, ...], told: list[str]) -> None:
    world.operator()
    now = world.now()
    for source in sources:
        sessions.record_refused("alice@acme.example", source=source, request_id="", now=now)
    events = queries.audit_events(Viewer(Role.AUDITOR, None), action=Event.PERSON_SIGN_IN_REFUSED)
    assert [event.actor_id for event in reversed(events)] == told
