"""By hand: a client under an exception, its renewal, and its way to dynamic registration."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from registry import lifecycle, queries
from registry.events import Event
from registry.models import Client, ManualException, Organization, User
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment, ExceptionReason
from tests import world
from tests.portal.signed_in import as_role
from tests.portal.staff.scene import STAFF, exactly_one_event, no_event, registered, text


@pytest.fixture
def sponsor(db: None) -> User:
    return world.person(Role.APPROVER, name="Paul Sample")


def fields(acme: Organization, answering: User, /, **changes: Any) -> dict[str, str]:
    body = changes.pop("metadata", None) or json.dumps(world.metadata(acme))
    return {
        "environment": "sandbox",
        "metadata": body,
        "exception": "migration",
        "evidence": "plan of the move, 3 Nov",
        "sponsor": str(answering.pk),
        "last_day": f"{world.now().date() + timedelta(days=30):%Y-%m-%d}",
    } | changes


def address(acme: Organization) -> str:
    return reverse("staff:manual_new", args=[acme.slug])


def made(acme: Organization, sponsor: User) -> Client:
    result = manual.register_by_exception(
        acme.pk,
        Environment.SANDBOX,
        world.metadata(acme, client_name="Ledger"),
        manual.ExceptionFacts(
            ExceptionReason.TRIAL, "a trial of three weeks", sponsor.pk, world.now() + timedelta(days=21)
        ),
        actor=world.STAN,
        now=world.now(),
    )
    return Client.objects.get(client_id=result.client_id)


class TestNew:
    def test_is_offered_in_the_clients_tab(self, stan: Browser, ada: Browser, acme: Organization) -> None:
        tab = reverse("staff:organization_clients", args=[acme.slug])
        assert address(acme) in text(stan, tab)
        assert address(acme) not in text(ada, tab)

    def test_shows_its_credentials_once(self, stan: Browser, acme: Organization, sponsor: User) -> None:
        with exactly_one_event(Event.REGISTRATION_GRANTED):
            answer = stan.post(address(acme), fields(acme, sponsor))
        page = answer.content.decode()
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        assert re.search(r"pcs_[\w-]{20,}", page)
        assert re.search(r"prr_[\w-]{20,}", page)
        client = Client.objects.get(organization=acme)
        assert "prr_" not in text(stan, reverse("staff:client", args=[client.client_id]))
        held = ManualException.objects.get(client=client)
        assert (held.reason, held.sponsor) == ("migration", sponsor)

    def test_ends_when_its_last_day_is_over(self, stan: Browser, acme: Organization, sponsor: User) -> None:
        stan.post(address(acme), fields(acme, sponsor))
        end = Client.objects.get(organization=acme).valid_until
        assert f"{end:%H:%M:%S.%f}" == "00:00:00.000000"
        assert end.date() == world.now().date() + timedelta(days=31)

    @pytest.mark.parametrize(
        ("changes", "status", "said"),
        [
            ({"last_day": "2020-01-01"}, 422, "twelve months"),
            ({"last_day": "2400-01-01"}, 422, "twelve months"),
            ({"last_day": ""}, 200, "This field is required"),
            ({"exception": "because"}, 200, "not one of the available choices"),
            ({"evidence": ""}, 200, "This field is required"),
            ({"sponsor": ""}, 200, "This field is required"),
            ({"metadata": "{"}, 200, "Error"),
            ({"metadata": '{"a": 1, "a": 2}'}, 200, "Error"),
            ({"metadata": "[]"}, 200, "is not an object"),
            ({"metadata": '{"scope": "everything"}'}, 400, "S1.entitled"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self,
        stan: Browser,
        acme: Organization,
        sponsor: User,
        changes: dict[str, str],
        status: int,
        said: str,
    ) -> None:
        with no_event():
            answer = stan.post(address(acme), fields(acme, sponsor, **changes))
        page = answer.content.decode()
        assert answer.status_code == status
        assert said in page
        assert "plan of the move" in page or "evidence" in changes
        assert not Client.objects.filter(organization=acme).exists()

    def test_names_every_finding(self, stan: Browser, acme: Organization, sponsor: User) -> None:
        body = json.dumps(world.metadata(acme, scope="everything", redirect_uris=["http://x.example/#a"]))
        page = stan.post(address(acme), fields(acme, sponsor, metadata=body)).content.decode()
        for rule in ("S1.entitled", "U1.fragment", "U4.proved_domain"):
            assert rule in page


class TestRenew:
    def test_by_staff_with_a_reason(self, stan: Browser, acme: Organization, sponsor: User) -> None:
        row, day = made(acme, sponsor), world.now().date() + timedelta(days=300)
        where = reverse("staff:client_renew", args=[row.client_id])
        assert where in text(stan, reverse("staff:client", args=[row.client_id]))
        assert "a trial of three weeks" in text(stan, where)
        with exactly_one_event(Event.CLIENT_EXCEPTION_RENEWED):
            answer = stan.post(where, {"last_day": f"{day}", "reason": "the vendor is late"})
        assert answer.status_code == 303
        row.refresh_from_db()
        assert row.valid_until == manual.last_end(world.now()) - timedelta(
            days=(manual.last_end(world.now()).date() - day).days - 1
        )

    def test_beyond_twelve_months_is_refused(self, stan: Browser, acme: Organization, sponsor: User) -> None:
        row, day = made(acme, sponsor), world.now().date() + timedelta(days=367)
        where = reverse("staff:client_renew", args=[row.client_id])
        with no_event():
            answer = stan.post(where, {"last_day": f"{day}", "reason": "the vendor is late"})
        assert answer.status_code == 422
        assert "twelve months" in answer.content.decode()

    def test_is_not_offered_without_an_exception(self, stan: Browser, acme: Organization) -> None:
        row = registered(acme)
        page = text(stan, reverse("staff:client", args=[row.client_id]))
        assert "Renew exception" not in page
        where = reverse("staff:client_renew", args=[row.client_id])
        assert "stands under no exception" in text(stan, where)
        assert stan.post(where, {"last_day": "2027-01-01", "reason": "x"}).status_code == 409


class TestMove:
    def test_keeps_the_client_id_and_shows_one_token(
        self, stan: Browser, acme: Organization, sponsor: User
    ) -> None:
        row = made(acme, sponsor)
        where = reverse("staff:client_move", args=[row.client_id])
        assert where in text(stan, reverse("staff:client", args=[row.client_id]))
        with exactly_one_event(Event.CLIENT_ROUTE_CHANGED):
            answer = stan.post(where, {"reason": "they can register now"})
        assert re.search(r"prr_[\w-]{20,}", answer.content.decode())
        assert answer["Cache-Control"] == "no-store"
        stored = queries.client(STAFF, row.client_id)
        assert (stored.route, stored.valid_until) == ("dynamic", None)
        assert "Made by hand" not in text(stan, reverse("staff:client", args=[row.client_id]))

    def test_needs_a_fresh_factor(self, acme: Organization, sponsor: User) -> None:
        row = made(acme, sponsor)
        browser = as_role(Role.PARTNER_MANAGER, stepped_up=False)
        answer = browser.post(reverse("staff:client_move", args=[row.client_id]), {"reason": "x"})
        assert answer["Location"].startswith("/sign-in/step-up/")
        assert queries.client(STAFF, row.client_id).route == "manual"


class TestCounter:
    def test_counts_living_clients_and_links_to_them(
        self, stan: Browser, acme: Organization, sponsor: User
    ) -> None:
        row, ended = made(acme, sponsor), registered(acme)
        before = queries.client_figures(STAFF, world.now()).by_hand
        stan.post(
            reverse("staff:client_deregister", args=[ended.client_id]),
            {"reason_code": "contract", "reason": "over", "typed_name": ended.name},
        )
        assert queries.client_figures(STAFF, world.now()).by_hand == before - 1
        address = f"{reverse('staff:clients')}?route=manual&state=living"
        assert address.replace("&", "&amp;") in text(stan, "/staff/")
        listed = text(stan, address)
        assert row.client_id in listed
        assert ended.client_id not in listed


class TestEndsSoon:
    def test_stand_on_the_dashboard_a_month_before(
        self, stan: Browser, acme: Organization, sponsor: User
    ) -> None:
        row = made(acme, sponsor)
        assert "Exception ends: Ledger" in text(stan, "/staff/")
        manual.renew_exception(
            row.client_id,
            world.now() + timedelta(days=31),
            actor=world.STAN,
            reason="the vendor is late",
            now=world.now(),
        )
        assert "Exception ends" not in text(stan, "/staff/")

    def test_do_not_when_the_client_has_ended_or_moved(
        self, stan: Browser, acme: Organization, sponsor: User
    ) -> None:
        ended, moved = made(acme, sponsor), made(acme, sponsor)
        lifecycle.deregister_client(ended.client_id, actor=world.STAN, reason="", now=world.now())
        manual.move_to_dynamic(moved.client_id, actor=world.STAN, reason="ready", now=world.now())
        assert "Exception ends" not in text(stan, "/staff/")
