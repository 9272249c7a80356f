import pytest

from registry import lifecycle
from registry.models import Client
from tests import world
from tests.portal.api.conftest import registered, waiting

pytestmark = pytest.mark.django_db

WHY = {"reason": "keys leaked"}


@pytest.fixture
def client_id(acme):
    return registered(acme)


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_read(api, acme, client_id):
    client = api.get(f"clients/{client_id}").json()
    assert (
        client
        | {
            "client_id": client_id,
            "name": "Batch",
            "organization": acme.slug,
            "environment": "sandbox",
            "route": "dynamic",
            "state": "active",
            "last_used_at": None,
        }
        == client
    )
    assert client["metadata"]["scope"] == "accounts:read"


def test_no_credential_is_shown(api, client_id):
    client = api.get(f"clients/{client_id}").json()
    text = str(client)
    row = Client.objects.get(client_id=client_id)
    assert row.secrets.get().digest not in text
    assert "pcs_" not in text
    assert "registration_access_token" not in text


class TestList:
    def found(self, api, **query):
        return [row["client_id"] for row in api.get("clients", **query).json()["results"]]

    def test_by_organization(self, api, acme, client_id):
        other = registered(world.organization("other"))
        assert self.found(api, organization=acme.slug) == [client_id]
        assert {client_id, other} <= set(self.found(api))

    def test_by_environment_and_state(self, api, acme, client_id):
        pending = waiting(acme).client.client_id
        assert self.found(api, organization=acme.slug, environment="production") == [pending]
        assert self.found(api, organization=acme.slug, state="pending") == [pending]
        assert self.found(api, organization=acme.slug, state="active", environment="sandbox") == [client_id]

    def test_by_text(self, api, client_id):
        assert self.found(api, q=client_id) == [client_id]
        assert client_id in self.found(api, q="bat")

    def test_an_organization_that_is_not_there_has_none(self, api):
        assert self.found(api, organization="nobody") == []


def test_suspend_and_reactivate(api, client_id):
    suspended = api.post(f"clients/{client_id}/suspend", WHY)
    assert (suspended.status_code, suspended.json()["state"]) == (200, "suspended")
    assert suspended.json()["state_reason"] == WHY["reason"]
    assert suspended.json() == api.get(f"clients/{client_id}").json()
    assert api.post(f"clients/{client_id}/reactivate", WHY).json()["state"] == "active"


def test_deregister_leaves_a_tombstone(api, client_id):
    assert api.post(f"clients/{client_id}/deregister", WHY).json()["state"] == "offboarded"
    assert api.get(f"clients/{client_id}").json()["state"] == "offboarded"
    for act in ("suspend", "reactivate", "deregister"):
        refused(api.post(f"clients/{client_id}/{act}", WHY), 409, "invalid_state")


@pytest.mark.parametrize("act", ["suspend", "reactivate", "deregister"])
def test_a_reason_is_needed(act, api, client_id):
    refused(api.post(f"clients/{client_id}/{act}", {}), 422, "invalid_input")


def test_an_active_client_is_not_reactivated(api, client_id):
    refused(api.post(f"clients/{client_id}/reactivate", WHY), 409, "invalid_state")


class TestOneself:
    def test_a_service_may_stop_a_service(self, service):
        first, second = service(), service()
        assert first.post(f"clients/{second.client_id}/suspend", WHY).status_code == 200
        assert second.get("clients").status_code == 401

    def test_but_not_bring_one_back(self, service):
        first, second = service(), service()
        lifecycle.suspend_client(second.client_id, actor=world.STAN, reason="leak", now=world.now())
        refused(first.post(f"clients/{second.client_id}/reactivate", WHY), 403, "role_forbids")
