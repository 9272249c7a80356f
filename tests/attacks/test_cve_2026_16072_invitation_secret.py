"""CVE-2026-16072 (Keycloak): whoever manages an organization reads the secret of an invitation by the API."""

import pytest

from registry import people, queries
from registry.actors import Viewer
from registry.models import Invitation
from registry.operator import API_SCOPES
from registry.roles import Role
from tests import world
from tests.live import Live
from tests.software import Software

pytestmark = pytest.mark.usefixtures("live_db")


def test_nothing_but_the_mailbox_sees_it(live_server: Live) -> None:
    operator, acme = world.operator(), world.organization()
    invitation, value = people.invite(
        f"{world.secrets.token_hex(4)}@people.example",
        "New Person",
        Role.ORGANIZATION_ADMIN,
        acme.pk,
        actor=world.STAN,
        operator_id=operator.pk,
        now=world.now(),
    )
    service = world.service(API_SCOPES)
    information = {
        "client_id": service.client_id,
        "client_secret": service.client_secret,
        "token_endpoint_auth_method": "client_secret_basic",
    }
    bearer = Software(live_server, information).token().json()["access_token"]
    schema = live_server.get("/api/v1/schema").text
    assert "invitation" not in schema.lower().replace("person.invitation", "")
    for path in (f"/api/v1/organizations/{acme.slug}", "/api/v1/audit-events"):
        answer = live_server.get(path, bearer=bearer)
        assert answer.status == 200
        assert value not in answer.text
        assert value.partition("_")[2] not in answer.text
    assert value not in str(Invitation.objects.values().get(pk=invitation.pk))
    assert value not in str(
        list(queries.audit_events(Viewer(Role.AUDITOR, None), organization=acme).values())
    )
