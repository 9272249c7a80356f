"""People signed in to Django's test client, with a second factor as the tests need it."""

import base64
import time

from allauth.account.internal.flows.login import record_authentication  # type: ignore[attr-defined]
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import totp
from django.http import HttpRequest
from django.test import Client

from portal.authn import SESSION_EPOCH
from registry.models import Organization, User
from registry.roles import STAFF_ROLES, Role
from tests import world


def enrolled(user: User) -> str:
    """Give a person a second factor; the seed, for making codes."""
    secret = str(generate_totp_secret())
    TOTP.activate(user, secret)
    return secret


def code(seed: str) -> str:
    """The six digits that an authenticator app shows for this seed now (RFC 6238)."""
    key = base64.b32decode(seed + "=" * (-len(seed) % 8))
    return totp.TOTP(key, 6, SHA1(), 30).generate(int(time.time())).decode()


def signed_in(user: User, *, stepped_up: bool = True) -> Client:
    """A client in whose session this person signed in under today's epoch, with a fresh factor unless told not."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session[SESSION_EPOCH] = user.session_epoch
    session.save()
    if stepped_up:
        present_factor(client, user)
    return client


def present_factor(client: Client, user: User) -> None:
    """As if this person had just presented a second factor."""
    request = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, method="mfa", type="totp")
    request.session.save()


def as_role(role: Role, holder: Organization | None = None, *, stepped_up: bool = True) -> Client:
    """A signed-in person of this role; staff carry a second factor."""
    user = world.person(role, holder)
    if role in STAFF_ROLES:
        enrolled(user)
    return signed_in(user, stepped_up=stepped_up)
