"""Domains belong to one organization, with all hosts under them, until the proof is ended."""

import secrets
from typing import Any

import pytest

from registry import domain_proofs, queries
from registry.actors import Viewer
from registry.errors import Conflict, InvalidInput, NotFound
from registry.events import Event
from registry.models import Organization, ProvedDomain
from registry.roles import Role
from tests import world

pytestmark = pytest.mark.django_db


def create() -> Organization:
    return world.organization(active=False, domains=())


def attest(holder: Organization, domain: str, evidence: str = "seen") -> ProvedDomain:
    return domain_proofs.attest_domain(
        holder.pk, domain, evidence=evidence, actor=world.STAN, now=world.now()
    )


def end(holder: Organization, domain: str, reason: str = "sold") -> ProvedDomain:
    return domain_proofs.end_domain(holder.pk, domain, actor=world.STAN, reason=reason, now=world.now())


def events(holder: Organization, event: Event) -> Any:
    return queries.audit_events(Viewer(Role.AUDITOR, None), organization=holder, action=event)


class TestDomains:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("{n}.example", "{n}.example"),
            ("  {n}.EXAMPLE. ", "{n}.example"),
            ("{n}.bücher.example", "{n}.xn--bcher-kva.example"),
            ("{n}.github.io", "{n}.github.io"),
        ],
    )
    def test_are_kept_in_one_spelling(self, given: str, kept: str) -> None:
        name = f"d{secrets.token_hex(4)}"
        assert attest(create(), given.format(n=name)).domain == kept.format(n=name)

    @pytest.mark.parametrize(
        "domain",
        [
            "",
            ".",
            "localhost",
            "example",
            "com",
            "co.uk",
            "github.io",
            "a b.example",
            "a..example",
            "-a.example",
            "https://a.example",
            "a.example/x",
            "*.a.example",
            "127.0.0.1",
            "[::1]",
            "a" * 64 + ".example",
        ],
    )
    def test_are_names_below_a_public_suffix(self, domain: str) -> None:
        with pytest.raises(InvalidInput):
            attest(create(), domain)

    def test_belong_to_one_organization(self) -> None:
        name = f"d{secrets.token_hex(4)}.example"
        proved = attest(create(), name)
        with pytest.raises(Conflict):
            attest(create(), name.upper())
        ProvedDomain.objects.filter(pk=proved.pk).update(ended_at=world.now())
        assert attest(create(), name)

    def test_need_evidence_and_are_an_event(self) -> None:
        made, name = create(), f"d{secrets.token_hex(4)}.example"
        with pytest.raises(InvalidInput, match="evidence"):
            attest(made, name, " ")
        attest(made, name)
        assert events(made, Event.DOMAIN_PROVED).get().after["domain"] == name


class TestSharedHosts:
    """Hosts at or under a proved domain receive codes of one organization only."""

    @pytest.mark.parametrize(
        ("first", "second"), [("{n}.example", "pay.{n}.example"), ("pay.{n}.example", "{n}.example")]
    )
    def test_above_or_below_what_another_proved_is_refused(self, first: str, second: str) -> None:
        name = f"d{secrets.token_hex(4)}"
        attest(create(), first.format(n=name))
        other = create()
        with pytest.raises(Conflict, match="another organization"):
            attest(other, second.format(n=name))
        assert not events(other, Event.DOMAIN_PROVED).exists()

    def test_are_compared_label_by_label(self) -> None:
        name = f"d{secrets.token_hex(4)}"
        attest(create(), f"{name}.example")
        assert attest(create(), f"evil{name}.example")
        assert attest(create(), f"{name}.example.net")

    def test_below_what_it_proved_itself_is_its_own(self) -> None:
        made, name = create(), f"d{secrets.token_hex(4)}.example"
        attest(made, name)
        assert attest(made, f"pay.{name}")

    def test_below_a_private_suffix_strangers_are_strangers(self) -> None:
        name = secrets.token_hex(4)
        attest(create(), f"a{name}.github.io")
        assert attest(create(), f"b{name}.github.io")

    def test_are_free_again_when_the_proof_ended(self) -> None:
        made, name = create(), f"d{secrets.token_hex(4)}.example"
        attest(made, name)
        end(made, name)
        assert attest(create(), f"pay.{name}")


class TestEndOfAProof:
    def test_is_one_event_with_what_it_was(self) -> None:
        made, name = create(), f"d{secrets.token_hex(4)}.example"
        attest(made, name)
        assert end(made, name).ended_at is not None
        event = events(made, Event.DOMAIN_ENDED).get()
        assert (event.reason, event.before) == ("sold", {"domain": name, "evidence": "seen"})
        assert Organization.objects.get(pk=made.pk).version == made.version + 2

    def test_needs_a_reason(self) -> None:
        made, name = create(), f"d{secrets.token_hex(4)}.example"
        attest(made, name)
        with pytest.raises(InvalidInput, match="reason"):
            end(made, name, " ")

    def test_of_what_it_never_proved_or_ended_before_is_not_found(self) -> None:
        made, other, name = create(), create(), f"d{secrets.token_hex(4)}.example"
        attest(made, name)
        with pytest.raises(NotFound):
            end(other, name)
        end(made, name)
        with pytest.raises(NotFound):
            end(made, name)


def test_every_writer_needs_its_organization() -> None:
    missing = Organization(slug="none")
    for act in (attest, end):
        with pytest.raises(NotFound):
            act(missing, "a.example")
