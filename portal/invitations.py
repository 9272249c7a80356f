"""Invitations, mailed from either portal: the link goes to the mailbox and nowhere else."""

from collections.abc import Iterable
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from portal.authn import actor_of
from portal.shell import ROLE_WORDS
from registry import clock, people, queries
from registry.errors import Conflict
from registry.queries import OrganizationRow
from registry.roles import Role


def send(request: HttpRequest, row: OrganizationRow | None, *, email: str, name: str, role: str) -> None:
    """Invite and mail, or neither: an invitation whose link nobody got would only be in the way."""
    with transaction.atomic():
        invitation, token = people.invite(
            email,
            name,
            Role(role),
            row.pk if row else None,
            actor=actor_of(request),
            operator_id=queries.operator_id(),
            now=clock.now(),
        )
        context = {
            "invitation": invitation,
            "organization": row,
            "role_word": ROLE_WORDS[Role(role)],
            "link": settings.REGISTRY.issuer + reverse("invitation", args=[token]),
        }
        _mail(f"{row or 'Concordat'}: invitation to its portal", "email/invitation.txt", context, email)


def _mail(subject: str, template: str, context: dict[str, Any], address: str) -> None:
    try:
        send_mail(subject, render_to_string(template, context), settings.DEFAULT_FROM_EMAIL, [address])
    except (OSError, SMTPException) as cause:
        raise Conflict("The mail could not be sent; nobody was invited.", fix="Try again later.") from cause


def rows(invitations: Iterable[Any]) -> list[dict[str, Any]]:
    """For parts/invitations.html; their links rest as digests and are shown nowhere."""
    return [
        {
            "id": invitation.pk,
            "email": invitation.email,
            "role_word": ROLE_WORDS[Role(invitation.role)],
            "inviter_name": invitation.inviter_name,
            "expires_at": invitation.expires_at,
        }
        for invitation in invitations
    ]
