"""Terms in versions: published once and for ever, accepted by a named admin, asked for from their date on."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from registry import people, queries, terms
from registry.actors import Actor, ActorKind, Viewer
from registry.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    RoleForbids,
    TermsNotAccepted,
)
from registry.events import Event
from registry.models import Organization, TermsAcceptance, TermsVersion, User
from registry.operator import make_service_client
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from registry.terms import TermsFacts
from tests import world

pytestmark = pytest.mark.django_db
STAFF = Viewer(Role.PARTNER_MANAGER, None)
DAY = timedelta(days=1)
TEXT = "Whoever registers here answers for its clients.\n"
HASH = hashlib.sha256(TEXT.encode()).hexdigest()


def publish(version: str = "1", at: datetime | None = None, **changes: Any) -> TermsVersion:
    facts = {"title": "Terms of Northgate", "text": TEXT, "effective_at": at or world.now()} | changes
    return terms.publish_terms(
        TermsFacts(version=version, **facts),
        actor=world.STAN,
        operator_id=world.operator().pk,
        now=min(facts["effective_at"], world.now()),
    )


def accept(holder: Organization, by: User, version: str = "1", sha256: str = HASH) -> TermsAcceptance:
    return terms.accept_terms(holder.pk, version, sha256=sha256, actor=people.person(by), now=world.now())


@pytest.fixture
def acme() -> Organization:
    return world.organization()


@pytest.fixture
def alice(acme: Organization) -> User:
    return world.person(Role.ORGANIZATION_ADMIN, acme, "Alice Sample")


def register(holder: Organization, environment: Environment = Environment.PRODUCTION) -> str:
    return manual.register(
        holder.pk,
        environment,
        world.machine_metadata(),
        justification="x",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    ).client_id


class TestPublish:
    def test_hashes_the_text_and_tells_it(self) -> None:
        row = publish()
        assert row.sha256 == HASH
        event = queries.audit_events(STAFF, action=Event.TERMS_PUBLISHED).latest("id")
        assert (event.subject_id, event.after["sha256"]) == ("1", HASH)

    def test_takes_an_address_with_its_hash(self) -> None:
        row = publish(text="", url="https://northgate.example/terms.pdf", sha256="a" * 64)
        assert (row.text, row.sha256) == ("", "a" * 64)

    @pytest.mark.parametrize(
        ("changes", "member"),
        [
            ({"version": "two words"}, "version"),
            ({"version": ""}, "version"),
            ({"version": "1" * 33}, "version"),
            ({"title": " "}, "title"),
            ({"text": ""}, "text"),
            ({"url": "https://northgate.example/t"}, "text"),
            ({"text": "", "url": "http://northgate.example/t", "sha256": "a" * 64}, "url"),
            ({"text": "", "url": "https://u@northgate.example/t", "sha256": "a" * 64}, "url"),
            ({"text": "", "url": "https://northgate.example/t", "sha256": "A" * 64}, "sha256"),
            ({"text": "", "url": "https://northgate.example/t", "sha256": ""}, "sha256"),
            ({"sha256": "b" * 64}, "sha256"),
            ({"text": "x" * (terms.MAX_TEXT + 1)}, "text"),
        ],
    )
    def test_names_what_is_wrong(self, changes: dict[str, Any], member: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            publish(changes.pop("version", "1"), **changes)
        assert refused.value.findings[0].member == member
        assert not TermsVersion.objects.exists()

    def test_is_never_effective_before_it_is_published(self) -> None:
        facts = TermsFacts("1", "Terms", world.now() - timedelta(microseconds=1), TEXT)
        with pytest.raises(InvalidInput, match="in the past"):
            terms.publish_terms(facts, actor=world.STAN, operator_id=world.operator().pk, now=world.now())

    def test_of_one_name_happens_once(self) -> None:
        publish()
        with pytest.raises(Conflict):
            publish(at=world.now() + DAY)

    def test_of_one_instant_happens_once(self) -> None:
        instant = world.now() + DAY
        publish(at=instant)
        with pytest.raises(Conflict):
            publish("2", at=instant)

    @pytest.mark.parametrize("rows", [TermsVersion, TermsAcceptance])
    def test_stays_as_it_was(self, acme: Organization, alice: User, rows: Any) -> None:
        publish()
        accept(acme, alice)
        for change in (lambda: rows.objects.update(sha256="f" * 64), rows.objects.all().delete):
            with pytest.raises(DatabaseError, match=r"stays|protected"), transaction.atomic():
                change()


class TestAccept:
    def test_is_kept_with_person_hash_and_time_and_told(self, acme: Organization, alice: User) -> None:
        publish()
        row = accept(acme, alice)
        assert (row.person, row.person_name, row.sha256) == (alice, "Alice Sample", HASH)
        event = queries.organization_events(STAFF, acme.slug)[0]
        assert event.action == Event.TERMS_ACCEPTED
        assert event.after == {"version": "1", "sha256": HASH, "person": str(alice.pk)}

    @pytest.mark.parametrize("role", [Role.ORGANIZATION_DEVELOPER, Role.ORGANIZATION_READER])
    def test_is_for_admins(self, acme: Organization, role: Role) -> None:
        publish()
        with pytest.raises(RoleForbids):
            accept(acme, world.person(role, acme))

    def test_is_for_its_own_admins(self, acme: Organization) -> None:
        publish()
        with pytest.raises(RoleForbids):
            accept(acme, world.person(Role.ORGANIZATION_ADMIN, world.organization("other")))

    def test_is_not_for_whose_access_ended(self, acme: Organization, alice: User) -> None:
        publish()
        User.objects.filter(pk=alice.pk).update(is_active=False)
        with pytest.raises(RoleForbids):
            accept(acme, alice)

    def test_is_not_for_services(self, acme: Organization, alice: User) -> None:
        publish()
        service = Actor(ActorKind.SERVICE, str(alice.pk), "Desk")
        with pytest.raises(RoleForbids):
            terms.accept_terms(acme.pk, "1", sha256=HASH, actor=service, now=world.now())

    def test_is_of_what_was_read(self, acme: Organization, alice: User) -> None:
        publish()
        with pytest.raises(PreconditionFailed):
            accept(acme, alice, sha256="0" * 64)

    def test_happens_once(self, acme: Organization, alice: User) -> None:
        publish()
        accept(acme, alice)
        with pytest.raises(Conflict):
            accept(acme, alice)

    def test_of_no_version_is_not_found(self, acme: Organization, alice: User) -> None:
        with pytest.raises(NotFound):
            accept(acme, alice, version="9")


class TestProduction:
    def test_without_terms_asks_nothing(self, acme: Organization) -> None:
        assert register(acme)

    def test_is_closed_until_they_are_accepted(self, acme: Organization, alice: User) -> None:
        publish()
        with pytest.raises(TermsNotAccepted) as refused:
            register(acme)
        assert refused.value.findings[0].rule == "O1.terms"
        assert "accept version 1" in refused.value.fix
        assert register(acme, Environment.SANDBOX)
        accept(acme, alice)
        assert register(acme)

    def test_is_closed_from_the_effective_date_on(self, acme: Organization) -> None:
        publish(at=world.now() + DAY)
        assert register(acme)

    def test_is_closed_again_by_a_later_version(self, acme: Organization, alice: User) -> None:
        publish(at=world.now() - DAY)
        accept(acme, alice)
        publish("2")
        with pytest.raises(TermsNotAccepted, match="version 2"):
            register(acme)

    def test_is_open_to_who_accepted_ahead(self, acme: Organization, alice: User) -> None:
        publish(at=world.now() - DAY)
        publish("2", at=world.now() + DAY)
        accept(acme, alice, "2")
        assert register(acme)

    def test_asks_nothing_of_the_operator_itself(self) -> None:
        publish()
        made = make_service_client(
            world.operator(), "desk", ["audit:read"], actor=world.STAN, now=world.now()
        )
        assert made.client_id


class TestStanding:
    def test_tells_what_is_asked_and_what_is_coming(self, acme: Organization, alice: User) -> None:
        first, second = publish(), publish("2", at=world.now() + DAY)
        before = queries.terms_standing(STAFF, acme.slug, world.now())
        assert (before.outstanding, list(before.announced)) == (first, [second])
        accept(acme, alice)
        after = queries.terms_standing(STAFF, acme.slug, world.now())
        assert (after.outstanding, list(after.announced)) == (None, [second])
        assert [row.terms for row in after.accepted] == [first]

    def test_is_its_own_organizations(self, acme: Organization) -> None:
        stranger = Viewer(Role.ORGANIZATION_ADMIN, world.organization("other").pk)
        with pytest.raises(NotFound):
            queries.terms_standing(stranger, acme.slug, world.now())

    def test_names_to_staff_who_owes(self, acme: Organization, alice: User) -> None:
        other = world.organization("other")
        assert not queries.organizations_owing_terms(STAFF, world.now()).exists()
        publish()
        accept(acme, alice)
        owing = queries.organizations_owing_terms(STAFF, world.now())
        assert other in owing
        assert acme not in owing
        assert world.operator() not in owing
        assert not queries.organizations_owing_terms(Viewer(Role.ORGANIZATION_ADMIN, acme.pk), world.now())
