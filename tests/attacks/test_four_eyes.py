"""One person as two: by the API beside the portal, by a second account, by another role half-way. None passes.

What the rules themselves are stands in tests/registry/test_four_eyes.py.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from registry import people
from registry.errors import Conflict, RoleForbids
from registry.models import Client, Organization, Registration, User
from registry.queries import WHOLE
from registry.roles import STAFF_ROLES, Role
from registry.states import Environment, State
from tests import world
from tests.attacks.doors import Somebody, person, registered, service
from tests.live import Answer
from tests.software import InProcess

pytestmark = pytest.mark.django_db
LEAK = {"scope": WHOLE, "reason_code": "misuse", f"seen_{WHOLE}": "1000"}
SAID = {"reason": "checked", "evidence": "register extract"}


@pytest.fixture
def draft() -> Organization:
    return world.organization("juniper", active=False)


@pytest.fixture
def acme() -> Organization:
    return world.organization("acme", production_review="four_eyes")


def page(who: Somebody, of: Organization, act: str, **fields: str) -> Answer:
    """One act on the staff portal."""
    return who.ask("POST", f"/staff/organizations/{of.slug}/{act}/", SAID | fields)


def call(who: Somebody, of: Organization, act: str, **members: str) -> Answer:
    """The same act at the API."""
    told = {"evidence": "register extract"} if act == "submit" else {}
    return who.ask("POST", f"/api/v1/organizations/{of.slug}/{act}", {"reason": "checked"} | told | members)


def state(of: Organization) -> str:
    return Organization.objects.get(pk=of.pk).state


def user_of(who: Somebody) -> User:
    from django.contrib.sessions.models import Session

    return User.objects.get(pk=Session.objects.get(pk=who.session).get_decoded()["_auth_user_id"])


def refused(answer: Answer) -> bool:
    """By the rule of two, not by anything else."""
    words = ("four_eyes_required", "cannot grant it", "cannot restore", "cannot decide")
    return answer.status == 403 and any(word in answer.text for word in words)


class TestTheApiBesideThePortal:
    def test_one_service_is_one_actor_whatever_its_token(self, draft: Organization) -> None:
        first = service()
        assert call(first, draft, "submit").status == 200
        secret = first.secret
        assert secret is not None
        again = InProcess().post("/token", basic=secret, form={"grant_type": "client_credentials"})
        second = Somebody("service", bearer=again.json()["access_token"], secret=secret)
        assert first.bearer != second.bearer
        assert [refused(call(who, draft, "approve")) for who in (first, second)] == [True, True]
        assert state(draft) == State.PENDING

    def test_every_page_that_approves_knows_who_submitted(self, draft: Organization) -> None:
        manager = person("manager", draft)
        assert page(manager, draft, "submit").status == 303
        assert refused(page(manager, draft, "approve"))
        case = f"/staff/queue/organizations/{draft.slug}/"
        assert refused(manager.ask("POST", case, SAID | {"decision": "approve"}))
        assert state(draft) == State.PENDING

    def test_nobody_makes_a_service_to_be_the_second(self, draft: Organization) -> None:
        """A manager who could register a service alone would submit here and approve there."""
        manager, operator = person("manager", draft), world.operator()
        answer = page(
            manager, operator, "initial-access-tokens/new", environment="production", max_uses="1", hours="1"
        )
        assert answer.status == 403
        assert "pri_" not in answer.text
        with pytest.raises(RoleForbids):
            world.initial_access_token(operator)

    def test_nor_by_hand_under_an_exception(self, draft: Organization) -> None:
        manager, operator = person("manager", draft), world.operator()
        answer = manager.ask(
            "POST",
            f"/staff/organizations/{operator.slug}/clients/new/",
            {
                "environment": "production",
                "metadata": json.dumps(world.machine_metadata(scope="organizations:approve")),
                "exception": "trial",
                "evidence": "seen",
                "sponsor": str(user_of(manager).pk),
                "last_day": f"{world.now().date() + timedelta(days=9)}",
            },
        )
        assert answer.status == 403
        assert "pcs_" not in answer.text
        assert not operator.clients.filter(manual_exception__isnull=False).exists()

    def test_a_service_makes_none_either(self) -> None:
        operator = world.operator()
        for act in ("initial-access-tokens", "entitlements", "quotas", "domains"):
            answer = service().ask("POST", f"/api/v1/organizations/{operator.slug}/{act}", {})
            assert (answer.status, answer.json()["code"]) == (403, "role_forbids"), act

    def test_a_scope_of_the_api_opens_nothing_to_a_partner(self, acme: Organization) -> None:
        """An organization that was granted such a scope still is not the operator."""
        acme.entitlements.update(scopes=["organizations:approve", "organizations:read"])
        bearer = world.initial_access_token(acme).value
        body = world.machine_metadata(scope="organizations:approve")
        made = InProcess().post("/register", bearer=bearer, json=body).json()
        token = InProcess().post(
            "/token",
            basic=(made["client_id"], made["client_secret"]),
            form={"grant_type": "client_credentials"},
        )
        who = Somebody("software", bearer=token.json()["access_token"])
        assert call(who, acme, "approve").status == 401

    @pytest.mark.parametrize("scope", ["organization", "sandbox", "production"])
    def test_whoever_contained_here_cannot_restore_there(self, scope: str, acme: Organization) -> None:
        """The same service with a new token, the same person on the other page."""
        where = {} if scope == "organization" else {"environment": scope}
        first = service()
        assert call(first, acme, "contain", **where).status == 200
        assert refused(call(first, acme, "restore", **where))

    def test_a_registration_needs_two_wherever_the_first_was(self, acme: Organization) -> None:
        """Portal, API and portal again: each actor counts once, in whatever order."""
        waiting = case(acme)
        manager, machine = person("manager", acme), service()
        assert decide(manager, waiting).status == 303
        assert refused(decide(manager, waiting))
        assert client_state(waiting) == State.PENDING
        assert refused(machine.ask("POST", f"/api/v1/registrations/{waiting.pk}/approve", {}))
        assert client_state(waiting) == State.PENDING
        assert decide(person("approver", acme), waiting).status == 303
        assert client_state(waiting) == State.ACTIVE

    def test_a_service_proposes_and_never_confirms(self, acme: Organization) -> None:
        """Not a second one, not after a person, not with a new token: of two approvals the second is a person's."""
        waiting = case(acme)
        address = f"/api/v1/registrations/{waiting.pk}/approve"
        assert service().ask("POST", address, {}).status == 200
        assert refused(service().ask("POST", address, {}))
        assert client_state(waiting) == State.PENDING
        assert decide(person("manager", acme), waiting).status == 303
        assert client_state(waiting) == State.ACTIVE

    def test_one_service_is_not_both(self, acme: Organization) -> None:
        waiting, machine = case(acme), service()
        address = f"/api/v1/registrations/{waiting.pk}/approve"
        assert machine.ask("POST", address, {}).status == 200
        assert refused(machine.ask("POST", address, {}))
        assert client_state(waiting) == State.PENDING

    def test_the_review_is_not_weakened_for_it(self, acme: Organization) -> None:
        address, machine = f"/api/v1/organizations/{acme.slug}", service()
        answer = machine.ask("PATCH", address, {"production_review": "automatic"})
        assert refused(answer)
        assert Organization.objects.get(pk=acme.pk).production_review == "four_eyes"


def case(acme: Organization) -> Registration:
    return Registration.objects.get(client__client_id=registered(acme, Environment.PRODUCTION))


def decide(who: Somebody, waiting: Registration, decision: str = "approve") -> Answer:
    return who.ask("POST", f"/staff/queue/{waiting.pk}/", SAID | {"decision": decision})


def client_state(waiting: Registration) -> str:
    return Client.objects.get(pk=waiting.client_id).state


SPELLINGS = (
    "Stan@People.example",
    "STAN@PEOPLE.EXAMPLE",
    "stan+approver@people.example",
    "Stan+@people.example",
    "stan+a+b@People.example",
)


class TestASecondAccount:
    @pytest.fixture
    def stan(self) -> User:
        return self.made("stan@people.example", Role.PARTNER_MANAGER)

    def made(self, email: str, role: Role, holder: Organization | None = None) -> User:
        return people.create_person(
            email,
            "Stan Sample",
            role,
            holder.pk if holder else None,
            password=world.PASSWORD,
            actor=world.STAN,
            operator_id=world.operator().pk,
            now=world.now(),
        )

    @pytest.mark.parametrize("email", SPELLINGS)
    @pytest.mark.parametrize("role", sorted(STAFF_ROLES))
    def test_of_the_same_mailbox_is_refused(self, email: str, role: Role, stan: User) -> None:
        with pytest.raises(Conflict):
            self.made(email, role)

    @pytest.mark.parametrize("email", SPELLINGS)
    def test_is_refused_when_an_invitation_is_accepted(self, email: str, stan: User) -> None:
        value = self.invited(email)
        assert self.accept(value).status == 404
        assert User.objects.filter(role__in=STAFF_ROLES, email__icontains="stan").count() == 1

    def test_is_refused_after_the_first_was_ended(self, stan: User) -> None:
        """What an ended account asked for still waits for somebody else."""
        User.objects.filter(pk=stan.pk).update(is_active=False)
        with pytest.raises(Conflict):
            self.made("stan+2@people.example", Role.APPROVER)

    def test_is_refused_by_the_database_too(self, stan: User) -> None:
        with pytest.raises(IntegrityError, match="staff_have_one_account_for_a_mailbox"):
            User.objects.create(
                email="stan+2@people.example", name="S", role=Role.APPROVER, date_joined=world.now()
            )

    def test_people_of_partners_may_share_one(self, stan: User, acme: Organization) -> None:
        self.made("stan+1@people.example", Role.ORGANIZATION_ADMIN, acme)
        self.made("stan+2@people.example", Role.ORGANIZATION_ADMIN, acme)
        self.made("paul@people.example", Role.APPROVER)
        self.made("stan@other.example", Role.APPROVER)

    def invited(self, email: str) -> str:
        return people.invite(
            email,
            "Stan Sample",
            Role.APPROVER,
            None,
            actor=world.STAN,
            operator_id=world.operator().pk,
            now=world.now(),
        )[1]

    def accept(self, value: str) -> Answer:
        fields: dict[str, Any] = {"password1": "nine wild geese over the fjord"}
        fields["password2"] = fields["password1"]
        return Somebody("anonymous").ask("POST", f"/invitations/{value}/", fields)


class TestAnotherRoleHalfWay:
    def change(self, who: Somebody, role: Role) -> None:
        """As whoever runs the registry would; the session goes on, so that the next request has the new role."""
        User.objects.filter(pk=user_of(who).pk).update(role=role)

    def test_who_submitted_does_not_approve_as_an_approver(self, draft: Organization) -> None:
        manager = person("manager", draft)
        assert page(manager, draft, "submit").status == 303
        self.change(manager, Role.APPROVER)
        assert refused(page(manager, draft, "approve"))
        assert state(draft) == State.PENDING

    def test_who_approved_first_does_not_decide_as_a_manager(self, acme: Organization) -> None:
        waiting, approver = case(acme), person("approver", acme)
        assert decide(approver, waiting).status == 303
        self.change(approver, Role.PARTNER_MANAGER)
        assert refused(decide(approver, waiting))
        assert client_state(waiting) == State.PENDING

    def test_who_contained_does_not_restore_as_an_approver(self, acme: Organization) -> None:
        officer = person("officer", acme)
        assert page(officer, acme, "contain", **LEAK).status == 303
        self.change(officer, Role.APPROVER)
        assert refused(page(officer, acme, "restore", scope=WHOLE))
        assert state(acme) == State.SUSPENDED

    @pytest.mark.parametrize(
        "role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.ORGANIZATION_ADMIN, Role.END_USER]
    )
    def test_who_lost_the_role_loses_what_was_open(
        self, role: Role, draft: Organization, acme: Organization
    ) -> None:
        """The page was opened as an approver, and its button is pressed later."""
        assert page(person("manager", draft), draft, "submit").status == 303
        approver = person("approver", draft)
        assert approver.ask("GET", f"/staff/organizations/{draft.slug}/approve/").status == 200
        User.objects.filter(pk=user_of(approver).pk).update(organization=acme)
        self.change(approver, role)
        answer = page(approver, draft, "approve")
        assert (answer.status, refused(answer)) == (403, False)
        assert state(draft) == State.PENDING
