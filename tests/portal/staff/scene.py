"""What the tests of the staff portal do again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client as Browser

from registry import queries
from registry.actors import Viewer
from registry.models import Client, Organization, Registration
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from tests import world

STAFF = Viewer(Role.PARTNER_MANAGER, None)


def registered(
    holder: Organization, environment: Environment = Environment.SANDBOX, **members: Any
) -> Client:
    """A client that was registered by hand; it is pending where the organization's review asks a person."""
    made = manual.register(
        holder.pk,
        environment,
        world.metadata(holder, **members),
        justification="no software yet",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return Client.objects.select_related("organization").get(client_id=made.client_id)


def waiting(holder: Organization, **members: Any) -> Registration:
    """A registration in production that waits."""
    return registered(holder, Environment.PRODUCTION, **members).registrations.get()


@contextmanager
def exactly_one_event(action: str) -> Iterator[None]:
    """Fails unless the block leaves this event and no other."""
    before = set(queries.audit_events(STAFF).values_list("id", flat=True))
    yield
    new = [event.action for event in queries.audit_events(STAFF) if event.id not in before]
    assert new == [action]


@contextmanager
def no_event() -> Iterator[None]:
    before = queries.audit_events(STAFF).count()
    yield
    assert queries.audit_events(STAFF).count() == before


def text(browser: Browser, address: str, status: int = 200) -> str:
    """The page behind an address."""
    answer = browser.get(address)
    assert answer.status_code == status
    return answer.content.decode()
