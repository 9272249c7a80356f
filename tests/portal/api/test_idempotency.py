"""What is sent twice under one Idempotency-Key is done once, by every writing verb, and answered the same."""

import pytest
from django.db import connection

from registry import audit, lifecycle
from registry.models import InitialAccessToken, RememberedAnswer
from tests import world
from tests.portal.api.conftest import ROUTES
from tests.portal.api.test_audit import WRITES

pytestmark = pytest.mark.django_db

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
QUOTED = {"HTTP_IDEMPOTENCY_KEY": f'"{KEY}"'}
WHY = {"reason": "leak"}

every_write = pytest.mark.parametrize("route", [r for r in ROUTES if r.writes], ids=lambda route: route.id)


def events():
    return audit.history().count()


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer


@every_write
def test_twice_is_once(route, api):
    write, target = WRITES[route.id], WRITES[route.id].target()
    before, headers = events(), write.headers(target) | QUOTED
    first, second = (api.call(route.method, route.path(target), write.body, **headers) for _ in range(2))
    assert first.status_code in {200, 201}, first.content
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    kept = ("Content-Type", "ETag", "Location", "Cache-Control")
    assert [second.get(name) for name in kept] == [first.get(name) for name in kept]
    assert events() == before + 1


@every_write
def test_another_body_under_the_key_is_refused_and_leaves_nothing(route, api):
    write, target = WRITES[route.id], WRITES[route.id].target()
    headers = write.headers(target) | QUOTED
    api.call(route.method, route.path(target), write.body, **headers)
    before = events()
    other = {"reason": "other"} if route.method != "DELETE" else {"x": 1}
    answer = api.call(route.method, route.path(target), other, **headers)
    refused(answer, 422, "idempotency_key_reused")
    assert events() == before


@every_write
def test_without_a_key_nothing_is_remembered(route, api):
    write = WRITES[route.id]
    write.send(api, route, write.target())
    assert not RememberedAnswer.objects.exists()


@pytest.mark.parametrize("header", [f'"{KEY}"', KEY])
def test_the_two_ways_to_write_a_key_are_one(header, api, acme):
    path = f"organizations/{acme.slug}/contain"
    api.post(path, WHY, **QUOTED)
    again = api.post(path, WHY, HTTP_IDEMPOTENCY_KEY=header)
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "header",
    [
        "",
        '""',
        "short",
        '"short"',
        f'"{KEY}',
        f'{KEY}"',
        f'"{KEY}", "x"',
        f"{KEY} {KEY}",
        "x" * 256,
        "ä" * 30,
    ],
)
def test_what_is_no_key_is_refused_before_anything_is_done(header, api, acme):
    before = events()
    answer = api.post(f"organizations/{acme.slug}/contain", WHY, HTTP_IDEMPOTENCY_KEY=header)
    refused(answer, 400, "invalid_request")
    assert events() == before


def test_another_address_under_the_key_is_refused(api, acme):
    other = world.organization("other")
    api.post(f"organizations/{acme.slug}/contain", WHY, **QUOTED)
    answer = api.post(f"organizations/{other.slug}/contain", WHY, **QUOTED)
    refused(answer, 422, "idempotency_key_reused")


def test_another_condition_under_the_key_is_refused(api, acme):
    path = f"organizations/{acme.slug}"
    api.patch(path, {"display_name": "A"}, **QUOTED)
    answer = api.patch(path, {"display_name": "A"}, HTTP_IF_MATCH='"1"', **QUOTED)
    refused(answer, 422, "idempotency_key_reused")


def test_a_key_is_its_callers_own(service, acme):
    path = f"organizations/{acme.slug}/contain"
    assert service().post(path, WHY, **QUOTED).status_code == 200
    refused(service().post(path, WHY, **QUOTED), 409, "invalid_state")


def test_a_repeated_request_needs_the_scope_again(service, api, acme):
    path = f"organizations/{acme.slug}/contain"
    api.post(path, WHY, **QUOTED)
    refused(service("audit:read").post(path, WHY, **QUOTED), 403, "insufficient_scope")


def test_the_answer_is_the_one_of_then(api, acme):
    path = f"organizations/{acme.slug}/contain"
    first = api.post(path, WHY, **QUOTED)
    lifecycle.restore_organization(acme.pk, actor=world.PAUL, reason="done", now=world.now())
    assert api.post(path, WHY, **QUOTED).json() == first.json()
    assert api.get(f"organizations/{acme.slug}").json()["state"] == "active"


class TestDecisions:
    """A decision is remembered, whatever becomes possible later; what asks to come back is not."""

    def test_a_state_that_does_not_allow_it(self, api, acme):
        path = f"organizations/{acme.slug}/restore"
        first = refused(api.post(path, WHY, **QUOTED), 409, "invalid_state")
        lifecycle.contain_organization(acme.pk, actor=world.STAN, reason="leak", now=world.now())
        again = refused(api.post(path, WHY, **QUOTED), 409, "invalid_state")
        assert (again.content, again["Content-Type"]) == (first.content, "application/problem+json")
        assert again["Idempotent-Replayed"] == "true"
        assert api.post(path, WHY).status_code == 200

    def test_four_eyes(self, api, acme):
        api.post(f"organizations/{acme.slug}/contain", WHY)
        path = f"organizations/{acme.slug}/restore"
        refused(api.post(path, WHY, **QUOTED), 403, "four_eyes_required")
        assert api.post(path, WHY, **QUOTED)["Idempotent-Replayed"] == "true"

    @pytest.mark.parametrize("path", ["organizations/nobody/contain", "clients/c_nobody/suspend"])
    def test_what_is_not_there(self, path, api):
        refused(api.post(path, WHY, **QUOTED), 404, "not_found")
        assert api.post(path, WHY, **QUOTED)["Idempotent-Replayed"] == "true"

    def test_what_changed_since_it_was_seen(self, api, acme):
        path = f"organizations/{acme.slug}"
        headers = QUOTED | {"HTTP_IF_MATCH": '"1"'}
        refused(api.patch(path, {"display_name": "A"}, **headers), 412, "precondition_failed")
        assert api.patch(path, {"display_name": "A"}, **headers)["Idempotent-Replayed"] == "true"

    def test_what_cannot_be_read_may_be_sent_again_in_order(self, api, acme):
        path = f"organizations/{acme.slug}/contain"
        assert api.post(path, "{", **QUOTED).status_code == 400
        assert api.post(path, {}, **QUOTED).status_code == 422
        assert api.post(path, WHY, **QUOTED).status_code == 200

    def test_a_quota_that_is_reached_may_be_asked_again(self, api, acme):
        quota = {"environment": "sandbox", "clients": 1, "keys_per_client": 1, "registrations_per_hour": 1}
        body, path = {"environment": "sandbox"}, f"organizations/{acme.slug}/initial-access-tokens"
        api.post(f"organizations/{acme.slug}/quotas", quota | {"initial_access_tokens": 0})
        refused(api.post(path, body, **QUOTED), 429, "temporarily_unavailable")
        api.post(f"organizations/{acme.slug}/quotas", quota | {"initial_access_tokens": 1})
        assert api.post(path, body, **QUOTED).status_code == 201


class TestSecret:
    def issue(self, api, acme):
        path = f"organizations/{acme.slug}/initial-access-tokens"
        return [api.post(path, {"environment": "sandbox"}, **QUOTED).json() for _ in range(2)]

    def test_a_lost_token_is_told_again_and_works(self, api, acme, stranger):
        first, again = self.issue(api, acme)
        assert first == again
        assert InitialAccessToken.objects.filter(organization=acme).count() == 1
        answer = stranger.call(
            "POST", "/register", world.machine_metadata(), HTTP_AUTHORIZATION=f"Bearer {again['value']}"
        )
        assert answer.status_code == 201

    def test_its_value_rests_nowhere_in_clear(self, api, acme):
        first, _ = self.issue(api, acme)
        with connection.cursor() as cursor:
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
            for (table,) in cursor.fetchall():
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{first['value']}%"]
                )
                assert cursor.fetchone() == (0,), table

    def test_nor_in_the_octets_of_the_answer(self, api, acme):
        first, _ = self.issue(api, acme)
        assert first["value"].encode() not in bytes(RememberedAnswer.objects.get().sealed)
