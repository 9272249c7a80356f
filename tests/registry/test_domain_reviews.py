"""Proofs are looked after: one that is gone is told of, and ends when its grace is over."""

import secrets
from datetime import datetime, timedelta

import pytest

from registry import domain_proofs, domain_reviews, notices, queries
from registry.actors import Viewer
from registry.domain_checks import SignMissing
from registry.domain_signs import Sign
from registry.events import Event
from registry.models import Notice, NoticeKind, Organization, ProvedDomain
from registry.roles import Role
from tests import world
from tests.together import together

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def seen(method: str, sign: Sign) -> None:
    """A domain that shows whatever it should."""


def gone(method: str, sign: Sign) -> None:
    raise SignMissing("no TXT record", is_transient=False)


def unknown(method: str, sign: Sign) -> None:
    raise SignMissing("too few of the domain's name servers answer", is_transient=True)


def proved() -> ProvedDomain:
    made, domain, now = world.organization(domains=()), f"d{secrets.token_hex(4)}.example", world.now()
    domain_proofs.ask_for_challenge(made.pk, domain, actor=world.STAN, now=now)
    return domain_proofs.prove_domain(made.pk, domain, "dns_txt", actor=world.STAN, now=now, look=seen)


def recheck(row: ProvedDomain, look: domain_reviews.Look, now: datetime) -> int:
    done = domain_reviews.recheck_due(ids=[row.pk], limit=10, now=now, look=look)
    row.refresh_from_db()
    return done


def told(row: ProvedDomain) -> list[str]:
    """Events of the organization's domains after the proof."""
    found = queries.audit_events(Viewer(Role.AUDITOR, None), organization=row.organization_id)
    actions = [event.action for event in found if event.action.startswith("organization.domain.")]
    return list(reversed(actions))[2:]


def owed(row: ProvedDomain) -> list[str]:
    return list(
        Notice.objects.filter(organization=row.organization_id).order_by("pk").values_list("kind", flat=True)
    )


@pytest.mark.django_db
class TestRecheck:
    def test_comes_after_a_day(self) -> None:
        row = proved()
        assert recheck(row, seen, row.proved_at + DAY - HOUR) == 0
        now = row.proved_at + DAY
        assert recheck(row, seen, now) == 1
        assert (row.checked_at, row.next_check_at, row.missing_since) == (now, now + DAY, None)
        assert told(row) == []

    def test_looks_for_the_same_sign_by_the_same_method(self) -> None:
        row, looked = proved(), []
        recheck(row, lambda method, sign: looked.append((method, sign)), row.proved_at + DAY)
        holder = Organization.objects.get(pk=row.organization_id)
        assert looked == [("dns_txt", Sign(row.domain, holder.slug, row.challenge))]

    def test_of_what_is_attested_never_comes(self) -> None:
        made = world.organization(domains=[f"d{secrets.token_hex(4)}.example"])
        row = ProvedDomain.objects.get(organization=made)
        assert recheck(row, gone, world.now() + 1000 * DAY) == 0

    def test_of_what_ended_never_comes(self) -> None:
        row = proved()
        domain_proofs.end_domain(
            row.organization_id, row.domain, actor=world.STAN, reason="sold", now=world.now()
        )
        assert recheck(row, gone, row.proved_at + DAY) == 0


@pytest.mark.django_db
class TestMissing:
    def test_begins_a_grace_with_an_event_and_a_notice(self) -> None:
        row = proved()
        now = row.proved_at + DAY
        recheck(row, gone, now)
        assert (row.missing_since, row.next_check_at, row.ended_at) == (now, now + 6 * HOUR, None)
        assert told(row) == [Event.DOMAIN_MISSED]
        assert owed(row) == [NoticeKind.DOMAIN_MISSING]

    def test_is_told_once_while_it_lasts(self) -> None:
        row = proved()
        for hours in (24, 30, 36):
            recheck(row, gone, row.proved_at + hours * HOUR)
        assert (told(row), len(owed(row))) == ([Event.DOMAIN_MISSED], 1)

    def test_and_seen_again_is_as_before(self) -> None:
        row = proved()
        recheck(row, gone, row.proved_at + DAY)
        recheck(row, seen, row.proved_at + 2 * DAY)
        assert row.missing_since is None
        assert told(row) == [Event.DOMAIN_MISSED, Event.DOMAIN_SEEN_AGAIN]

    @pytest.mark.parametrize(("after", "is_over"), [(14 * DAY - HOUR, False), (14 * DAY, True)])
    def test_ends_the_proof_after_the_grace(self, after: timedelta, is_over: bool) -> None:
        row = proved()
        first = row.proved_at + DAY
        recheck(row, gone, first)
        recheck(row, gone, first + after)
        assert (row.ended_at is not None) == is_over
        assert told(row) == [Event.DOMAIN_MISSED] + [Event.DOMAIN_ENDED] * is_over
        assert owed(row) == [NoticeKind.DOMAIN_MISSING] + [NoticeKind.DOMAIN_ENDED] * is_over

    def test_leaves_the_domain_to_who_proves_it_next(self) -> None:
        row = proved()
        for instant in (row.proved_at + DAY, row.proved_at + 15 * DAY):
            recheck(row, gone, instant)
        other = world.organization(domains=())
        domain_proofs.ask_for_challenge(other.pk, row.domain, actor=world.STAN, now=world.now())
        assert domain_proofs.prove_domain(
            other.pk, row.domain, "well_known", actor=world.STAN, now=world.now(), look=seen
        )


@pytest.mark.django_db
class TestNobodyAnswers:
    def test_changes_nothing_but_the_next_time(self) -> None:
        row = proved()
        now = row.proved_at + DAY
        recheck(row, unknown, now)
        assert (row.missing_since, row.next_check_at) == (None, now + HOUR)
        assert (told(row), owed(row)) == ([], [])

    def test_never_ends_a_proof(self) -> None:
        row = proved()
        recheck(row, gone, row.proved_at + DAY)
        recheck(row, unknown, row.proved_at + 100 * DAY)
        assert row.ended_at is None


@pytest.mark.django_db
class TestNotice:
    def test_goes_to_the_organization_and_says_until_when(self, mailoutbox: list) -> None:
        row = proved()
        world.person(Role.ORGANIZATION_ADMIN, Organization.objects.get(pk=row.organization_id))
        recheck(row, gone, row.proved_at + DAY)
        notices.send_due(limit=10, now=row.proved_at + 2 * DAY)
        mail = next(each for each in mailoutbox if row.domain in each.subject)
        assert mail.subject == f"The proof of {row.domain} is not there any more"
        assert "no TXT record" in mail.body
        assert f"Until {row.proved_at + 15 * DAY:%Y-%m-%d}" in mail.body


@pytest.mark.usefixtures("live_db")
def test_two_sweeps_at_once_look_once() -> None:
    row, looked = proved(), []

    def look(method: str, sign: Sign) -> None:
        looked.append(sign.domain)
        raise SignMissing("no TXT record", is_transient=False)

    now = row.proved_at + DAY
    done = together(3, lambda _: domain_reviews.recheck_due(ids=[row.pk], limit=10, now=now, look=look))
    assert (sorted(done), looked) == ([0, 0, 1], [row.domain])
    assert told(row) == [Event.DOMAIN_MISSED]
