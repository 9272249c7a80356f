"""What the browser tests look at: organizations, clients, cases and people in many states, and sessions of people."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from registry import (
    decisions,
    domain_proofs,
    domain_reviews,
    lifecycle,
    people,
    queries,
    terms,
    updates,
)
from registry.actors import Viewer
from registry.domain_checks import SignMissing
from registry.domain_signs import Sign
from registry.errors import Refusal, SignNotSeen
from registry.models import Organization, User
from registry.roles import Role
from registry.routes import dynamic, manual
from registry.routes.dynamic import RegistrationCall
from registry.states import Environment, ExceptionReason
from registry.terms import TermsFacts
from tests import world
from tests.portal.signed_in import enrolled, signed_in

STAFF = Viewer(Role.PARTNER_MANAGER, None)
REFUSED_BODY = b'{"redirect_uris": ["http://elsewhere.example/cb#x"], "scope": "everything"}'


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in by the forms."""

    email: str
    password: str
    seed: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Session cookies by who, pages by who may see them, and the people who sign in by the forms."""

    sessions: Mapping[str, str]
    staff_pages: Mapping[str, str]
    partner_pages: Mapping[str, str]
    paul: Account
    case: str


def build() -> Stage:
    """Made through the registry's own writers, once for the whole run."""
    acme = world.organization("acme", production_review="one_person", sandbox_review="four_eyes")
    contained = world.organization("grove")
    world.initial_access_token(contained)
    lifecycle.contain_organization(
        contained.pk, actor=world.STAN, reason="Key compromised: drill", now=world.now()
    )
    pending, draft = world.organization("fjord", active=False), world.organization("juniper", active=False)
    lifecycle.submit_organization(
        pending.pk,
        evidence="Extract of the register, 20 Nov 2026.",
        actor=world.STAN,
        reason="",
        now=world.now(),
    )
    partly = world.organization("kelp")
    _registered(partly, world.metadata(partly, client_name="Kelp Ledger"), Environment.SANDBOX)
    lifecycle.contain_environment(
        partly.pk, Environment.SANDBOX, actor=world.PAUL, reason="Unusual traffic", now=world.now()
    )
    bob = world.person(Role.ORGANIZATION_DEVELOPER, acme, "Bob Sample")
    active, waiting, suspended = _clients(acme)
    by_hand = _by_hand(acme)
    _invited(acme)
    _terms()
    _domains(acme)
    _refused(acme)
    case = queries.waiting(STAFF).get(client__client_id=waiting).pk
    event = queries.audit_events(STAFF).first().pk
    paul = world.person(Role.APPROVER, name="Paul Sample")
    return Stage(
        sessions=_sessions(acme, contained, partly, pending),
        staff_pages=_staff_pages(acme, contained, pending, draft, active, suspended)
        | {
            "case": f"/staff/queue/{case}/",
            "case of a change": f"/staff/queue/{_change(acme, active)}/",
            "audit event": f"/staff/audit/{event}/",
            "client by hand": f"/staff/clients/{by_hand}/",
            "renew an exception": f"/staff/clients/{by_hand}/renew/",
            "move a client": f"/staff/clients/{by_hand}/move/",
            "terms": "/staff/terms/",
            "restore one environment": f"/staff/organizations/{partly.slug}/restore/",
        },
        partner_pages={
            "partner home": "/partner/",
            "partner clients": "/partner/clients/",
            "partner client": f"/partner/clients/{active}/",
            "partner team": "/partner/team/",
            "partner role": f"/partner/team/{bob.pk}/role/",
            "partner leave": "/partner/team/leave/",
            "partner agreement": "/partner/agreement/",
            "partner tokens": "/partner/tokens/",
            "partner token": "/partner/tokens/new/",
            "partner register": "/partner/clients/register/",
            "partner re-issue": f"/partner/clients/{active}/reissue/",
            "partner domains": "/partner/domains/",
        },
        paul=Account(paul.email, world.PASSWORD, enrolled(paul)),
        case=f"/staff/queue/{case}/",
    )


def _domains(acme: Organization) -> None:
    """One that was proved and is gone, one that was looked for in vain, one that was just begun."""
    for domain, look in (
        ("pay.acme-group.example", None),
        ("acme.hosting.example", _unseen),
        ("acme.app.example", ""),
    ):
        domain_proofs.ask_for_challenge(acme.pk, domain, actor=world.STAN, now=world.now())
        if look == "":
            continue
        with contextlib.suppress(SignNotSeen):
            act = {"actor": world.STAN, "now": world.now(), "look": look or (lambda *_: None)}
            domain_proofs.prove_domain(acme.pk, domain, "dns_txt", **act)
    gone = queries.proved_domains(STAFF, acme.slug).get(domain="pay.acme-group.example")
    domain_reviews.recheck_due(ids=[gone.pk], limit=1, now=gone.next_check_at, look=_unseen)


def _unseen(method: str, sign: Sign) -> None:
    raise SignMissing(f"{sign.record_name} has no TXT record", is_transient=False)


def _clients(acme: Organization) -> tuple[str, str, str]:
    """An active client, one that waits, and a suspended one; some more for the lists."""
    key = world.signer()
    body = world.metadata(
        acme,
        client_name="Acme Ledger",
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg="ES256",
        jwks={"keys": [key.public]},
        software_id="acme-ledger",
    )
    active = _registered(acme, body, Environment.PRODUCTION)
    made = queries.waiting(STAFF).get(client__client_id=active)
    decisions.approve(made.pk, actor=world.PAUL, reason="checked", now=world.now())
    waiting = _registered(acme, world.metadata(acme, client_name="Acme Payments"), Environment.PRODUCTION)
    suspended = _registered(acme, world.machine_metadata(client_name="Acme Nightly"), Environment.SANDBOX)
    lifecycle.suspend_client(suspended, actor=world.STAN, reason="Misuse: too many calls", now=world.now())
    seconded = _registered(acme, world.metadata(acme, client_name="Acme Desk"), Environment.SANDBOX)
    first = queries.waiting(STAFF).get(client__client_id=seconded)
    decisions.approve(first.pk, actor=world.PAUL, reason="looks right", now=world.now())
    return active, waiting, suspended


def _by_hand(holder: Organization) -> str:
    sponsor = world.person(Role.PARTNER_MANAGER, name="Sponsor Sample")
    exception = manual.ExceptionFacts(
        ExceptionReason.CANNOT_REGISTER,
        "Letter of the vendor, 3 Nov 2026: registration comes with release 9.",
        sponsor.pk,
        world.now() + timedelta(days=120),
    )
    made = manual.register_by_exception(
        holder.pk,
        Environment.PRODUCTION,
        world.metadata(holder, client_name="Acme Kiosk"),
        exception,
        actor=world.STAN,
        now=world.now(),
    )
    case = queries.waiting(STAFF).get(client__client_id=made.client_id)
    decisions.approve(case.pk, actor=world.PAUL, reason="known vendor", now=world.now())
    return made.client_id


def _invited(holder: Organization) -> None:
    people.invite(
        "dan@acme.example",
        "Dan Sample",
        Role.ORGANIZATION_READER,
        holder.pk,
        actor=world.STAN,
        operator_id=world.operator().pk,
        now=world.now(),
    )


def _terms() -> None:
    """Announced for next month, so that nothing is refused meanwhile."""
    facts = TermsFacts(
        "4",
        "Terms of Northgate",
        world.now() + timedelta(days=30),
        "1. Whoever registers answers for its clients.",
    )
    terms.publish_terms(facts, actor=world.STAN, operator_id=world.operator().pk, now=world.now())


@transaction.atomic
def _change(acme: Organization, client_id: str) -> UUID:
    """A change that waits: another host, and a word that may change at once beside it."""
    client = lifecycle.lock_client(client_id)
    hosts = [f"https://app.{acme.slug}.example/cb", f"https://new.{acme.slug}.example/cb"]
    document = client.metadata | {"redirect_uris": hosts, "client_name": "Acme Ledger 2"}
    made = updates.replace_metadata(
        client, decisions.stored(client, document), evidence={}, actor=world.STAN, now=world.now()
    )
    assert made is not None
    return made.pk


def _registered(holder: Organization, body: dict[str, object], environment: Environment) -> str:
    made = manual.register(
        holder.pk,
        environment,
        body,
        justification="The partner has no client software that registers itself yet.",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    return made.client_id


def _refused(holder: Organization) -> None:
    token = world.initial_access_token(holder)
    call = RegistrationCall(
        bearer=token.value,
        content_type="application/json",
        body=REFUSED_BODY,
        idempotency_key=None,
        source="192.0.2.7",
        request_id="req_sample",
    )
    try:
        dynamic.register(call, now=world.now())
    except Refusal:
        return
    raise AssertionError("the body was meant to be refused")


def _sessions(
    acme: Organization, contained: Organization, partly: Organization, pending: Organization
) -> dict[str, str]:
    stan, ada = (
        world.person(Role.PARTNER_MANAGER, name="Stan Sample"),
        world.person(Role.AUDITOR, name="Ada Sample"),
    )
    sofia = world.person(Role.SECURITY_OFFICER, name="Sofia Sample")
    cast = {
        "stan": stan,
        "ada": ada,
        "sofia": sofia,
        "root": world.person(Role.ADMINISTRATOR, name="Root Sample"),
        "alice": world.person(Role.ORGANIZATION_ADMIN, acme, "Alice Sample"),
        "fiona": world.person(Role.ORGANIZATION_ADMIN, pending, "Fiona Sample"),
        "kim": world.person(Role.ORGANIZATION_ADMIN, partly, "Kim Sample"),
        "grace": world.person(Role.ORGANIZATION_ADMIN, contained, "Grace Sample"),
    }
    for name in ("stan", "ada", "sofia", "root", "alice"):
        enrolled(cast[name])
    sessions = {name: _session(user) for name, user in cast.items()}
    return sessions | {"unfresh": _session(sofia, stepped_up=False)}


def _session(user: User, *, stepped_up: bool = True) -> str:
    """A session whose factor stays fresh for as long as the slowest machine takes to draw every page."""
    client = signed_in(user, stepped_up=stepped_up)
    session = client.session
    for record in session.get("account_authentication_methods", []):
        record["at"] += 3600
    session.save()
    return str(client.cookies["__Host-session"].value)


def _staff_pages(
    acme: Organization,
    contained: Organization,
    pending: Organization,
    draft: Organization,
    active: str,
    suspended: str,
) -> dict[str, str]:
    one = f"/staff/organizations/{acme.slug}/"
    return {
        "monday": "/staff/",
        "queue": "/staff/queue/",
        "organization case": f"/staff/queue/organizations/{pending.slug}/",
        "people": "/staff/people/",
        "organizations": "/staff/organizations/",
        "new organization": "/staff/organizations/new/",
        "organization": one,
        "organization clients": f"{one}clients/",
        "organization people": f"{one}people/",
        "register by hand": f"{one}clients/new/",
        "organization domains": f"{one}domains/",
        "organization audit": f"{one}audit/",
        "edit": f"{one}edit/",
        "grant a role": f"{one}entitlements/",
        "change a role": f"{one}entitlements/partner/",
        "withdraw a role": f"{one}entitlements/partner/withdraw/",
        "quotas": f"{one}quotas/sandbox/",
        "end a proof": f"{one}domains/{acme.slug}.example/end/",
        "contain": f"{one}contain/",
        "initial access token": f"{one}initial-access-tokens/new/",
        "restore": f"/staff/organizations/{contained.slug}/restore/",
        "submit": f"/staff/organizations/{draft.slug}/submit/",
        "approve": f"/staff/organizations/{pending.slug}/approve/",
        "clients": "/staff/clients/",
        "client": f"/staff/clients/{active}/",
        "suspend": f"/staff/clients/{active}/suspend/",
        "deregister": f"/staff/clients/{active}/deregister/",
        "reactivate": f"/staff/clients/{suspended}/reactivate/",
        "audit": "/staff/audit/",
    }
