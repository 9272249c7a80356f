"""Agreement: what is asked of us, accepted by an admin who read it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from registry import terms
from registry.events import Event
from registry.models import Organization, TermsAcceptance, TermsVersion
from registry.roles import Role
from registry.terms import TermsFacts
from tests import world
from tests.portal.signed_in import enrolled, signed_in
from tests.portal.staff.scene import exactly_one_event, no_event, text

AGREEMENT = "/partner/agreement/"


def publish(version: str = "4", **changes: Any) -> TermsVersion:
    facts: dict[str, Any] = {
        "title": "Terms of Northgate",
        "text": "Answer for your clients.",
        "effective_at": world.now(),
    }
    return terms.publish_terms(
        TermsFacts(version=version, **(facts | changes)),
        actor=world.STAN,
        operator_id=world.operator().pk,
        now=world.now() - timedelta(seconds=1),
    )


def fields(row: TermsVersion) -> dict[str, str]:
    return {"version": row.version, "sha256": row.sha256, "read": "on"}


def test_without_terms_asks_nothing(bob: Client) -> None:
    assert "Nothing is asked of you" in text(bob, AGREEMENT)


def test_shows_text_and_hash_to_everybody_and_the_form_to_admins(alice: Client, bob: Client) -> None:
    row = publish()
    for browser in (alice, bob):
        page = text(browser, AGREEMENT).replace("<wbr>", "")
        assert "Answer for your clients." in page
        assert row.sha256 in page
    assert "Accept version 4" in text(alice, AGREEMENT)
    assert "Accept version 4" not in text(bob, AGREEMENT)


def test_is_accepted_by_a_named_admin(acme: Organization) -> None:
    alice, row = world.person(Role.ORGANIZATION_ADMIN, acme, "Alice Sample"), publish()
    with exactly_one_event(Event.TERMS_ACCEPTED):
        assert signed_in(alice).post(AGREEMENT, fields(row))["Location"] == AGREEMENT
    assert TermsAcceptance.objects.get(organization=acme).person == alice
    page = text(signed_in(alice), AGREEMENT)
    assert "Nothing waits" in page
    assert "Alice Sample" in page


@pytest.mark.parametrize("missing", ["read", "version", "sha256"])
def test_is_not_accepted_half(alice: Client, missing: str) -> None:
    sent = fields(publish())
    del sent[missing]
    with no_event():
        answer = alice.post(AGREEMENT, sent)
    assert "Nothing was accepted" in answer.content.decode()


def test_is_of_the_text_that_was_shown(alice: Client) -> None:
    row = publish()
    with no_event():
        answer = alice.post(AGREEMENT, fields(row) | {"sha256": "0" * 64})
    assert answer.status_code == 412


def test_is_not_accepted_by_a_developer(bob: Client) -> None:
    row = publish()
    with no_event():
        assert bob.post(AGREEMENT, fields(row)).status_code == 403


def test_asks_whoever_has_a_factor_for_it(acme: Organization) -> None:
    person, row = world.person(Role.ORGANIZATION_ADMIN, acme), publish()
    enrolled(person)
    with no_event():
        answer = signed_in(person, stepped_up=False).post(AGREEMENT, fields(row))
    assert answer["Location"].startswith("/sign-in/step-up/")


def test_what_comes_can_be_accepted_ahead(alice: Client, acme: Organization) -> None:
    row = publish(effective_at=world.now() + timedelta(days=30))
    assert "A new version comes" in text(alice, AGREEMENT)
    alice.post(AGREEMENT, fields(row))
    assert TermsAcceptance.objects.get(organization=acme).terms == row


def test_a_document_elsewhere_is_a_link(alice: Client) -> None:
    publish(text="", url="https://northgate.example/terms.pdf", sha256="a" * 64)
    assert 'href="https://northgate.example/terms.pdf"' in text(alice, AGREEMENT)


def test_markup_in_a_text_stays_text(alice: Client) -> None:
    publish(text="<script>alert(1)</script>")
    assert "<script>alert" not in text(alice, AGREEMENT)


def test_home_says_that_they_wait(alice: Client, acme: Organization) -> None:
    publish()
    page = text(alice, "/partner/")
    assert "Terms wait for you" in page
    assert AGREEMENT in page
