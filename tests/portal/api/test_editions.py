"""ETag and If-Match: what two may edit is changed as it was seen, or not at all."""

import pytest

from registry import audit, decisions, lifecycle, onboarding, preconditions
from registry.models import Client, Organization, Registration
from tests import world
from tests.portal.api.conftest import ROUTES, registered, waiting
from tests.portal.api.test_audit import QUOTA, ROLE, WRITES

pytestmark = pytest.mark.django_db

WHY = {"reason": "leak"}
BOUND = [route for route in ROUTES if route.writes and route.name != "organizations"]

bound = pytest.mark.parametrize("route", BOUND, ids=lambda route: route.id)


def tag(target):
    """The entity tag of whatever a write's target is bound to, as it is now."""
    if "client_id" in target:
        return f'"{preconditions.edition(Client.objects.get(client_id=target["client_id"]))}"'
    if "registration_id" in target:
        row = Registration.objects.select_related("client").get(pk=target["registration_id"])
        return f'"{preconditions.edition_of_registration(row, row.client)}"'
    return f'"{preconditions.edition(Organization.objects.get(slug=target["slug"]))}"'


def send(api, route, target, if_match):
    return api.call(route.method, route.path(target), WRITES[route.id].body, HTTP_IF_MATCH=if_match)


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


@bound
def test_as_it_was_seen_it_is_done(route, api):
    target = WRITES[route.id].target()
    assert send(api, route, target, tag(target)).status_code in {200, 201}


@bound
def test_otherwise_nothing_is_done(route, api):
    target = WRITES[route.id].target()
    before, events = tag(target), audit.history().count()
    for if_match in ('"0"', f"W/{before}", '"0", "99"', '""', '"not-a-number"'):
        refused(send(api, route, target, if_match), 412, "precondition_failed")
    assert tag(target) == before
    assert audit.history().count() == events


@bound
def test_one_of_several_is_enough(route, api):
    target = WRITES[route.id].target()
    assert send(api, route, target, f'"0", {tag(target)}').status_code in {200, 201}


@bound
def test_whatever_it_is_now(route, api):
    target = WRITES[route.id].target()
    answer = send(api, route, target, "*")
    if WRITES[route.id].binds:
        refused(answer, 428, "precondition_required")
    else:
        assert answer.status_code in {200, 201}


@pytest.mark.parametrize("if_match", ["1", "'1'", '"1', '"1" "2"', '"1",', "W/1", '"a b"', '"ä"'])
def test_what_is_no_tag_is_refused(if_match, api, acme):
    refused(
        api.patch(f"organizations/{acme.slug}", {"display_name": "A"}, HTTP_IF_MATCH=if_match),
        400,
        "invalid_request",
    )


class TestTag:
    """A reader gets the tag that a writer needs, and every change of what may be edited makes another one."""

    def seen(self, api, path):
        return api.get(path)["ETag"]

    def test_of_an_organization(self, api, acme):
        path = f"organizations/{acme.slug}"
        first = self.seen(api, path)
        changed = api.patch(path, {"display_name": "A"}, HTTP_IF_MATCH=first)
        assert changed["ETag"] == self.seen(api, path) != first
        refused(api.patch(path, {"display_name": "B"}, HTTP_IF_MATCH=first), 412, "precondition_failed")

    def test_of_a_new_organization(self, api):
        from tests.portal.api.test_audit import NEW

        made = api.post("organizations", NEW)
        assert made["ETag"] == self.seen(api, "organizations/new-partner")

    def test_of_a_client(self, api, acme):
        client_id = registered(acme)
        first = self.seen(api, f"clients/{client_id}")
        suspended = api.post(f"clients/{client_id}/suspend", WHY, HTTP_IF_MATCH=first)
        assert suspended["ETag"] == self.seen(api, f"clients/{client_id}") != first

    def test_of_a_registration(self, api):
        target = waiting(world.organization(production_review="four_eyes"))
        first = self.seen(api, f"registrations/{target.pk}")
        seconded = api.post(f"registrations/{target.pk}/approve", {}, HTTP_IF_MATCH=first)
        assert seconded["ETag"] == self.seen(api, f"registrations/{target.pk}") != first

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("entitlements", ROLE),
            ("quotas", QUOTA),
            ("domains", {"domain": "new.example", "evidence": "seen"}),
        ],
    )
    def test_what_belongs_to_an_organization_is_part_of_it(self, path, body, api, acme):
        first = self.seen(api, f"organizations/{acme.slug}")
        assert api.post(f"organizations/{acme.slug}/{path}", body).status_code in {200, 201}
        assert self.seen(api, f"organizations/{acme.slug}") != first

    def test_what_is_merely_counted_is_not(self, api, acme):
        first = self.seen(api, f"organizations/{acme.slug}")
        registered(acme)
        assert api.get(f"organizations/{acme.slug}").json()["clients_total"] == 1
        assert self.seen(api, f"organizations/{acme.slug}") == first


class TestApproval:
    """An approval binds to what was seen."""

    def submitted(self):
        made = world.organization(active=False)
        lifecycle.submit_organization(
            made.pk, evidence="extract", actor=world.STAN, reason="", now=world.now()
        )
        return made

    def test_an_entitlement_that_came_after_the_look(self, api):
        made = self.submitted()
        seen = api.get(f"organizations/{made.slug}")["ETag"]
        facts = onboarding.EntitlementFacts("more", ["payments:write"], ["client_credentials"])
        onboarding.grant_entitlement(made.pk, facts, actor=world.STAN, now=world.now())
        path = f"organizations/{made.slug}/approve"
        refused(api.post(path, {}, HTTP_IF_MATCH=seen), 412, "precondition_failed")
        assert Organization.objects.get(pk=made.pk).state == "pending"

    def test_metadata_that_changed_after_the_look(self, api, acme):
        target = waiting(acme)
        seen = api.get(f"registrations/{target.pk}")["ETag"]
        Client.objects.filter(pk=target.client_id).update(version=2)
        path = f"registrations/{target.pk}/approve"
        refused(api.post(path, {}, HTTP_IF_MATCH=seen), 412, "precondition_failed")
        assert Registration.objects.get(pk=target.pk).outcome == "pending"

    def test_a_first_approval_that_came_after_the_look(self, api):
        target = waiting(world.organization(production_review="four_eyes"))
        seen = api.get(f"registrations/{target.pk}")["ETag"]
        decisions.approve(target.pk, actor=world.PAUL, reason="", now=world.now())
        path = f"registrations/{target.pk}/approve"
        refused(api.post(path, {}, HTTP_IF_MATCH=seen), 412, "precondition_failed")
        assert Registration.objects.get(pk=target.pk).outcome == "pending"
