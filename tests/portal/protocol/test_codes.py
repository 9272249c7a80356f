"""From a code to tokens: what the code is bound to, and what happens to whoever uses it twice."""

from typing import Any

import pytest

from registry import lifecycle, queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Client, Organization, User
from registry.onboarding import grant_entitlement
from registry.organization_facts import EntitlementFacts
from registry.roles import Role
from tests import world
from tests.portal.protocol.reading import error
from tests.software import (
    VERIFIER,
    InProcess,
    Software,
    challenge,
    code_by_hand,
    introspect,
    is_active,
    register,
)

pytestmark = pytest.mark.django_db


def test_a_code_becomes_tokens_for_its_person(app: Software, user: User, server: tuple[str, str]) -> None:
    told = app.exchange(code_by_hand(app, user)).json()
    assert told["refresh_token"].startswith("crt_")
    seen = introspect(app.door, server, told["access_token"])
    assert (seen["sub"], seen["client_id"], seen["scope"]) == (str(user.pk), app.client_id, "accounts:read")


def test_without_the_refresh_grant_there_is_no_refresh_token(
    door: InProcess, acme: Organization, user: User
) -> None:
    software = register(door, acme, grant_types=["authorization_code"])
    assert "refresh_token" not in software.exchange(code_by_hand(software, user)).json()


class TestIsBoundTo:
    @pytest.mark.parametrize("verifier", ["w" * 43, VERIFIER[:-1], VERIFIER + "a", "a", "é" * 43, None])
    def test_its_challenge(self, app: Software, user: User, verifier: str | None) -> None:
        """RFC 7636 §4.6; the conformance suites read a missing verifier the same way."""
        code = code_by_hand(app, user)
        assert error(app.exchange(code, code_verifier=verifier)) == (400, "invalid_grant")
        assert app.exchange(code).status == 200

    @pytest.mark.parametrize("require_pkce", [True, False])
    def test_no_challenge_at_all(self, app: Software, user: User, require_pkce: bool) -> None:
        """A verifier without a challenge is a downgrade (RFC 9700 §2.1.1)."""
        Client.objects.filter(client_id=app.client_id).update(require_pkce=require_pkce)
        code = code_by_hand(app, user, code_challenge="", code_challenge_method="")
        assert error(app.exchange(code)) == (400, "invalid_grant")
        answer = app.exchange(code, code_verifier=None)
        assert answer.status == 400 if require_pkce else 200

    @pytest.mark.parametrize("uri", ["https://evil.example/", "{uri}/", "{uri}?", "{upper}", None])
    def test_its_redirect_uri(self, app: Software, user: User, uri: str | None) -> None:
        """RFC 6749 §4.1.3: required if it was sent then, and identical."""
        code = code_by_hand(app, user)
        sent = uri and uri.format(uri=app.redirect_uri, upper=app.redirect_uri.upper())
        assert error(app.exchange(code, redirect_uri=sent)) == (400, "invalid_grant")

    def test_no_redirect_uri_when_none_was_sent(self, app: Software, user: User) -> None:
        code = code_by_hand(app, user, redirect_uri="")
        assert error(app.exchange(code)) == (400, "invalid_grant")
        assert app.exchange(code, redirect_uri=None).status == 200

    def test_its_client(self, door: InProcess, app: Software, user: User, acme: Organization) -> None:
        code = code_by_hand(app, user)
        for other in (register(door, acme), register(door, world.organization())):
            answer = other.exchange(code, redirect_uri=app.redirect_uri)
            assert error(answer) == (400, "invalid_grant")
        assert app.exchange(code).status == 200

    def test_its_person(self, app: Software, user: User) -> None:
        code = code_by_hand(app, user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert error(app.exchange(code)) == (400, "invalid_grant")


class TestTime:
    @pytest.mark.parametrize(("age", "status"), [(0, 200), (58, 200), (60, 400), (3600, 400)])
    def test_ends_a_code_after_a_minute(
        self, app: Software, user: User, later: Any, age: int, status: int
    ) -> None:
        code = code_by_hand(app, user)
        later(age)
        assert app.exchange(code).status == status


class TestUsedAgain:
    def test_it_takes_its_tokens_with_it(
        self, app: Software, user: User, acme: Organization, server: tuple[str, str]
    ) -> None:
        """RFC 6749 §4.1.2, §10.5."""
        code = code_by_hand(app, user)
        told = app.exchange(code).json()
        assert error(app.exchange(code)) == (400, "invalid_grant")
        assert not is_active(app.door, server, told["access_token"])
        assert error(app.refresh(told["refresh_token"])) == (400, "invalid_grant")
        events = queries.audit_events(Viewer(Role.AUDITOR, None), organization=acme)
        assert events.filter(action=Event.CODE_REPLAY_SEEN).count() == 1

    def test_it_takes_the_tokens_of_a_rotation_with_it(self, app: Software, user: User) -> None:
        code = code_by_hand(app, user)
        newer = app.refresh(app.exchange(code).json()["refresh_token"]).json()["refresh_token"]
        app.exchange(code)
        assert error(app.refresh(newer)) == (400, "invalid_grant")

    def test_another_client_does_no_harm(
        self, door: InProcess, app: Software, user: User, acme: Organization, server: tuple[str, str]
    ) -> None:
        code = code_by_hand(app, user)
        told = app.exchange(code).json()
        register(door, acme).exchange(code)
        assert is_active(app.door, server, told["access_token"])


class TestScope:
    @pytest.fixture
    def wide(self, door: InProcess, acme: Organization) -> Software:
        return register(door, acme, scope="accounts:read transactions:read")

    def withdraw(self, holder: Organization, *kept: str) -> None:
        facts = EntitlementFacts("partner", kept, world.GRANTS)
        grant_entitlement(holder.pk, facts, actor=world.STAN, now=world.now())

    def test_is_what_the_person_allowed(self, wide: Software, user: User) -> None:
        told = wide.exchange(code_by_hand(wide, user), scope="accounts:read transactions:read").json()
        assert told["scope"] == "accounts:read"

    def test_loses_what_the_organization_lost_before_the_exchange(
        self, wide: Software, user: User, acme: Organization
    ) -> None:
        code = code_by_hand(wide, user, scope="accounts:read transactions:read")
        self.withdraw(acme, "transactions:read")
        assert wide.exchange(code).json()["scope"] == "transactions:read"

    def test_that_is_empty_now_is_no_token(self, wide: Software, user: User, acme: Organization) -> None:
        code = code_by_hand(wide, user)
        self.withdraw(acme, "payments:write")
        assert error(wide.exchange(code)) == (400, "invalid_scope")

    def test_loses_it_at_refresh_and_at_introspection(
        self, wide: Software, user: User, acme: Organization, server: tuple[str, str]
    ) -> None:
        code = code_by_hand(wide, user, scope="accounts:read transactions:read")
        told = wide.exchange(code).json()
        self.withdraw(acme, "transactions:read")
        assert introspect(wide.door, server, told["access_token"])["scope"] == "transactions:read"
        assert wide.refresh(told["refresh_token"]).json()["scope"] == "transactions:read"
        self.withdraw(acme)
        assert introspect(wide.door, server, told["access_token"]) == {"active": False}

    @pytest.mark.parametrize(
        ("scope", "granted"),
        [
            (None, "accounts:read transactions:read"),
            ("transactions:read", "transactions:read"),
            ("payments:write", None),
            ("accounts:read payments:write", None),
            ("accounts:read  transactions:read", None),
            ("ACCOUNTS:READ", None),
        ],
    )
    def test_of_client_credentials_is_within_the_registration(
        self, door: InProcess, acme: Organization, scope: str | None, granted: str | None
    ) -> None:
        body = world.machine_metadata(scope="accounts:read transactions:read")
        answer = register(door, acme, body).token(scope=scope)
        if granted is None:
            assert error(answer) == (400, "invalid_scope")
        else:
            assert set(answer.json()["scope"].split()) == set(granted.split())

    def test_of_a_grant_that_the_organization_lost(
        self, app: Software, user: User, acme: Organization
    ) -> None:
        code = code_by_hand(app, user)
        facts = EntitlementFacts("partner", world.SCOPES, ["client_credentials"])
        grant_entitlement(acme.pk, facts, actor=world.STAN, now=world.now())
        assert error(app.exchange(code)) == (400, "unauthorized_client")


def test_a_public_client_needs_its_verifier(door: InProcess, acme: Organization, user: User) -> None:
    """Whatever its column says."""
    software = register(door, acme, token_endpoint_auth_method="none")
    Client.objects.filter(client_id=software.client_id).update(require_pkce=False)
    code = code_by_hand(software, user, code_challenge="", code_challenge_method="")
    assert software.exchange(code, code_verifier=None).status == 400
    verifier = "x" * 128
    code = code_by_hand(software, user, code_challenge=challenge(verifier))
    assert software.exchange(code, code_verifier=verifier).status == 200


@pytest.mark.parametrize("code", ["", "x", "%", "c" * 5000])
def test_a_code_that_was_never_issued(app: Software, code: str) -> None:
    assert error(app.exchange(code)) == (400, "invalid_request" if not code else "invalid_grant")


def test_a_code_of_a_suspended_client_is_dead_after_its_return(app: Software, user: User) -> None:
    code = code_by_hand(app, user)
    lifecycle.suspend_client(app.client_id, actor=world.STAN, reason="drill", now=world.now())
    lifecycle.reactivate_client(app.client_id, actor=world.PAUL, reason="over", now=world.now())
    assert error(app.exchange(code)) == (400, "invalid_grant")
