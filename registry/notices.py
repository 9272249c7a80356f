"""Notices to an organization's contacts: owed in the transaction of what they tell, sent by a task afterwards.

A notice is settled in the transaction that sends it, while its row is locked: however often and however many at once
the task runs, a mail goes out once. Only a death between the mail server's answer and our commit sends it twice; both
copies then carry one Message-ID.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Count, Min

from registry.models import Client, Contact, ContactKind, Notice, NoticeKind, NoticeOutcome, User
from registry.roles import Role

logger = logging.getLogger(__name__)

_FAILURES_OF_A_SERVER = 3  # then it is the mail server that fails, and not one address
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Text:
    """What one kind of notice says; the fields in braces come from the client, if any, and the notice's facts."""

    subject: str
    body: str


_TEXTS: Mapping[str, _Text] = {
    NoticeKind.CLIENT_EXPIRED: _Text(
        "Client {client_id} has expired",
        "The validity of {name} ({client_id}, {environment}) ended on {day}.\n"
        "It is suspended: it gets no tokens, and those that it had do not count any more.\n\n"
        "If it is still needed, ask the registry to extend it.",
    ),
    NoticeKind.CLIENT_UNUSED: _Text(
        "Client {client_id} is not in use",
        "{name} ({client_id}, {environment}) has not been used since {day}.\n"
        "If it stays unused it is restricted {days} days from now, and suspended after that.\n\n"
        "Nothing has to be done if it is not needed any more. A single token request shows that it is.",
    ),
    NoticeKind.CLIENT_RESTRICTED: _Text(
        "Client {client_id} is restricted",
        "{name} ({client_id}, {environment}) has not been used since {day} and is now restricted.\n"
        "If it stays unused it is suspended {days} days from now.\n\n"
        "A single token request lifts the restriction within an hour.",
    ),
    NoticeKind.CLIENT_SUSPENDED: _Text(
        "Client {client_id} is suspended",
        "{name} ({client_id}, {environment}) has not been used since {day} and is now suspended:\n"
        "it gets no tokens.\n\n"
        "If it is needed after all, ask the registry to reactivate it.",
    ),
    NoticeKind.KEY_REUSED: _Text(
        "A key of client {client_id} was presented by another organization",
        "On {day} another organization tried to register the key {kid} of {name} ({client_id}, {environment}).\n"
        "It was refused. Nobody can act with a public key alone; if the private key may be in other hands,\n"
        "replace it now.\n\n"
        "The audit log has the event client.key.presented.",
    ),
    NoticeKind.DOMAIN_MISSING: _Text(
        "The proof of {domain} is not there any more",
        "What you published at {domain} to prove that it is yours was not found:\n"
        "{found}.\n\n"
        "Until {day} nothing changes. If it is not seen again by then, the proof ends: software with\n"
        "hosts there goes on, but no registration or change with such a host is accepted.",
    ),
    NoticeKind.DOMAIN_ENDED: _Text(
        "The proof of {domain} has ended",
        "What you published at {domain} to prove that it is yours has been missing since {day}.\n"
        "The proof has ended: software with hosts there goes on, but no registration or change with such\n"
        "a host is accepted.\n\n"
        "If the domain is still yours, prove it again in the portal.",
    ),
}


@dataclass(frozen=True, slots=True)
class Owed:
    """How many notices are not settled yet, and how long the oldest of them has waited."""

    count: int
    age: timedelta


def owed(now: datetime) -> Owed:
    """What is owed at this moment. One statement."""
    found = Notice.objects.filter(settled_at=None).aggregate(count=Count("pk"), oldest=Min("created_at"))
    return Owed(found["count"], now - (found["oldest"] or now))


def owe(
    kind: NoticeKind, client: Client, *, once: str, now: datetime, reader: UUID | None = None, **facts: Any
) -> None:
    """Owe one notice about a client, in the caller's transaction; an occasion that is told of already is not again.

    once    names the occasion among those of this kind and client
    reader  the organization that is told, when it is not the client's own
    facts   `day` and `days` as the text of the kind wants them; never a credential
    """
    _owe(kind, reader or client.organization_id, client, f"{client.pk}|{once}", now, facts)


def owe_organization(
    kind: NoticeKind, organization_id: UUID, *, once: str, now: datetime, **facts: Any
) -> None:
    """The same about the organization itself; `once` names the occasion among those of this kind."""
    _owe(kind, organization_id, None, once, now, facts)


def _owe(
    kind: NoticeKind,
    organization_id: UUID,
    client: Client | None,
    once: str,
    now: datetime,
    facts: Mapping[str, Any],
) -> None:
    notice = Notice(
        kind=kind,
        organization_id=organization_id,
        client=client,
        once=f"{kind}|{once}",
        facts=facts,
        created_at=now,
        due_at=now,
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=True)


def send_due(*, ids: Sequence[UUID] | None = None, limit: int, now: datetime) -> int:
    """Send notices whose time has come, at most `limit`, each in its own transaction; how many were settled.

    ids  only these of them; None for any. Safe to run twice at once: a notice in work elsewhere is passed over.
    """
    due = Notice.objects.filter(settled_at=None, due_at__lte=now).order_by("due_at")
    found = due if ids is None else due.filter(pk__in=ids)
    mailer = get_connection()
    settled = failed = 0
    for notice_id in list(found.values_list("pk", flat=True)[:limit]):
        done = _settle(notice_id, mailer, now)
        settled, failed = settled + (done is True), failed + (done is False)
        if failed == _FAILURES_OF_A_SERVER:
            break
    return settled


@transaction.atomic
def _settle(notice_id: UUID, mailer: BaseEmailBackend, now: datetime) -> bool | None:
    """True when it is settled, False when the mail server failed, None when somebody else has it."""
    held = Notice.objects.select_for_update(skip_locked=True, of=("self",))
    notice = held.select_related("client", "organization").filter(pk=notice_id, settled_at=None).first()
    if notice is None:
        return None
    addresses = _addresses(notice)
    notice.attempts += 1
    try:
        if addresses:
            mailer.send_messages([_message(notice, addresses)])
    except OSError as failure:  # smtplib's errors are OSErrors
        _postpone(notice, failure, now)
        return False
    notice.settled_at = now
    notice.outcome = NoticeOutcome.SENT if addresses else NoticeOutcome.UNREACHED
    notice.save(force_update=True)
    return True


def _postpone(notice: Notice, failure: OSError, now: datetime) -> None:
    """Wait a minute, then twice as long each time, an hour at most."""
    logger.warning("notice not sent: %s", notice.pk, exc_info=failure)
    wait = min(timedelta(minutes=2 ** min(notice.attempts - 1, 10)), _LONGEST_WAIT)
    notice.failure, notice.due_at = type(failure).__name__, now + wait
    notice.save(force_update=True)


def _addresses(notice: Notice) -> list[str]:
    """Technical and security contact, and where there is neither the admins; of the operator its security officers."""
    people = User.objects.filter(is_active=True)
    if notice.organization.is_operator:
        return sorted(people.filter(role=Role.SECURITY_OFFICER).values_list("email", flat=True))
    contacts = Contact.objects.filter(
        organization_id=notice.organization_id, kind__in=[ContactKind.TECHNICAL, ContactKind.SECURITY]
    )
    admins = people.filter(organization_id=notice.organization_id, role=Role.ORGANIZATION_ADMIN)
    found = set(contacts.values_list("email", flat=True)) or set(admins.values_list("email", flat=True))
    return sorted(found)


def _message(notice: Notice, addresses: Sequence[str]) -> EmailMessage:
    fields = {**_fields(notice.client), **notice.facts}
    text, host = _TEXTS[notice.kind], urlsplit(settings.REGISTRY.issuer).hostname
    return EmailMessage(
        subject=text.subject.format(**fields),
        body=f"To {notice.organization.legal_name}\n\n{text.body.format(**fields)}\n",
        to=list(addresses),
        headers={"Message-ID": f"<{notice.pk}@{host}>", "Auto-Submitted": "auto-generated"},
    )


def _fields(client: Client | None) -> dict[str, str]:
    if client is None:
        return {}
    return {"client_id": client.client_id, "name": str(client), "environment": client.environment}
