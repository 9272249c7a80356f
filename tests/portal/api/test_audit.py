"""Each writing verb leaves exactly one event; a new one without an entry in this table fails."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from registry import audit, client_credentials, domain_proofs, lifecycle, people, updates
from registry.events import Event
from registry.models import Client, Organization, Registration
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from tests import world
from tests.portal.api.conftest import ROUTES, ZONE, registered, waiting

pytestmark = pytest.mark.django_db

WHY = {"reason": "asked by the partner"}


@dataclass(frozen=True, slots=True)
class Write:
    """A body that the verb accepts, the event that it leaves, and how its target comes to be.

    binds  nothing is done without If-Match
    """

    event: Event
    body: Any = field(default_factory=lambda: dict(WHY))
    target: Any = lambda: {"slug": world.organization().slug}
    binds: bool = False

    def headers(self, target):
        return {"HTTP_IF_MATCH": edition(target["slug"])} if self.binds else {}

    def send(self, caller, route, target, **headers):
        return caller.call(route.method, route.path(target), self.body, **self.headers(target), **headers)


def edition(slug):
    return f'"{Organization.objects.get(slug=slug).version}"'


def draft():
    return {"slug": world.organization(active=False).slug}


def pending():
    made = world.organization(active=False)
    lifecycle.submit_organization(made.pk, evidence="extract", actor=world.STAN, reason="", now=world.now())
    return {"slug": made.slug}


def contained():
    made = world.organization()
    lifecycle.contain_organization(made.pk, actor=world.STAN, reason="leak", now=world.now())
    return {"slug": made.slug}


def token():
    made = world.organization()
    return {"slug": made.slug, "token_id": world.initial_access_token(made).row.pk}


def challenged():
    """A domain that shows what its organization was asked to publish."""
    made, domain = world.organization(), "shown.example"
    sign = domain_proofs.ask_for_challenge(made.pk, domain, actor=world.STAN, now=world.now()).sign
    ZONE.hold(domain)
    ZONE.publish(sign.record_name, sign.text)
    return {"slug": made.slug}


def proved():
    return {"slug": world.organization(domains=["proved.example"]).slug}


def client():
    return {"client_id": registered(world.organization())}


def suspended():
    made = client()
    lifecycle.suspend_client(made["client_id"], actor=world.STAN, reason="leak", now=world.now())
    return made


def two_secrets():
    made = client()
    client_credentials.add_client_secret(made["client_id"], actor=world.STAN, reason="new", now=world.now())
    return made | {"secret_id": Client.objects.get(**made).secrets.earliest("pk").pk}


def two_keys():
    made = {"client_id": registered(world.organization(), keys=2)}
    return made | {"thumbprint": Client.objects.get(**made).keys.earliest("pk").thumbprint}


def changed():
    made = client()
    key = world.signer().public
    row = updates.add_key(made["client_id"], key, actor=world.STAN, reason="new", now=world.now())
    return {"registration_id": row.pk}


def undecided():
    return {"registration_id": waiting(world.organization()).pk}


def sponsored():
    people.create_person(
        SPONSOR,
        "Sponsor",
        Role.PARTNER_MANAGER,
        None,
        password=world.PASSWORD,
        actor=world.STAN,
        operator_id=world.operator().pk,
        now=world.now(),
    )
    return {"slug": world.organization().slug}


def by_hand():
    sponsor = world.person(Role.PARTNER_MANAGER)
    facts = manual.ExceptionFacts("trial", "seen", sponsor.pk, world.now() + timedelta(days=3))
    made = manual.register_by_exception(
        world.organization().pk,
        Environment.SANDBOX,
        world.machine_metadata(),
        facts,
        actor=world.STAN,
        now=world.now(),
    )
    return {"client_id": made.client_id}


SPONSOR = "sponsor@people.example"
SOON = (world.now() + timedelta(days=30)).isoformat()
BY_HAND = {
    "environment": "sandbox",
    "metadata": world.machine_metadata(),
    "exception": "trial",
    "evidence": "seen",
    "sponsor": SPONSOR,
    "ends_at": SOON,
}
NEW = {
    "slug": "new-partner",
    "legal_name": "New Partner AS",
    "display_name": "New Partner",
    "registration_scheme": "national",
    "registration_number": "NO 1",
    "country": "NO",
}
QUOTA = {
    "environment": "sandbox",
    "clients": 7,
    "keys_per_client": 3,
    "initial_access_tokens": 2,
    "registrations_per_hour": 60,
}
ROLE = {"role": "reader", "scopes": ["accounts:read"], "grant_types": ["client_credentials"]}

PROMOTION = WHY | {"jwks": {"keys": [world.signer().public]}}

WRITES = {
    "POST organizations": Write(Event.ORGANIZATION_CREATED, NEW, dict),
    "PATCH organization": Write(Event.ORGANIZATION_CHANGED, {"display_name": "Acme & Co"}),
    "POST organization_submit": Write(Event.ORGANIZATION_SUBMITTED, {"evidence": "register extract"}, draft),
    "POST organization_approve": Write(Event.ORGANIZATION_APPROVED, {}, pending),
    "POST organization_reject": Write(Event.ORGANIZATION_REJECTED, target=pending),
    "POST organization_revoke": Write(Event.ORGANIZATION_REVOKED, target=contained, binds=True),
    "POST organization_contain": Write(Event.ORGANIZATION_CONTAINED),
    "POST organization_restore": Write(Event.ORGANIZATION_RESTORED, target=contained),
    "POST domains": Write(Event.DOMAIN_PROVED, {"domain": "new.example", "evidence": "seen"}),
    "POST domain_challenges": Write(Event.DOMAIN_CHALLENGED, {"domain": "new.example"}),
    "POST domain_proof": Write(
        Event.DOMAIN_SHOWN, {"domain": "shown.example", "method": "dns_txt"}, challenged
    ),
    "POST domain_end": Write(Event.DOMAIN_ENDED, WHY | {"domain": "proved.example"}, proved),
    "POST entitlement_end": Write(Event.ENTITLEMENT_WITHDRAWN, WHY | {"role": "partner"}),
    "POST entitlements": Write(Event.ENTITLEMENT_GRANTED, ROLE),
    "POST quotas": Write(Event.QUOTA_SET, QUOTA),
    "POST initial_access_tokens": Write(Event.INITIAL_ACCESS_TOKEN_ISSUED, {"environment": "sandbox"}),
    "DELETE initial_access_token": Write(Event.INITIAL_ACCESS_TOKEN_REVOKED, None, token),
    "POST initial_access_token_revoke": Write(Event.INITIAL_ACCESS_TOKEN_REVOKED, target=token),
    "POST client_suspend": Write(Event.CLIENT_SUSPENDED, target=client),
    "POST client_reactivate": Write(Event.CLIENT_REACTIVATED, target=suspended),
    "POST manual_clients": Write(Event.REGISTRATION_GRANTED, BY_HAND, sponsored),
    "POST client_renew": Write(Event.CLIENT_EXCEPTION_RENEWED, WHY | {"ends_at": SOON}, by_hand),
    "POST client_move": Write(Event.CLIENT_ROUTE_CHANGED, target=by_hand),
    "POST client_deregister": Write(Event.CLIENT_DEREGISTERED, target=client),
    "POST client_secrets": Write(Event.CLIENT_SECRET_ISSUED, target=client),
    "POST client_secret_retire": Write(Event.CLIENT_SECRET_RETIRED, target=two_secrets),
    "POST client_keys": Write(Event.CHANGE_APPLIED, WHY | {"jwk": world.signer().public}, client),
    "POST client_key_retire": Write(Event.CHANGE_APPLIED, target=two_keys),
    "POST client_registration_access_token": Write(Event.REGISTRATION_ACCESS_TOKEN_REISSUED, target=client),
    "POST client_promote": Write(Event.REGISTRATION_AWAITS_REVIEW, PROMOTION, client),
    "POST registration_undo": Write(Event.CHANGE_UNDONE, target=changed),
    "POST registration_approve": Write(Event.REGISTRATION_APPROVED, {}, undecided),
    "POST registration_reject": Write(Event.REGISTRATION_REJECTED, target=undecided),
}
WRITING = [route for route in ROUTES if route.writes]
READING = [route for route in ROUTES if route.method == "GET"]

every_write = pytest.mark.parametrize("route", WRITING, ids=lambda route: route.id)


def events():
    return audit.history().count()


def test_the_table_names_every_writing_verb():
    assert {route.id for route in WRITING} == set(WRITES)


@every_write
def test_a_write_leaves_exactly_one_event(route, api):
    write = WRITES[route.id]
    target = write.target()
    before = events()
    answer = write.send(api, route, target)
    assert answer.status_code in {200, 201}, answer.content
    assert events() == before + 1
    event = audit.history().first()
    assert event.action == write.event
    assert (event.actor_kind, event.actor_id, event.actor_label) == ("service", api.client_id, "back office")
    assert event.request_id == answer["Request-Id"]


@every_write
def test_the_reason_is_kept(route, api):
    write = WRITES[route.id]
    if write.body != WHY:
        return
    assert write.send(api, route, write.target()).status_code in {200, 201}
    assert audit.history().first().reason == WHY["reason"]


@every_write
def test_a_malformed_write_leaves_nothing(route, api):
    write = WRITES[route.id]
    path, before = route.path(write.target()), events()
    if route.method == "DELETE":
        return
    assert api.call(route.method, path, {"nonsense": 1}).status_code == 422
    assert events() == before


@every_write
def test_a_write_without_the_scope_leaves_nothing(route, service):
    write = WRITES[route.id]
    caller, target = service("audit:read"), write.target()
    before = events()
    assert write.send(caller, route, target).status_code == 403
    assert events() == before


@every_write
def test_an_act_is_not_possible_twice(route, api):
    """Or, where it is, each time leaves its own event."""
    write = WRITES[route.id]
    target = write.target()
    write.send(api, route, target)
    before = events()
    answer = write.send(api, route, target)
    repeatable = {"PATCH organization", "POST entitlements", "POST quotas", "POST initial_access_tokens"}
    repeatable |= {"POST client_registration_access_token"}
    repeatable |= {"POST manual_clients", "POST client_renew"}
    if route.id in repeatable:
        assert answer.status_code in {200, 201}
        assert events() == before + 1
    else:
        assert answer.status_code in {400, 403, 404, 409}
        assert events() == before


@pytest.mark.parametrize("route", READING, ids=lambda route: route.id)
def test_reading_leaves_nothing(route, api, known):
    before = events()
    assert api.call("GET", route.path(known)).status_code == 200
    assert events() == before


def test_one_environment_has_events_of_its_own(api, acme):
    body = WHY | {"environment": "sandbox"}
    assert api.post(f"organizations/{acme.slug}/contain", body).status_code == 200
    event = audit.history().first()
    assert (event.action, event.environment) == (
        Event.ORGANIZATION_ENVIRONMENT_CONTAINED,
        Environment.SANDBOX,
    )


def test_the_first_of_four_eyes_is_an_event_too(api):
    made = world.organization(production_review="four_eyes")
    target = waiting(made)
    assert api.post(f"registrations/{target.pk}/approve", {}).status_code == 200
    assert audit.history().first().action == Event.REGISTRATION_FIRST_APPROVAL
    assert Registration.objects.get(pk=target.pk).outcome == "pending"
    before = events()
    assert api.post(f"registrations/{target.pk}/approve", {}).status_code == 403
    assert events() == before


def test_no_event_holds_a_token_value(api, acme):
    value = api.post(f"organizations/{acme.slug}/initial-access-tokens", {"environment": "sandbox"}).json()[
        "value"
    ]
    assert all(value not in f"{vars(event)}" for event in audit.history())


def test_a_write_that_the_registry_refuses_leaves_nothing(api, acme):
    path = f"organizations/{world.organization().slug}/domains"
    before = events()
    assert api.post(path, {"domain": f"{acme.slug}.example", "evidence": "seen"}).status_code == 409
    assert api.get(path, page_size=200).json()["results"][0]["domain"] != f"{acme.slug}.example"
    assert events() == before
