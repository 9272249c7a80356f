"""Sign-in: who may, with what, and for how long; the step-up that guards grave acts.

The machinery is django-allauth's; here stand the rules that it leaves to us: invitation only, an epoch in
every session, TOTP secrets encrypted at rest, an event for each sign-in, a fresh second factor before acts.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from functools import cache, wraps
from typing import Any, cast
from urllib.parse import urlencode

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import authentication_step_completed
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from allauth.mfa.utils import is_mfa_enabled
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal import origin
from registry import clock, networks, sessions
from registry.actors import Actor, ActorKind, Viewer
from registry.errors import RoleForbids
from registry.events import Event
from registry.people import person
from registry.roles import PARTNER_ROLES, STAFF_ROLES, Role

SESSION_EPOCH = "epoch"
_NONCE_BYTES = 12

View = Callable[..., HttpResponse]


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by invitation, remembered under the epoch that was read with the person."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        request.session[SESSION_EPOCH] = user.session_epoch
        sessions.record(Event.PERSON_SIGNED_IN, person(user, request_id(request)), now=clock.now())

    def logout(self, request: HttpRequest) -> None:
        actor = actor_of(request)
        super().logout(request)
        sessions.record(Event.PERSON_SIGNED_OUT, actor, now=clock.now())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        sessions.record_refused(
            credentials.get("email", ""),
            source=origin.source(request),
            request_id=request_id(request),
            now=clock.now(),
        )

    def set_password(self, user: Any, password: str) -> None:
        """Write the password alone: the row was read before hashing, and its person may have been cut off since."""
        user.set_password(password)
        with transaction.atomic():
            user.save(update_fields=["password"])
            sessions.record(Event.PERSON_PASSWORD_CHANGED, person(user), now=clock.now())

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom limits count: one network of IPv6 is one source."""
        return networks.network(origin.source(request))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails say of a second factor only what is true of whom they are for."""
        person = context.get("user")
        super().send_mail(
            template_prefix, email, context | {"has_factor": bool(person and is_mfa_enabled(person))}
        )

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Mails about factors arrive with the mail outbox."""


@receiver(authentication_step_completed)
def record_step_up(request: HttpRequest, user: Any, *, reauthenticated: bool = False, **_: Any) -> None:
    """Record a factor that was presented again; its signal is the only hook that allauth offers."""
    if reauthenticated:
        sessions.record(Event.PERSON_STEPPED_UP, person(user, request_id(request)), now=clock.now())


@receiver(authentication_failed)
def record_refused_code(request: HttpRequest, user: Any, *, reauthentication: bool, **_: Any) -> None:
    """Record a code that was not accepted. At sign-in nobody has proved yet to be that person: a source acts."""
    actor = person(user, request_id(request))
    if not reauthentication:
        source = origin.source(request)
        actor = replace(actor, kind=ActorKind.SOURCE, id=source, label=source, role=None)
    sessions.record_refused_factor(actor, str(user.pk), now=clock.now())


@receiver(post_save, sender=Authenticator)
def record_factor_added(instance: Authenticator, *, created: bool, **_: Any) -> None:
    """Record a new factor in the transaction that stores it; allauth's own hooks run after the commit."""
    if created:
        _record_factor(instance, "added")


@receiver(post_delete, sender=Authenticator)
def record_factor_removed(instance: Authenticator, **_: Any) -> None:
    """Record the end of a factor. Recovery codes end when new ones are made, which is recorded as such."""
    if instance.type != Authenticator.Type.RECOVERY_CODES:
        _record_factor(instance, "removed")


def _record_factor(instance: Authenticator, change: str) -> None:
    bound = structlog.contextvars.get_contextvars()
    actor = person(cast(Any, instance.user), str(bound.get("request_id", "")))
    sessions.record(Event.PERSON_FACTOR_CHANGED, actor, reason=f"{instance.type} {change}", now=clock.now())


class FactorAdapter(DefaultMFAAdapter):
    """TOTP secrets rest under AES-256-GCM with a key of the deployment."""

    def encrypt(self, text: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        return urlsafe_b64encode(nonce + _cipher().encrypt(nonce, text.encode(), None)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        octets = urlsafe_b64decode(encrypted_text)
        return _cipher().decrypt(octets[:_NONCE_BYTES], octets[_NONCE_BYTES:], None).decode()


@cache
def _cipher() -> AESGCM:
    return AESGCM(urlsafe_b64decode(settings.REGISTRY.factor_key)[:32])


def request_id(request: HttpRequest) -> str:
    return str(getattr(request, "id", ""))


def role_of(request: HttpRequest) -> Role | None:
    """The role of the signed-in person."""
    return Role(request.user.role) if request.user.is_authenticated else None


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as the audit log will name it."""
    return person(cast(Any, request.user), request_id(request))


def viewer_of(request: HttpRequest) -> Viewer:
    """The signed-in person as queries limit it: staff see everything, partners their organization."""
    user = cast(Any, request.user)
    return Viewer(role_of(request), None if user.role in STAFF_ROLES else user.organization_id)


def home_of(request: HttpRequest) -> str:
    role = role_of(request)
    if role in STAFF_ROLES:
        return reverse("staff:dashboard")
    return reverse("partner:home") if role in PARTNER_ROLES else reverse("mfa_index")


def session_stands(request: HttpRequest) -> bool:
    """True while the session carries the epoch that its person has now."""
    user = cast(Any, request.user)
    return bool(user.is_active and request.session.get(SESSION_EPOCH) == user.session_epoch)


def lacks_second_factor(request: HttpRequest) -> bool:
    """True for signed-in staff who have not enrolled a second factor."""
    return role_of(request) in STAFF_ROLES and not is_mfa_enabled(request.user)


def stepped_up(request: HttpRequest) -> bool:
    """True while a second factor, presented in this session, is at most five minutes old.

    The toolkit's own notion is not used: it accepts a password, and lets people without a factor pass.
    """
    oldest = clock.system_seconds() - settings.REGISTRY.step_up_seconds
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" and record.get("at", 0) > oldest for record in records)


def signed_in_as(*roles: Role) -> Callable[[View], View]:
    """Let only people of these roles through: others are refused, strangers sent to sign in."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return _go(request, "account_login")
            if role_of(request) not in roles:
                raise RoleForbids(
                    "Your role does not include this page.", fix="Ask somebody whose role does."
                )
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def has_factor(request: HttpRequest) -> bool:
    """True for a signed-in person who has a second factor."""
    return bool(is_mfa_enabled(request.user))


def step_up(view: View) -> View:
    """Ask for a fresh second factor before the view, on GET and on POST alike."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if stepped_up(request):
            return view(request, *args, **kwargs)
        return _go(request, "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_activate_totp")

    return guarded


def _go(request: HttpRequest, name: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode({'next': request.get_full_path()})}")
