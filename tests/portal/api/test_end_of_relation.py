"""Reject and revoke: back to draft, or the end for good."""

import pytest

from registry import lifecycle
from registry.models import Organization
from tests import world

pytestmark = pytest.mark.django_db

WHY = {"reason": "register extract is old"}


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


@pytest.fixture
def pending(db):
    made = world.organization(active=False)
    lifecycle.submit_organization(made.pk, evidence="extract", actor=world.STAN, reason="", now=world.now())
    return f"organizations/{made.slug}"


class TestReject:
    def test_sends_back_to_draft_with_the_reason(self, api, pending):
        told = api.post(f"{pending}/reject", WHY).json()
        assert (told["state"], told["state_reason"]) == ("draft", WHY["reason"])

    def test_needs_a_reason(self, api, pending):
        refused(api.post(f"{pending}/reject", {}), 422, "invalid_input")

    def test_of_what_does_not_wait_is_refused(self, api, acme):
        refused(api.post(f"organizations/{acme.slug}/reject", WHY), 409, "invalid_state")

    def test_of_the_operator_is_for_people(self, api):
        refused(api.post(f"organizations/{world.operator().slug}/reject", WHY), 403, "role_forbids")


class TestRevoke:
    def revoke(self, caller, path):
        tag = caller.get(path)["ETag"]
        return caller.post(f"{path}/revoke", WHY, HTTP_IF_MATCH=tag)

    def test_one_contains_and_another_revokes(self, service, acme):
        first, second, path = service(), service(), f"organizations/{acme.slug}"
        first.post(f"{path}/contain", WHY)
        refused(self.revoke(first, path), 403, "four_eyes_required")
        told = self.revoke(second, path)
        assert (told.status_code, told.json()["state"]) == (200, "revoked")
        refused(second.post(f"{path}/restore", WHY), 409, "invalid_state")

    def test_nobody_revokes_what_runs(self, api, acme):
        refused(self.revoke(api, f"organizations/{acme.slug}"), 403, "four_eyes_required")
        assert Organization.objects.get(pk=acme.pk).state == "active"

    def test_without_what_was_seen_nothing_is_done(self, service, acme):
        path = f"organizations/{acme.slug}"
        service().post(f"{path}/contain", WHY)
        refused(service().post(f"{path}/revoke", WHY), 428, "precondition_required")

    def test_of_the_operator_is_for_people(self, api):
        path = f"organizations/{world.operator().slug}"
        refused(self.revoke(api, path), 403, "role_forbids")


def test_a_weaker_review_is_refused_with_a_sentence(api, acme):
    answer = api.patch(f"organizations/{acme.slug}", {"production_review": "automatic"})
    refused(answer, 403, "four_eyes_required")
    assert "a second person approves" in answer.json()["detail"]
    assert api.get(f"organizations/{acme.slug}").json()["production_review"] == "one_person"


class TestQuotas:
    def test_are_set_and_read(self, api, acme):
        path = f"organizations/{acme.slug}/quotas"
        quota = {
            "environment": "production",
            "clients": 1,
            "keys_per_client": 2,
            "initial_access_tokens": 0,
            "registrations_per_hour": 4,
        }
        assert api.post(path, quota).json() == quota
        rows = api.get(path).json()["results"]
        assert [row["environment"] for row in rows] == ["production", "sandbox"]
        assert {name: rows[0][name] for name in quota} == quota
        assert quota in api.get(f"organizations/{acme.slug}").json()["quotas"]

    @pytest.mark.parametrize("member", ["clients", "keys_per_client", "initial_access_tokens", "environment"])
    def test_are_said_in_full(self, member, api, acme):
        from tests.portal.api.test_audit import QUOTA

        body = {name: value for name, value in QUOTA.items() if name != member}
        refused(api.post(f"organizations/{acme.slug}/quotas", body), 422, "invalid_input")

    def test_of_the_operator_are_for_people(self, api):
        from tests.portal.api.test_audit import QUOTA

        refused(api.post(f"organizations/{world.operator().slug}/quotas", QUOTA), 403, "role_forbids")
