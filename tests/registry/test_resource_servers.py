"""Resource servers are known by identifier and secret, one environment each, and stop with their organization."""

from uuid import uuid4

import pytest

from registry import lifecycle, resource_servers
from registry.models import ResourceServer
from registry.states import Environment
from tests import world

pytestmark = pytest.mark.django_db


def authenticated(identifier: str, secret: str) -> resource_servers.Introspector | None:
    asked = resource_servers.asked(identifier, secret, "", request_id="", now=world.now())
    return asked.server if asked else None


class TestResourceServer:
    def test_is_known_by_both(self) -> None:
        identifier, value = world.resource_server(["accounts:read"], Environment.PRODUCTION)
        found = authenticated(identifier, value)
        assert found is not None
        assert (found.environment, found.scopes) == ("production", {"accounts:read"})
        assert value not in str(ResourceServer.objects.values().get(identifier=identifier))

    @pytest.mark.parametrize(
        ("identifier", "secret"), [("", ""), ("nobody", "x"), ("a\x00", "x"), ("é", "é")]
    )
    def test_is_nobody_else(self, identifier: str, secret: str) -> None:
        assert authenticated(identifier, secret) is None

    def test_stops_with_its_organization(self) -> None:
        acme = world.organization()
        minted = resource_servers.create(
            f"rs-{uuid4()}", acme.pk, Environment.SANDBOX, ["a"], actor=world.STAN, now=world.now()
        )
        assert authenticated(minted.row.identifier, minted.value)
        lifecycle.contain_environment(
            acme.pk, Environment.SANDBOX, actor=world.STAN, reason="x", now=world.now()
        )
        assert authenticated(minted.row.identifier, minted.value) is None
