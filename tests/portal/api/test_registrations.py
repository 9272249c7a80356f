import pytest

from registry import decisions
from registry.models import Client, Registration
from registry.operator import make_service_client
from tests import world
from tests.portal.api.conftest import registered, waiting

pytestmark = pytest.mark.django_db

WHY = {"reason": "not what was agreed"}


@pytest.fixture
def pending(acme):
    return waiting(acme)


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_read(api, acme, pending):
    found = api.get(f"registrations/{pending.pk}").json()
    assert (
        found
        | {
            "id": str(pending.pk),
            "organization": acme.slug,
            "client_id": pending.client.client_id,
            "client_state": "pending",
            "environment": "production",
            "outcome": "pending",
            "review": "one_person",
            "decided_at": None,
        }
        == found
    )


def test_list_filters(api, acme, pending):
    granted = Registration.objects.get(client__client_id=registered(acme))

    def found(**query):
        return [row["id"] for row in api.get("registrations", **query).json()["results"]]

    assert found(organization=acme.slug) == [str(granted.pk), str(pending.pk)]
    assert found(organization=acme.slug, outcome="pending") == [str(pending.pk)]
    assert found(organization=acme.slug, environment="sandbox") == [str(granted.pk)]
    assert found(organization="nobody") == []


def test_approve(api, pending):
    answer = api.post(f"registrations/{pending.pk}/approve", {"reason": "checked"})
    decided = answer.json()
    assert (answer.status_code, decided["outcome"], decided["client_state"]) == (200, "approved", "active")
    assert (decided["decided_by"], decided["reason"]) == (f"service:{api.client_id}", "checked")
    refused(api.post(f"registrations/{pending.pk}/reject", WHY), 409, "conflict")


def test_reject(api, pending):
    decided = api.post(f"registrations/{pending.pk}/reject", WHY).json()
    assert (decided["outcome"], decided["client_state"]) == ("rejected", "revoked")
    refused(api.post(f"registrations/{pending.pk}/approve", {}), 409, "conflict")


def test_a_rejection_needs_a_reason(api, pending):
    refused(api.post(f"registrations/{pending.pk}/reject", {}), 422, "invalid_input")


def test_under_four_eyes_a_service_proposes_and_never_confirms(service):
    pending = waiting(world.organization(production_review="four_eyes"))
    first, second = service(), service()
    seconded = first.post(f"registrations/{pending.pk}/approve", {}).json()
    assert (seconded["outcome"], seconded["first_approval_by"]) == ("pending", f"service:{first.client_id}")
    refused(first.post(f"registrations/{pending.pk}/approve", {}), 403, "four_eyes_required")
    refused(second.post(f"registrations/{pending.pk}/approve", {}), 403, "four_eyes_required")
    registration = Registration.objects.get(pk=pending.pk)
    assert (registration.outcome, registration.client.state) == ("pending", "pending")
    decisions.approve(pending.pk, actor=world.PAUL, reason="seen, too", now=world.now())
    assert second.get(f"registrations/{pending.pk}").json()["outcome"] == "approved"


def test_a_service_does_not_approve_a_service(api):
    holder = world.operator()
    holder.production_review = "one_person"
    holder.save()
    made = make_service_client(holder, "another", ["audit:read"], actor=world.STAN, now=world.now())
    pending = Registration.objects.get(client__client_id=made.client_id)
    refused(api.post(f"registrations/{pending.pk}/approve", {}), 403, "role_forbids")
    assert api.post(f"registrations/{pending.pk}/reject", WHY).status_code == 200
    assert Client.objects.get(client_id=made.client_id).state == "revoked"
