"""The exception of a client made by hand: a reason from the list, evidence, a sponsor, an end; renewed, or left."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from registry import credentials, domain_proofs, expiry, lifecycle, queries
from registry.actors import Viewer
from registry.errors import (
    Conflict,
    InvalidClientMetadata,
    InvalidInput,
    InvalidRedirectUri,
    NotFound,
    StandingForbids,
)
from registry.events import Event
from registry.identifiers import digest
from registry.models import (
    Client,
    ClientSecret,
    ManualException,
    Organization,
    Registration,
    RegistrationAccessToken,
)
from registry.registration import Registered
from registry.roles import Role
from registry.routes import manual, promotion
from registry.routes.manual import ExceptionFacts
from registry.states import Environment, ExceptionReason
from tests import world

pytestmark = pytest.mark.django_db
STAFF = Viewer(Role.PARTNER_MANAGER, None)
DAY = timedelta(days=1)
WHY = "their vendor ships registration in spring"


@pytest.fixture
def acme() -> Organization:
    return world.organization()


def facts(**changes: Any) -> ExceptionFacts:
    sponsor = changes.pop("sponsor", None) or world.person(Role.PARTNER_MANAGER)
    usual = ExceptionFacts(
        ExceptionReason.CANNOT_REGISTER, "letter of the vendor, seen", sponsor.pk, world.now() + 30 * DAY
    )
    return replace(usual, **changes)


def onboard(holder: Organization, exception: ExceptionFacts | None = None, **options: Any) -> Registered:
    return manual.register_by_exception(
        holder.pk,
        options.pop("environment", Environment.SANDBOX),
        options.pop("body", None) or world.metadata(holder),
        exception or facts(),
        actor=world.STAN,
        now=options.pop("now", None) or world.now(),
    )


def row(made: Registered) -> Client:
    return Client.objects.get(client_id=made.client_id)


def renew(
    made: Registered, ends_at: datetime | None, now: datetime | None = None, reason: str = WHY
) -> Client:
    return manual.renew_exception(
        made.client_id, ends_at, actor=world.STAN, reason=reason, now=now or world.now()
    )


def move(made: Registered, reason: str = "they can register now") -> tuple[Client, str]:
    return manual.move_to_dynamic(made.client_id, actor=world.STAN, reason=reason, now=world.now())


class TestRegister:
    def test_keeps_reason_evidence_sponsor_and_end(self, acme: Organization) -> None:
        sponsor = world.person(Role.PARTNER_MANAGER, name="Stan Sample")
        exception = facts(sponsor=sponsor)
        client = row(onboard(acme, exception))
        held = ManualException.objects.get(client=client)
        assert (held.reason, held.sponsor, held.granted_by) == (exception.reason, sponsor, world.STAN.name)
        assert (client.route, client.valid_until) == ("manual", exception.ends_at)
        told = Registration.objects.get(client=client).evidence
        assert told["exception"] == "software_cannot_register"
        assert (told["sponsor"], told["justification"]) == ("Stan Sample", "letter of the vendor, seen")

    @pytest.mark.parametrize(
        ("changes", "member"),
        [
            ({"reason": ""}, "reason"),
            ({"reason": "because"}, "reason"),
            ({"evidence": " \n"}, "evidence"),
            ({"sponsor_id": None}, "sponsor"),
            ({"sponsor_id": uuid4()}, "sponsor"),
            ({"ends_at": None}, "ends_at"),
        ],
    )
    def test_names_what_is_missing(self, acme: Organization, changes: dict[str, Any], member: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            onboard(acme, facts(**changes))
        assert refused.value.findings[0].member == member
        assert not Client.objects.filter(organization=acme).exists()

    @pytest.mark.parametrize("role", [Role.ORGANIZATION_ADMIN, Role.END_USER])
    def test_a_sponsor_is_of_the_staff(self, acme: Organization, role: Role) -> None:
        holder = acme if role is Role.ORGANIZATION_ADMIN else None
        with pytest.raises(InvalidInput, match="nobody of the operator"):
            onboard(acme, facts(sponsor=world.person(role, holder)))

    def test_is_judged_and_decided_like_every_route(self, acme: Organization) -> None:
        with pytest.raises(InvalidClientMetadata, match=r"S1\.entitled"):
            onboard(acme, body=world.metadata(acme, scope="admin"))
        assert not ManualException.objects.filter(client__organization=acme).exists()
        assert onboard(acme, environment=Environment.PRODUCTION).state == "pending"


class TestEnd:
    NOW = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)

    def test_lies_after_now_and_within_twelve_months(self) -> None:
        last = datetime(2027, 12, 2, tzinfo=UTC)
        tick = timedelta(microseconds=1)
        assert manual.last_end(self.NOW) == last
        for accepted in (self.NOW + tick, last):
            assert manual.check_end(accepted, self.NOW) == accepted
        for refused in (None, self.NOW, last + tick, datetime.max.replace(tzinfo=UTC)):
            with pytest.raises(InvalidInput, match="ends_at"):
                manual.check_end(refused, self.NOW)

    def test_a_leap_day_has_its_year_too(self) -> None:
        assert manual.last_end(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2029, 3, 1, tzinfo=UTC)

    def test_suspends_the_client_when_nobody_renews(self, acme: Organization) -> None:
        made = onboard(acme, facts(ends_at=world.now() + DAY))
        assert expiry.expire_clients(ids=[made.client_id], limit=10, now=world.now() + 2 * DAY) == 1
        assert row(made).state == "suspended"


class TestRenew:
    def test_moves_the_end_and_tells_why(self, acme: Organization) -> None:
        made, end = onboard(acme), world.now() + 200 * DAY
        assert renew(made, end).valid_until == end
        event = queries.client_events(STAFF, made.client_id)[0]
        assert (event.action, event.reason) == (Event.CLIENT_EXCEPTION_RENEWED, WHY)
        assert event.after["valid_until"] == end.isoformat()
        assert ManualException.objects.get(client=row(made)).renewals == 1

    def test_is_bounded_from_the_day_of_renewal(self, acme: Organization) -> None:
        made, later = onboard(acme), world.now() + 20 * DAY
        renew(made, manual.last_end(later), now=later)
        with pytest.raises(InvalidInput, match="twelve months"):
            renew(made, manual.last_end(later) + timedelta(microseconds=1), now=later)
        with pytest.raises(InvalidInput, match="twelve months"):
            renew(made, later, now=later)

    def test_needs_a_reason(self, acme: Organization) -> None:
        with pytest.raises(InvalidInput, match="reason"):
            renew(onboard(acme), world.now() + DAY, reason=" ")

    def test_lets_an_expired_one_be_reactivated(self, acme: Organization) -> None:
        made = onboard(acme, facts(ends_at=world.now() + DAY))
        later = world.now() + 2 * DAY
        expiry.expire_clients(ids=[made.client_id], limit=10, now=later)
        renew(made, later + DAY, now=later)
        assert row(made).state == "suspended"
        lifecycle.reactivate_client(made.client_id, actor=world.PAUL, reason="renewed", now=later)
        assert row(made).state == "active"

    def test_of_another_route_is_refused(self, acme: Organization) -> None:
        made = manual.register(
            acme.pk,
            Environment.SANDBOX,
            world.machine_metadata(),
            justification="no exception",
            valid_until=None,
            actor=world.STAN,
            now=world.now(),
        )
        with pytest.raises(Conflict, match="no exception"):
            renew(made, world.now() + DAY)

    def test_of_an_ended_client_is_refused(self, acme: Organization) -> None:
        made = onboard(acme)
        lifecycle.deregister_client(made.client_id, actor=world.STAN, reason="", now=world.now())
        with pytest.raises(Conflict, match="no exception"):
            renew(made, world.now() + DAY)

    def test_of_an_unknown_client_is_not_found(self) -> None:
        with pytest.raises(NotFound):
            manual.renew_exception("c_none", world.now() + DAY, actor=world.STAN, reason=WHY, now=world.now())


class TestMoveToDynamic:
    def test_keeps_the_client_id_and_ends_the_exception(self, acme: Organization) -> None:
        made = onboard(acme)
        client, value = move(made)
        assert client.client_id == made.client_id
        stored = row(made)
        assert (stored.route, stored.valid_until, stored.state) == ("dynamic", None, "active")
        assert queries.client_events(STAFF, made.client_id)[0].action == Event.CLIENT_ROUTE_CHANGED
        live = RegistrationAccessToken.objects.get(client=client, ended_at=None)
        assert live.digest == digest(value) != digest(made.registration_access_token)

    def test_keeps_its_secret(self, acme: Organization) -> None:
        made = onboard(acme)
        move(made)
        assert made.client_secret is not None
        (secret,) = ClientSecret.objects.filter(client=row(made), ended_at=None)
        assert credentials.matches(made.client_secret, secret.digest)

    def test_happens_once(self, acme: Organization) -> None:
        made = onboard(acme)
        move(made)
        with pytest.raises(Conflict, match="no exception"):
            move(made)
        with pytest.raises(Conflict, match="no exception"):
            renew(made, world.now() + DAY)

    def test_is_judged_by_the_rules_of_now(self, acme: Organization) -> None:
        made = onboard(acme)
        domain = f"{acme.slug}.example"
        domain_proofs.end_domain(acme.pk, domain, actor=world.STAN, reason="sold", now=world.now())
        with pytest.raises(InvalidRedirectUri, match=r"U4\.proved_domain"):
            move(made)
        assert row(made).route == "manual"

    def test_waits_for_the_decision(self, acme: Organization) -> None:
        with pytest.raises(StandingForbids, match="pending"):
            move(onboard(acme, environment=Environment.PRODUCTION))

    def test_does_not_free_one_that_has_ended(self, acme: Organization) -> None:
        made = onboard(acme)
        Client.objects.filter(client_id=made.client_id).update(valid_until=world.now() - DAY)
        with pytest.raises(StandingForbids, match="expired"):
            move(made)

    def test_does_not_free_one_of_a_contained_organization(self, acme: Organization) -> None:
        made = onboard(acme)
        lifecycle.contain_organization(acme.pk, actor=world.PAUL, reason="leak", now=world.now())
        with pytest.raises(StandingForbids, match="suspended"):
            move(made)


class TestPromote:
    def test_stands_under_the_same_exception_with_the_same_end(self, acme: Organization) -> None:
        made = onboard(acme)
        other = promotion.promote(made.client_id, reason="it works", actor=world.STAN, now=world.now())
        first, second = row(made), row(other)
        assert (second.environment, second.valid_until) == ("production", first.valid_until)
        held = ManualException.objects.get(client=second)
        assert (held.reason, held.sponsor) == ("software_cannot_register", first.manual_exception.sponsor)
        assert renew(other, world.now() + 60 * DAY).client_id == other.client_id

    def test_of_a_moved_one_stands_under_none(self, acme: Organization) -> None:
        made = onboard(acme)
        move(made)
        other = promotion.promote(made.client_id, reason="it works", actor=world.STAN, now=world.now())
        assert (row(other).route, row(other).valid_until) == ("dynamic", None)
        assert not ManualException.objects.filter(client=row(other)).exists()
