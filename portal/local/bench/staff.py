"""Somebody of the staff, signed in with a second factor, and the pages that are measured for that person."""

import secrets
from datetime import datetime
from uuid import UUID

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.urls import reverse

from portal.authn import SESSION_EPOCH
from registry import people, queries
from registry.actors import Viewer, system
from registry.roles import Role

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def staff_session(operator_id: UUID, now: datetime) -> str:
    """The key of the session of a security officer, who may read every page."""
    officer = people.create_person(
        "olga@operator.example",
        "Olga Sample",
        Role.SECURITY_OFFICER,
        None,
        password=secrets.token_urlsafe(16),
        actor=system("bench"),
        operator_id=operator_id,
        now=now,
    )
    TOTP.activate(officer, generate_totp_secret())
    request = HttpRequest()
    request.session = SessionStore()
    login(request, officer, backend=BACKEND)
    request.session[SESSION_EPOCH] = officer.session_epoch
    request.session.save()
    return str(request.session.session_key)


def pages(client_id: str) -> dict[str, str]:
    """Paths by name (plan.PAGES): lists over everything, and one object of each kind."""
    everybody = Viewer(Role.SECURITY_OFFICER, None)
    client = queries.client(everybody, client_id)
    registration = queries.registrations(everybody).filter(client=client).get()
    return {
        "overview": reverse("staff:dashboard"),
        "organizations": reverse("staff:organizations"),
        "organization": reverse("staff:organization", args=[client.organization.slug]),
        "clients": reverse("staff:clients"),
        "client": reverse("staff:client", args=[client_id]),
        "queue": reverse("staff:queue"),
        "case": reverse("staff:case", args=[registration.pk]),
        "audit": reverse("staff:audit"),
    }
