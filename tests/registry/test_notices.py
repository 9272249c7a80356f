"""Mails that are owed: each goes out once, to the right people, however often the task is delivered."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from smtplib import SMTPServerDisconnected

import psycopg
import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from registry import notices
from registry.models import Client, Notice, NoticeKind, NoticeOutcome, Organization
from registry.organization_facts import ContactFacts
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from tests import side_by_side, world
from tests.together import begin

CONTACTS = (
    ContactFacts("business", "Business", "business@acme.example"),
    ContactFacts("technical", "Operations", "ops@acme.example"),
    ContactFacts("security", "Security", "security@acme.example"),
)


class DeadServer(BaseEmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, email_messages: object) -> int:
        raise SMTPServerDisconnected("Connection unexpectedly closed")


DEAD = f"{__name__}.DeadServer"


def client(holder: Organization) -> Client:
    made = manual.register(
        holder.pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        justification="a trial",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return Client.objects.get(client_id=made.client_id)


def owed(about: Client, once: str = "first") -> Notice:
    notices.owe(NoticeKind.CLIENT_EXPIRED, about, once=once, now=world.now(), day="2026-11-24")
    return Notice.objects.get(client=about, once__endswith=once)


def send(limit: int = 50, later: timedelta = timedelta()) -> int:
    return notices.send_due(limit=limit, now=world.now() + later)


@pytest.mark.django_db
class TestSending:
    def test_goes_to_the_technical_and_the_security_contact(self) -> None:
        owed(client(world.organization(contacts=CONTACTS)))
        assert send() == 1
        assert [sent.to for sent in mail.outbox] == [["ops@acme.example", "security@acme.example"]]

    def test_names_the_client_and_says_what_to_do(self) -> None:
        about = client(world.organization(contacts=CONTACTS))
        notice = owed(about)
        send()
        (sent,) = mail.outbox
        assert about.client_id in sent.subject
        assert "2026-11-24" in sent.body
        assert sent.extra_headers["Message-ID"] == f"<{notice.pk}@localhost>"

    def test_without_such_contacts_the_admins_get_it(self) -> None:
        acme = world.organization()
        admin = world.person(Role.ORGANIZATION_ADMIN, acme)
        owed(client(acme))
        send()
        assert [sent.to for sent in mail.outbox] == [[admin.email]]

    def test_with_nobody_to_write_to_it_is_settled_as_such(self) -> None:
        notice = owed(client(world.organization()))
        assert send() == 1
        notice.refresh_from_db()
        assert (notice.outcome, mail.outbox) == (NoticeOutcome.UNREACHED, [])

    @pytest.mark.parametrize("kind", NoticeKind)
    def test_every_kind_has_a_text(self, kind: NoticeKind) -> None:
        about = client(world.organization(contacts=CONTACTS))
        facts = {
            "day": "2026-11-24",
            "days": 30,
            "kid": "k",
            "domain": "rp.example",
            "found": "no TXT record",
        }
        notices.owe(kind, about, once="x", now=world.now(), **facts)
        send()
        assert "{" not in mail.outbox[0].subject + str(mail.outbox[0].body)


@pytest.mark.django_db
class TestOnce:
    def test_an_occasion_is_owed_once(self) -> None:
        about = client(world.organization())
        owed(about)
        owed(about)
        assert Notice.objects.filter(client=about).count() == 1

    def test_a_message_delivered_twice_sends_nothing_more(self) -> None:
        owed(client(world.organization(contacts=CONTACTS)))
        assert (send(), send()) == (1, 0)
        assert len(mail.outbox) == 1

    def test_a_message_that_was_lost_is_made_good_by_the_next(self) -> None:
        """Nobody published anything for the row: the next sweep finds it all the same."""
        owed(client(world.organization(contacts=CONTACTS)))
        assert send(later=timedelta(hours=3)) == 1

    def test_only_those_that_are_named(self) -> None:
        about = client(world.organization(contacts=CONTACTS))
        one, _ = owed(about), owed(about, "second")
        assert notices.send_due(ids=[one.pk], limit=50, now=world.now()) == 1


@pytest.mark.django_db
class TestDeadMailServer:
    def test_leaves_the_notice_owed_and_waits(self, settings: object) -> None:
        settings.EMAIL_BACKEND = DEAD  # type: ignore[attr-defined]
        notice = owed(client(world.organization(contacts=CONTACTS)))
        assert send() == 0
        notice.refresh_from_db()
        assert (notice.settled_at, notice.attempts) == (None, 1)
        assert notice.failure == "SMTPServerDisconnected"
        assert notice.due_at > world.now() + timedelta(seconds=50)

    def test_waits_twice_as_long_each_time_and_never_for_more_than_an_hour(self, settings: object) -> None:
        settings.EMAIL_BACKEND = DEAD  # type: ignore[attr-defined]
        notice = owed(client(world.organization(contacts=CONTACTS)))
        waits = []
        for _ in range(8):
            notices.send_due(limit=1, now=notice.due_at)
            before = notice.due_at
            notice.refresh_from_db()
            waits.append((notice.due_at - before).total_seconds() / 60)
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]

    def test_is_asked_three_times_a_sweep_at_most(self, settings: object) -> None:
        settings.EMAIL_BACKEND = DEAD  # type: ignore[attr-defined]
        about = client(world.organization(contacts=CONTACTS))
        for number in range(5):
            owed(about, str(number))
        send()
        assert Notice.objects.filter(client=about, attempts=1).count() == 3

    def test_sends_everything_when_it_lives_again(self, settings: object) -> None:
        settings.EMAIL_BACKEND = DEAD  # type: ignore[attr-defined]
        owed(client(world.organization(contacts=CONTACTS)))
        send()
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]
        assert send(later=timedelta(minutes=2)) == 1


def test_one_that_another_worker_has_is_passed_over(live_db: None) -> None:
    notice = owed(client(world.organization(contacts=CONTACTS)))
    with psycopg.connect(side_by_side.url()) as holding:
        holding.execute("SELECT FROM registry_notice WHERE id = %s FOR UPDATE", [notice.pk])
        sweep = begin(lambda: notices.send_due(ids=[notice.pk], limit=5, now=world.now()))
        assert sweep.result(timeout=5) == 0


def test_three_processes_send_each_notice_once(
    clone_database: Callable[[], AbstractContextManager[str]], tmp_path: Path
) -> None:
    with clone_database():
        about = client(world.organization(contacts=CONTACTS))
        for number in range(30):
            owed(about, str(number))
        file_backend = {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(tmp_path),
        }
        side_by_side.run("send_notices", processes=3, environment=file_backend)
        assert Notice.objects.filter(outcome=NoticeOutcome.SENT).count() == 30
    assert sorted(_message_ids(tmp_path)) == sorted(set(_message_ids(tmp_path)))
    assert len(_message_ids(tmp_path)) == 30


def _message_ids(folder: Path) -> list[str]:
    """Of every mail in a folder of Django's file backend, which writes a line of hyphens after each."""
    mails = [text for file in folder.iterdir() for text in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n")]
    return [
        str(message_from_bytes(text, policy=policy.default)["Message-ID"]) for text in mails if text.strip()
    ]
