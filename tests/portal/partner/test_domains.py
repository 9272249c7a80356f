"""Domains: what is proved, what to publish, and a look on demand."""

import html
from pathlib import Path

import pytest
from django.test import Client

from registry import domain_proofs, lifecycle
from registry.events import Event
from registry.models import DomainChallenge, Organization, ProvedDomain
from registry.roles import Role
from tests import name_servers, peers, world
from tests.name_servers import Zone
from tests.portal.signed_in import signed_in
from tests.portal.staff.scene import exactly_one_event, no_event, text

DOMAINS = "/partner/domains/"
NEW = "fjord.example"
CHECK = f"{DOMAINS}{NEW}/check/"


def begun(holder: Organization) -> DomainChallenge:
    return domain_proofs.ask_for_challenge(holder.pk, NEW, actor=world.STAN, now=world.now())


class TestPage:
    def test_lists_what_is_proved_and_what_to_publish(self, alice: Client, acme: Organization) -> None:
        challenge, page = begun(acme), html.unescape(text(alice, DOMAINS))
        assert f"{acme.slug}.example" in page
        for shown in (challenge.sign.record_name, challenge.sign.text, challenge.sign.file_url):
            assert shown in page.replace("<wbr>", "")

    def test_shows_nothing_of_others(self, carol: Client, acme: Organization) -> None:
        page = text(carol, DOMAINS).replace("<wbr>", "")
        assert begun(acme).challenge not in page
        assert f"{acme.slug}.example" not in page

    def test_offers_no_proof_to_a_developer(self, bob: Client, acme: Organization) -> None:
        begun(acme)
        page = text(bob, DOMAINS)
        assert NEW in page.replace("<wbr>", "")
        assert "Begin the proof" not in page
        assert "Check the" not in page


class TestBegin:
    def test_shows_what_to_publish(self, alice: Client, acme: Organization) -> None:
        with exactly_one_event(Event.DOMAIN_CHALLENGED):
            assert alice.post(DOMAINS, {"domain": NEW})["Location"] == DOMAINS
        assert f"_concordat.{NEW}" in text(alice, DOMAINS).replace("<wbr>", "")

    @pytest.mark.parametrize("domain", ["co.uk", "https://fjord.example", "127.0.0.1"])
    def test_of_what_nobody_owns_is_refused_and_told(self, alice: Client, domain: str) -> None:
        with no_event():
            answer = alice.post(DOMAINS, {"domain": domain}, follow=True)
        assert "Name a domain" in answer.content.decode() or "Write it as" in answer.content.decode()

    def test_without_a_domain_is_asked_again(self, alice: Client) -> None:
        assert "Error:" in alice.post(DOMAINS, {"domain": ""}).content.decode()

    def test_by_a_developer_is_refused(self, bob: Client) -> None:
        with no_event():
            assert bob.post(DOMAINS, {"domain": NEW}).status_code == 403

    def test_while_suspended_is_refused(self, acme: Organization) -> None:
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="drill", now=world.now())
        browser = signed_in(world.person(Role.ORGANIZATION_ADMIN, acme))
        assert "Begin the proof" not in text(browser, DOMAINS)
        with no_event():
            assert browser.post(DOMAINS, {"domain": NEW}).status_code == 403


class TestCheck:
    def test_of_the_record_proves_the_domain(
        self, alice: Client, acme: Organization, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sign = begun(acme).sign
        with name_servers.serving(Zone()) as zone:
            zone.hold(NEW)
            name_servers.use(monkeypatch, zone, authority=zone)
            with no_event():
                told = alice.post(CHECK, {"method": "dns_txt"}, follow=True).content.decode()
            assert "no TXT record" in told.replace("<wbr>", "")
            zone.publish(sign.record_name, sign.text)
            with exactly_one_event(Event.DOMAIN_SHOWN):
                assert alice.post(CHECK, {"method": "dns_txt"})["Location"] == DOMAINS
        assert ProvedDomain.objects.get(domain=NEW).organization_id == acme.pk

    def test_of_the_file_proves_the_domain(
        self, alice: Client, acme: Organization, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        said = peers.answer(begun(acme).sign.text.encode(), "text/plain")
        authority = peers.authority(tmp_path)
        with peers.saying(authority.server(NEW), said) as peer:
            peers.stand_for(monkeypatch, NEW, peer, authority)
            with exactly_one_event(Event.DOMAIN_SHOWN):
                alice.post(CHECK, {"method": "well_known"})
        assert ProvedDomain.objects.get(domain=NEW).proof == "well_known"

    def test_of_what_was_never_begun_is_not_found(self, alice: Client) -> None:
        assert alice.post(CHECK, {"method": "dns_txt"}).status_code == 404

    def test_elsewhere_is_refused(self, alice: Client, acme: Organization) -> None:
        begun(acme)
        assert alice.post(CHECK, {"method": "mail"}).status_code == 422

    def test_by_a_developer_or_another_organization_is_refused(
        self, bob: Client, carol: Client, acme: Organization
    ) -> None:
        begun(acme)
        with no_event():
            assert bob.post(CHECK, {"method": "dns_txt"}).status_code == 403
            assert carol.post(CHECK, {"method": "dns_txt"}).status_code == 404
