"""An organization proves a domain by publishing what it was asked to."""

import re
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction

from registry import domain_checks, domain_proofs, queries
from registry.actors import Viewer
from registry.domain_checks import SignMissing
from registry.domain_signs import Sign
from registry.errors import Conflict, InvalidInput, NotFound, QuotaReached, RateExceeded, SignNotSeen
from registry.events import Event
from registry.models import DomainChallenge, Organization, ProvedDomain
from registry.roles import Role
from tests import name_servers, peers, world
from tests.name_servers import Zone
from tests.together import begin, together


def create() -> Organization:
    return world.organization(active=False, domains=())


def name() -> str:
    return f"d{secrets.token_hex(4)}.example"


def ask(holder: Organization, domain: str, now: object = None) -> DomainChallenge:
    return domain_proofs.ask_for_challenge(
        holder.pk,
        domain,
        actor=world.STAN,
        now=now or world.now(),  # type: ignore[arg-type]
    )


def seen(method: str, sign: Sign) -> None:
    """A domain that shows whatever it should."""


def unseen(method: str, sign: Sign) -> None:
    raise SignMissing("no TXT record", is_transient=False)


def prove(holder: Organization, domain: str, look: domain_checks.Look = seen, **when: object) -> ProvedDomain:
    given = {"now": world.now()} | when
    return domain_proofs.prove_domain(holder.pk, domain, "dns_txt", actor=world.STAN, look=look, **given)  # type: ignore[arg-type]


def events(holder: Organization, event: Event) -> int:
    return queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder.pk, action=event).count()


@pytest.mark.django_db
class TestChallenge:
    def test_is_128_random_bits_for_one_domain_in_one_spelling(self) -> None:
        made, domain = create(), name()
        challenge = ask(made, f" {domain.upper()}. ")
        assert challenge.domain == domain
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", challenge.challenge)
        assert ask(create(), name()).challenge != challenge.challenge

    def test_says_what_to_publish_and_where(self) -> None:
        made, domain = create(), name()
        challenge = ask(made, domain)
        sign = challenge.sign
        assert sign.text == f"concordat-org={made.slug}; proof={challenge.challenge}"
        assert sign.record_name == f"_concordat.{domain}"
        assert sign.file_url == f"https://{domain}/.well-known/concordat"

    def test_is_one_while_it_is_open_and_a_new_one_afterwards(self) -> None:
        made, domain = create(), name()
        first = ask(made, domain)
        with pytest.raises(Conflict, match="begun before"):
            ask(made, domain, first.expires_at - timedelta(seconds=1))
        assert ask(made, domain, first.expires_at).challenge != first.challenge

    def test_is_one_event(self) -> None:
        made = create()
        ask(made, name())
        assert events(made, Event.DOMAIN_CHALLENGED) == 1

    @pytest.mark.parametrize("domain", ["co.uk", "github.io", "example", "127.0.0.1", "a b.example", ""])
    def test_is_for_names_below_a_public_suffix(self, domain: str) -> None:
        with pytest.raises(InvalidInput):
            ask(create(), domain)

    def test_is_not_given_for_what_another_holds_and_names_nobody(self) -> None:
        domain = name()
        world.organization(domains=[domain])
        for wanted in (domain, f"pay.{domain}"):
            with pytest.raises(Conflict) as caught:
                ask(create(), wanted)
            assert "another organization" not in f"{caught.value.found} {caught.value.fix}"
        assert f"{domain}," not in caught.value.found

    def test_is_given_for_twenty_domains_at_once(self) -> None:
        made = create()
        for _ in range(domain_proofs.MAXIMUM_OPEN):
            ask(made, name())
        with pytest.raises(QuotaReached):
            ask(made, name())


@pytest.mark.django_db
class TestProof:
    def test_makes_the_domain_the_organizations_own(self) -> None:
        made, domain = create(), name()
        challenge, version = ask(made, domain), Organization.objects.get(pk=made.pk).version
        proved = prove(made, domain)
        assert (proved.domain, proved.proof, proved.challenge) == (domain, "dns_txt", challenge.challenge)
        assert proved.next_check_at == proved.proved_at + timedelta(hours=24)
        assert events(made, Event.DOMAIN_SHOWN) == 1
        assert Organization.objects.get(pk=made.pk).version == version + 1

    def test_that_is_not_seen_is_told_and_kept_for_the_page(self) -> None:
        made, domain = create(), name()
        challenge = ask(made, domain)
        with pytest.raises(SignNotSeen, match="No TXT record"):
            prove(made, domain, unseen)
        challenge.refresh_from_db()
        assert (challenge.found, challenge.ended_at) == ("no TXT record", None)
        assert not ProvedDomain.objects.filter(domain=domain).exists()

    def test_is_made_once(self) -> None:
        made, domain = create(), name()
        ask(made, domain)
        prove(made, domain)
        with pytest.raises(NotFound):
            prove(made, domain)

    def test_needs_a_challenge_of_its_own(self) -> None:
        made, domain = create(), name()
        ask(made, domain)
        with pytest.raises(NotFound):
            prove(create(), domain)

    def test_comes_too_late_when_the_time_is_over(self) -> None:
        made, domain = create(), name()
        end = ask(made, domain).expires_at
        with pytest.raises(NotFound):
            prove(made, domain, now=end)

    def test_of_what_another_proved_meanwhile_is_refused(self) -> None:
        first, second, domain = create(), create(), name()
        ask(first, domain)
        ask(second, domain)
        prove(first, domain)
        with pytest.raises(Conflict):
            prove(second, domain)
        assert ProvedDomain.objects.get(domain=domain).organization_id == first.pk

    def test_is_looked_for_only_so_often(self) -> None:
        made, domain = create(), name()
        ask(made, domain)
        instant = world.now()
        for _ in range(10):
            with pytest.raises(SignNotSeen):
                prove(made, domain, unseen, now=instant)
        with pytest.raises(RateExceeded):
            prove(made, domain, unseen, now=instant)


def locked_elsewhere(holder: Organization) -> bool:
    """Whether another connection gets the organization's row at once."""
    with transaction.atomic():
        return Organization.objects.select_for_update(nowait=True).filter(pk=holder.pk).exists()


@pytest.mark.usefixtures("live_db")
class TestAtOnce:
    def test_two_who_prove_one_domain_are_one_owner(self) -> None:
        domain, holders = name(), [create(), create()]
        for holder in holders:
            ask(holder, domain)

        def act(number: int) -> bool:
            try:
                return bool(prove(holders[number], domain))
            except Conflict:
                return False

        assert sorted(together(2, act)) == [False, True]
        assert ProvedDomain.objects.filter(domain=domain, ended_at=None).count() == 1

    def test_nobody_waits_while_servers_of_others_are_asked(self) -> None:
        made, domain = create(), name()
        ask(made, domain)
        free: list[bool] = []

        def look(method: str, sign: Sign) -> None:
            free.append(begin(lambda: locked_elsewhere(made)).result())

        prove(made, domain, look)
        assert free == [True]


class TestLook:
    SIGN = Sign("rp.example", "acme", "x" * 22)

    def look(self, method: str) -> SignMissing | None:
        try:
            domain_checks.look(method, self.SIGN)
        except SignMissing as missing:
            return missing
        return None

    def test_in_dns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with name_servers.serving(Zone()) as zone:
            name_servers.use(monkeypatch, zone, authority=zone)
            missing = self.look("dns_txt")
            assert (missing.found, missing.is_transient) == (
                "the domain has no name server that can be asked",
                False,
            )
            zone.hold("rp.example")
            assert self.look("dns_txt").found.endswith("has no TXT record")
            zone.publish(self.SIGN.record_name, "concordat-org=other; proof=y")
            assert self.look("dns_txt").found.endswith("has other records, not this one")
            zone.publish(self.SIGN.record_name, "v=spf1", self.SIGN.text)
            assert self.look("dns_txt") is None
            zone.silent = True
            monkeypatch.setattr("registry.name_servers._QUERY_SECONDS", 0.05)
            assert self.look("dns_txt").is_transient

    def test_in_a_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        authority = peers.authority(tmp_path)
        said = {"text": peers.answer(b"", "text/plain", status=404)}

        def talk(channel, peer):
            peers.heard(channel, peer)
            channel.sendall(said["text"])

        with peers.speaking(authority.server("rp.example"), talk) as peer:
            peers.stand_for(monkeypatch, "rp.example", peer, authority)
            assert "status 404" in self.look("well_known").found
            said["text"] = peers.answer(b"", "text/plain", status=503)
            assert self.look("well_known").is_transient
            said["text"] = peers.answer(b"concordat-org=acme; proof=other\n", "text/plain")
            assert self.look("well_known").found.endswith("does not hold the text")
            said["text"] = peers.answer(f"# us\r\n{self.SIGN.text}\r\n".encode(), "text/plain; charset=utf-8")
            assert self.look("well_known") is None
            assert peer.paths == ["/.well-known/concordat"] * 4
