import pytest

from registry import clock, lifecycle, loading, tokens
from registry.models import AccessToken
from registry.roles import Role
from registry.routes import manual
from registry.states import Environment
from tests import world
from tests.portal.api.conftest import registered

pytestmark = pytest.mark.django_db


def with_token(caller, value):
    return caller.call("GET", "/api/v1/organizations", HTTP_AUTHORIZATION=f"Bearer {value}")


def assert_refused(answer):
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_token"


def issued(client_id, scope="organizations:read", **whom):
    acting = loading.acting_client(client_id, clock.now())
    value = tokens.new_access_token()
    tokens.save_access_token(
        acting.row,
        acting.standing,
        value,
        scope=scope,
        now=clock.now(),
        **whom,
    )
    return value


def test_a_service_of_the_operator_may_read(api):
    assert api.get("organizations").status_code == 200


def test_a_sandbox_service_may_read(stranger):
    body = world.machine_metadata(scope="organizations:read")
    made = manual.register(
        world.operator().pk,
        Environment.SANDBOX,
        body,
        justification="a trial",
        valid_until=None,
        actor=world.STAN,
        now=world.now(),
    )
    assert with_token(stranger, issued(made.client_id)).status_code == 200


def test_without_a_token_the_challenge_names_no_error(stranger):
    answer = stranger.get("organizations")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Basic YTpi",
        "Bearer ä",
        "Bearer a,b",
        "bearer\tx",
        "Bearer " + "a" * 9000,
    ],
)
def test_a_header_that_is_no_bearer_token_is_refused(stranger, header):
    assert_refused(stranger.call("GET", "/api/v1/organizations", HTTP_AUTHORIZATION=header))


def test_a_made_up_token_is_refused(stranger):
    assert_refused(with_token(stranger, tokens.new_access_token()))


def test_the_scheme_is_read_in_any_case(api, stranger):
    answer = stranger.call("GET", "/api/v1/organizations", HTTP_AUTHORIZATION=f"bEARER {api.token}")
    assert answer.status_code == 200


def test_a_token_in_the_query_is_not_looked_at(api, stranger):
    answer = stranger.get("organizations", access_token=api.token)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_token_of_another_organization_is_refused(stranger, acme):
    assert_refused(with_token(stranger, issued(registered(acme), scope="accounts:read")))


def test_a_token_of_another_organization_that_holds_our_scopes_is_refused(stranger):
    carol = world.organization("carol", scopes=("accounts:read", "organizations:read"))
    assert_refused(with_token(stranger, issued(registered(carol), scope="organizations:read")))


def test_a_token_that_speaks_for_a_person_is_refused(api, stranger):
    somebody = world.person(Role.ADMINISTRATOR)
    assert_refused(with_token(stranger, issued(api.client_id, user_id=somebody.pk)))


def test_an_expired_token_is_refused(api):
    AccessToken.objects.filter(token_checksum=tokens.checksum(api.token)).update(expires=clock.now())
    assert_refused(api.get("organizations"))


def test_a_token_of_a_suspended_service_is_refused(api):
    lifecycle.suspend_client(api.client_id, actor=world.STAN, reason="test", now=world.now())
    assert_refused(api.get("organizations"))


def test_every_token_of_a_contained_operator_is_refused(api):
    lifecycle.contain_organization(world.operator().pk, actor=world.STAN, reason="test", now=world.now())
    assert_refused(api.get("organizations"))


def test_a_restored_operator_revives_no_token(api):
    holder = world.operator()
    lifecycle.contain_organization(holder.pk, actor=world.STAN, reason="test", now=world.now())
    lifecycle.restore_organization(holder.pk, actor=world.PAUL, reason="test", now=world.now())
    assert_refused(api.get("organizations"))


def test_a_scope_that_the_operator_lost_is_lost_at_once(api):
    entitlement = world.operator().entitlements.get(role="operator")
    entitlement.scopes = ["audit:read"]
    entitlement.save()
    assert api.get("organizations").status_code == 403


class TestCrossUse:
    """Whatever else we issue opens nothing here."""

    def test_initial_access_token(self, stranger, acme):
        assert_refused(with_token(stranger, world.initial_access_token(acme).value))

    def test_client_secret_and_registration_access_token(self, stranger):
        from registry import operator

        made = operator.make_service_client(
            world.operator(), "own", ["organizations:read"], actor=world.STAN, now=world.now()
        )
        assert_refused(with_token(stranger, made.client_secret))
        assert_refused(with_token(stranger, made.registration_access_token))

    def test_client_id(self, stranger, api):
        assert_refused(with_token(stranger, api.client_id))

    def test_resource_server_secret(self, stranger):
        _, secret = world.resource_server()
        assert_refused(with_token(stranger, secret))

    def test_code_and_refresh_token(self, stranger, api):
        acting = loading.acting_client(api.client_id, clock.now())
        user = world.person(Role.END_USER)
        code, refresh = "code-" + "x" * 40, tokens.new_refresh_token()
        tokens.save_code(
            acting.row, acting.standing, code, now=clock.now(), user=user, redirect_uri="https://x", scope="a"
        )
        grant = tokens.find_code(code, acting.row)
        tokens.begin_family(
            acting.row, acting.standing, refresh, grant=grant, scope="organizations:read", now=clock.now()
        )
        assert_refused(with_token(stranger, code))
        assert_refused(with_token(stranger, refresh))

    def test_digest_at_rest(self, stranger, api):
        assert_refused(with_token(stranger, tokens.checksum(api.token)))
