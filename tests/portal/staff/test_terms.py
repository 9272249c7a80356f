"""Terms: a version is published for ever, and staff see who has not accepted it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from registry.events import Event
from registry.models import Organization, TermsVersion
from registry.roles import Role
from tests import world
from tests.portal.partner.test_agreement import publish
from tests.portal.signed_in import as_role, signed_in
from tests.portal.staff.scene import exactly_one_event, no_event, text

TERMS = "/staff/terms/"


def fields(**changes: Any) -> dict[str, str]:
    usual = {
        "version": "4",
        "title": "Terms of Northgate",
        "effective_day": f"{world.now():%Y-%m-%d}",
        "text": "Answer for your clients.",
        "url": "",
        "sha256": "",
    }
    return usual | changes


def test_are_published_by_a_partner_manager(stan: Browser, acme: Organization) -> None:
    with exactly_one_event(Event.TERMS_PUBLISHED):
        assert stan.post(TERMS, fields())["Location"] == TERMS
    page = text(stan, TERMS)
    assert "Version 4 is in force" in page
    assert acme.display_name in page


def test_of_a_later_day_leave_time(stan: Browser) -> None:
    day = world.now() + timedelta(days=30)
    stan.post(TERMS, fields(effective_day=f"{day:%Y-%m-%d}"))
    assert f"{TermsVersion.objects.get().effective_at:%Y-%m-%d %H:%M}" == f"{day:%Y-%m-%d} 00:00"
    assert "No version is in force" in text(stan, TERMS)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"version": ""}, 200, "This field is required"),
        ({"version": "a b"}, 422, "letters, digits"),
        ({"effective_day": "2020-01-01"}, 422, "in the past"),
        ({"text": ""}, 422, "stands beside an address"),
        ({"text": "", "url": "http://x.example"}, 422, "https address"),
        ({"text": "", "url": "https://x.example/t"}, 422, "64 hexadecimal"),
    ],
)
def test_are_refused_with_what_is_wrong(
    stan: Browser, changes: dict[str, str], status: int, said: str
) -> None:
    with no_event():
        answer = stan.post(TERMS, fields(**changes))
    assert answer.status_code == status
    assert said in answer.content.decode()
    assert not TermsVersion.objects.exists()


@pytest.mark.parametrize("role", [Role.APPROVER, Role.SECURITY_OFFICER, Role.AUDITOR])
@pytest.mark.django_db
def test_are_published_by_nobody_else(role: Role) -> None:
    browser = as_role(role)
    assert "Publish version" not in text(browser, TERMS)
    with no_event():
        assert browser.post(TERMS, fields()).status_code == 403


def test_need_a_fresh_factor(db: None) -> None:
    browser = as_role(Role.PARTNER_MANAGER, stepped_up=False)
    with no_event():
        answer = browser.post(TERMS, fields())
    assert answer["Location"].startswith("/sign-in/step-up/")


def test_stand_on_the_page_of_an_organization(stan: Browser, acme: Organization) -> None:
    page = reverse("staff:organization", args=[acme.slug])
    assert "<dt>Terms</dt>" not in text(stan, page)
    row = publish()
    assert "version 4 not accepted" in text(stan, page)
    alice = world.person(Role.ORGANIZATION_ADMIN, acme, "Alice Sample")
    signed_in(alice).post("/partner/agreement/", {"version": row.version, "sha256": row.sha256, "read": "on"})
    assert "version 4, by Alice Sample" in text(stan, page)
    assert acme.slug not in text(stan, TERMS)
