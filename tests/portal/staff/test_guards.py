"""Who may open what: every address of the staff portal × every role, written down a second time."""

from collections.abc import Mapping

import pytest
from django.test import Client
from django.urls import reverse

from portal.staff import urls
from registry.models import Organization
from registry.roles import Role
from tests import world
from tests.portal.signed_in import as_role, signed_in
from tests.portal.staff.scene import registered

MANAGER, APPROVER, OFFICER = Role.PARTNER_MANAGER, Role.APPROVER, Role.SECURITY_OFFICER
AUDITOR, ADMINISTRATOR = Role.AUDITOR, Role.ADMINISTRATOR
READERS = {MANAGER, APPROVER, OFFICER, AUDITOR}
EVERYBODY = READERS | {ADMINISTRATOR}

GET: Mapping[str, set[Role]] = {
    "dashboard": EVERYBODY,
    "people": EVERYBODY,
    "queue": READERS,
    "case": READERS,
    "organization_case": READERS,
    "organizations": READERS,
    "organization": READERS,
    "organization_clients": READERS,
    "organization_people": READERS,
    "organization_domains": READERS,
    "organization_audit": READERS,
    "clients": READERS,
    "client": READERS,
    "audit": READERS,
    "audit_event": READERS,
    "organization_new": {MANAGER},
    "organization_submit": {MANAGER},
    "organization_approve": {MANAGER, APPROVER},
    "organization_contain": {MANAGER, OFFICER},
    "organization_restore": {MANAGER, APPROVER, OFFICER},
    "initial_access_token_new": {MANAGER},
    "initial_access_token_revoke": {MANAGER, OFFICER},
    "client_suspend": {MANAGER, OFFICER},
    "client_reactivate": {MANAGER, OFFICER},
    "client_deregister": {MANAGER, OFFICER},
}
POST: Mapping[str, set[Role]] = {
    **{name: roles for name, roles in GET.items() if roles < READERS},
    "case": {MANAGER, APPROVER},
    "organization_case": {MANAGER, APPROVER},
    "people": {Role.ADMINISTRATOR},
    "organization_people": {MANAGER},
    "organization_domains": {MANAGER},
}
UNKNOWN_EVENT = "00000000-0000-7000-8000-000000000000"
STRANGERS = [Role.ORGANIZATION_ADMIN, Role.ORGANIZATION_DEVELOPER, Role.ORGANIZATION_READER, Role.END_USER]


def address(name: str, acme: Organization) -> str:
    """An address of this name that has something behind it (an event's does not: a role is asked first)."""
    if name == "audit_event":
        return reverse("staff:audit_event", args=[UNKNOWN_EVENT])
    if name.startswith("client") and name != "clients":
        return reverse(f"staff:{name}", args=[registered(acme).client_id])
    if name == "case":
        return reverse("staff:case", args=[registered(acme).registrations.get().pk])
    if name == "initial_access_token_revoke":
        return reverse(f"staff:{name}", args=[acme.slug, world.initial_access_token(acme).row.pk])
    single = name.startswith("organization_") and name != "organization_new"
    return reverse(
        f"staff:{name}", args=[acme.slug] if single or "token" in name or name == "organization" else []
    )


def test_every_address_is_in_the_table() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == set(GET)


@pytest.mark.parametrize("role", [*sorted(EVERYBODY), *STRANGERS])
def test_who_may_read(role: Role, acme: Organization) -> None:
    browser = as_role(role, acme)
    refused = {name for name in GET if browser.get(address(name, acme)).status_code == 403}
    assert refused == {name for name, roles in GET.items() if role not in roles}


@pytest.mark.parametrize("role", [*sorted(EVERYBODY), *STRANGERS])
def test_who_may_act(role: Role, acme: Organization) -> None:
    browser = as_role(role, acme)
    refused = {name for name in POST if browser.post(address(name, acme)).status_code == 403}
    assert refused == {name for name, roles in POST.items() if role not in roles}


def test_strangers_are_sent_to_sign_in(acme: Organization) -> None:
    answers = {name: Client().get(address(name, acme)) for name in GET}
    told = {
        name for name, answer in answers.items() if answer.get("Location", "").startswith("/sign-in/?next=")
    }
    assert told == set(GET)


def test_staff_without_a_second_factor_enrol_one_first(acme: Organization) -> None:
    answer = signed_in(world.person(Role.PARTNER_MANAGER)).get(reverse("staff:organizations"))
    assert answer["Location"].startswith("/account/totp/?next=")


STEP_UP = {
    "organization_contain",
    "organization_restore",
    "initial_access_token_new",
    "client_suspend",
    "client_reactivate",
    "client_deregister",
}


@pytest.mark.parametrize("verb", ["get", "post"])
def test_grave_acts_ask_for_a_fresh_factor(verb: str, acme: Organization) -> None:
    browser = as_role(Role.PARTNER_MANAGER, stepped_up=False)
    answers = {name: getattr(browser, verb)(address(name, acme)) for name in (GET if verb == "get" else POST)}
    asked = {name for name, answer in answers.items() if "/sign-in/step-up/" in answer.get("Location", "")}
    assert asked == STEP_UP
