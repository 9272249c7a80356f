"""What account pages and mails say of a second factor is true of whoever reads them."""

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from registry.models import Organization, User
from registry.roles import Role
from tests import world
from tests.portal.account.test_account import confirmed
from tests.portal.signed_in import as_role, enrolled, signed_in
from tests.portal.staff.scene import text


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization("acme")


@pytest.fixture
def alice(acme: Organization) -> User:
    return world.person(Role.ORGANIZATION_ADMIN, acme)


def reset_mail(user: User, mailoutbox: list[EmailMessage]) -> str:
    Client().post("/sign-in/recover/", {"email": user.email})
    return str(mailoutbox[-1].body)


def test_the_mail_to_a_partner_without_a_factor_speaks_of_none(
    alice: User, mailoutbox: list[EmailMessage]
) -> None:
    assert "code" not in reset_mail(alice, mailoutbox)
    enrolled(alice)
    assert "your code is still asked at the next sign-in" in reset_mail(alice, mailoutbox)


def test_the_pages_of_a_lost_password_speak_to_both(db: None) -> None:
    assert "Whoever has an authenticator app" in text(Client(), "/sign-in/recover/")
    assert "if you have an authenticator app" in text(Client(), "/sign-in/recover/done/")


def test_replacing_the_app_closes_the_portal_to_staff_alone(alice: User) -> None:
    enrolled(alice)
    page = text(confirmed(signed_in(alice)), "/account/totp/end/")
    assert "your password alone lets you in" in page
    assert "portal stays closed" not in page
    assert "The portal stays closed" in text(confirmed(as_role(Role.AUDITOR)), "/account/totp/end/")


def test_the_account_of_each_says_what_is_true_of_it(alice: User, db: None) -> None:
    assert "Password only." in text(signed_in(alice), "/account/")
    assert "A password is not enough." in text(signed_in(world.person(Role.AUDITOR)), "/account/")


@pytest.mark.parametrize("role", list(Role))
def test_everybody_can_sign_out_from_the_account_page(role: Role, acme: Organization) -> None:
    holder = acme if role.startswith("organization") else None
    assert f'href="{reverse("account_logout")}"' in text(as_role(role, holder), "/account/")
