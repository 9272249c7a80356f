"""Refresh: rotation, reuse, both lifetimes, and the person and client it belongs to."""

from typing import Any

import pytest

from registry import lifecycle, queries
from registry.actors import Viewer
from registry.events import Event
from registry.models import Client, Organization, User
from registry.roles import Role
from tests import world
from tests.portal.protocol.reading import error
from tests.software import InProcess, Software, code_by_hand, is_active, register

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def issued(app: Software, user: User) -> dict[str, str]:
    """What a code was exchanged for."""
    return app.exchange(code_by_hand(app, user)).json()


def reuse_events(holder: Organization) -> Any:
    return queries.audit_events(
        Viewer(Role.AUDITOR, None), organization=holder, action=Event.TOKEN_REUSE_SEEN
    )


class TestRotation:
    def test_gives_a_new_pair(self, app: Software, issued: dict[str, str], server: tuple[str, str]) -> None:
        told = app.refresh(issued["refresh_token"]).json()
        assert told["refresh_token"] not in {issued["refresh_token"], ""}
        assert is_active(app.door, server, told["access_token"])
        assert is_active(app.door, server, issued["access_token"])

    def test_ends_the_family_when_an_old_one_returns(
        self, app: Software, issued: dict[str, str], acme: Organization, server: tuple[str, str]
    ) -> None:
        """RFC 9700 §4.14.2."""
        told = app.refresh(issued["refresh_token"]).json()
        assert error(app.refresh(issued["refresh_token"])) == (400, "invalid_grant")
        assert error(app.refresh(told["refresh_token"])) == (400, "invalid_grant")
        for value in (issued["access_token"], told["access_token"]):
            assert not is_active(app.door, server, value)
        assert reuse_events(acme).count() == 1

    def test_tells_of_a_replay_once_however_often_it_comes(
        self, app: Software, issued: dict[str, str], acme: Organization
    ) -> None:
        app.refresh(issued["refresh_token"])
        for _ in range(5):
            assert error(app.refresh(issued["refresh_token"])) == (400, "invalid_grant")
        assert reuse_events(acme).count() == 1

    def test_takes_a_revoked_one_for_no_replay(
        self, app: Software, issued: dict[str, str], acme: Organization
    ) -> None:
        app.revoke(issued["refresh_token"])
        assert error(app.refresh(issued["refresh_token"])) == (400, "invalid_grant")
        assert not reuse_events(acme).exists()

    def test_leaves_the_person_s_other_families(
        self, app: Software, issued: dict[str, str], user: User
    ) -> None:
        other = app.exchange(code_by_hand(app, user)).json()
        app.refresh(issued["refresh_token"])
        app.refresh(issued["refresh_token"])
        assert app.refresh(other["refresh_token"]).status == 200

    def test_can_be_off(self, app: Software, issued: dict[str, str]) -> None:
        """For FAPI 2.0 clients, whose retry has to succeed."""
        Client.objects.filter(client_id=app.client_id).update(rotate_refresh_tokens=False)
        for _ in range(3):
            assert app.refresh(issued["refresh_token"]).json()["refresh_token"] == issued["refresh_token"]


class TestLifetime:
    @pytest.mark.parametrize(("age", "status"), [(7 * DAY - 5, 200), (7 * DAY, 400)])
    def test_idle(self, app: Software, issued: dict[str, str], later: Any, age: int, status: int) -> None:
        later(age)
        assert app.refresh(issued["refresh_token"]).status == status

    @pytest.mark.parametrize(("age", "status"), [(30 * DAY - 5, 200), (30 * DAY, 400)])
    def test_absolute(self, app: Software, issued: dict[str, str], later: Any, age: int, status: int) -> None:
        value = issued["refresh_token"]
        for day in (6, 12, 18, 24, 29):
            later(day * DAY)
            value = app.refresh(value).json()["refresh_token"]
        later(age)
        assert app.refresh(value).status == status


class TestScope:
    @pytest.fixture
    def wide(self, door: InProcess, acme: Organization) -> Software:
        return register(door, acme, scope="accounts:read transactions:read")

    def test_may_be_narrowed_for_the_access_token_alone(self, wide: Software, user: User) -> None:
        """RFC 6749 §6: the refresh token keeps the original scope."""
        code = code_by_hand(wide, user, scope="accounts:read transactions:read")
        told = wide.refresh(wide.exchange(code).json()["refresh_token"], scope="accounts:read").json()
        assert told["scope"] == "accounts:read"
        again = wide.refresh(told["refresh_token"]).json()
        assert set(again["scope"].split()) == {"accounts:read", "transactions:read"}

    @pytest.mark.parametrize(
        "scope", ["transactions:read", "accounts:read transactions:read", "payments:write"]
    )
    def test_never_grows(self, wide: Software, user: User, scope: str) -> None:
        value = wide.exchange(code_by_hand(wide, user)).json()["refresh_token"]
        assert error(wide.refresh(value, scope=scope)) == (400, "invalid_scope")
        assert wide.refresh(value).status == 200


class TestBelongs:
    def test_to_its_client(self, door: InProcess, app: Software, issued: dict[str, str]) -> None:
        other = register(door, world.organization())
        assert error(other.refresh(issued["refresh_token"])) == (400, "invalid_grant")
        assert app.refresh(issued["refresh_token"]).status == 200

    def test_to_an_authenticated_client(self, app: Software, issued: dict[str, str]) -> None:
        form = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}
        assert error(app.door.post("/token", form=form)) == (401, "invalid_client")
        form["client_id"] = app.client_id
        assert error(app.door.post("/token", form=form)) == (401, "invalid_client")

    def test_to_its_person(self, app: Software, issued: dict[str, str], user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert error(app.refresh(issued["refresh_token"])) == (400, "invalid_grant")

    def test_to_its_epoch(self, app: Software, issued: dict[str, str]) -> None:
        lifecycle.suspend_client(app.client_id, actor=world.STAN, reason="drill", now=world.now())
        assert error(app.refresh(issued["refresh_token"])) == (401, "invalid_client")
        lifecycle.reactivate_client(app.client_id, actor=world.PAUL, reason="over", now=world.now())
        assert error(app.refresh(issued["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize("value", [None, "", "x", "crt_" + "A" * 43])
def test_a_refresh_token_that_was_never_issued(app: Software, value: str | None) -> None:
    code = "invalid_grant" if value else "invalid_request"
    assert error(app.refresh(value or "")) == (400, code)
