"""Clients made by hand over the API: the exception is the same, and no service decides about its own kind."""

from datetime import timedelta

import pytest

from registry.models import Client
from registry.roles import Role
from tests import world
from tests.portal.api.test_audit import BY_HAND, SOON, by_hand

pytestmark = pytest.mark.django_db


@pytest.fixture
def body():
    return BY_HAND | {"sponsor": world.person(Role.APPROVER).email}


class TestRegister:
    def test_answers_with_credentials_once(self, api, acme, body):
        answer = api.post(f"organizations/{acme.slug}/manual-clients", body)
        assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
        told = answer.json()
        assert told["client_secret"].startswith("pcs_")
        assert told["registration_access_token"].startswith("prr_")
        row = api.get(f"clients/{told['client_id']}").json()
        assert (row["route"], row["state"]) == ("manual", "active")
        assert row["valid_until"] is not None

    def test_in_production_waits_for_people(self, api, acme, body):
        answer = api.post(f"organizations/{acme.slug}/manual-clients", body | {"environment": "production"})
        assert answer.json()["state"] == "pending"

    @pytest.mark.parametrize(
        ("changes", "member"),
        [
            ({"exception": "because"}, "exception"),
            ({"evidence": ""}, "evidence"),
            ({"sponsor": "nobody@people.example"}, "sponsor"),
            ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
            ({"ends_at": "2400-01-01T00:00:00Z"}, "ends_at"),
            ({"metadata": []}, "metadata"),
        ],
    )
    def test_names_what_is_wrong(self, api, acme, body, changes, member):
        answer = api.post(f"organizations/{acme.slug}/manual-clients", body | changes)
        assert answer.status_code == 422
        assert answer.json()["findings"][0]["member"] == member
        assert not Client.objects.filter(organization=acme).exists()

    def test_needs_every_member(self, api, acme, body):
        for name in body:
            answer = api.post(
                f"organizations/{acme.slug}/manual-clients", {key: body[key] for key in body if key != name}
            )
            assert answer.status_code == 422, name

    def test_is_judged_by_every_rule(self, api, acme, body):
        body["metadata"] = world.metadata(acme, redirect_uris=["http://elsewhere.example/#x"])
        answer = api.post(f"organizations/{acme.slug}/manual-clients", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_redirect_uri")
        assert "U1.fragment" in {finding["rule"] for finding in answer.json()["findings"]}

    def test_is_never_of_the_operator(self, api, body):
        answer = api.post(f"organizations/{world.operator().slug}/manual-clients", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


class TestRenewAndMove:
    def test_a_renewal_moves_the_end(self, api):
        target = by_hand()["client_id"]
        answer = api.post(f"clients/{target}/renew", {"reason": "late", "ends_at": SOON})
        assert answer.status_code == 200
        assert answer.json()["valid_until"].startswith(SOON[:19])

    def test_a_renewal_is_bounded(self, api):
        target, late = by_hand()["client_id"], world.now() + timedelta(days=368)
        answer = api.post(f"clients/{target}/renew", {"reason": "late", "ends_at": late.isoformat()})
        assert (answer.status_code, answer.json()["findings"][0]["member"]) == (422, "ends_at")

    def test_a_move_shows_one_token_and_keeps_the_client_id(self, api):
        target = by_hand()["client_id"]
        answer = api.post(f"clients/{target}/move", {"reason": "ready"})
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
        told = answer.json()
        assert (told["client_id"], told["route"], told["valid_until"]) == (target, "dynamic", None)
        assert told["registration_access_token"].startswith("prr_")
        assert api.post(f"clients/{target}/move", {"reason": "ready"}).status_code == 409

    @pytest.mark.parametrize("act", ["renew", "move"])
    def test_are_never_of_the_operators_own(self, api, act):
        body = {"reason": "x"} | ({"ends_at": SOON} if act == "renew" else {})
        answer = api.post(f"clients/{api.client_id}/{act}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


def test_quotas_tell_what_is_used(api, acme):
    token = world.initial_access_token(acme, max_uses=2).row
    made = by_hand_of(api, acme)
    rows = {row["environment"]: row for row in api.get(f"organizations/{acme.slug}/quotas").json()["results"]}
    sandbox = rows["sandbox"]
    used = {name: sandbox[name] for name in sandbox if name.endswith("_used")}
    assert used == {
        "clients_used": 1,
        "keys_used": 1,
        "initial_access_tokens_used": 1,
        "registrations_used": 1,
    }
    assert rows["production"]["clients_used"] == 0
    api.post(f"clients/{made}/deregister", {"reason": "over"})
    api.post(f"organizations/{acme.slug}/initial-access-tokens/{token.pk}/revoke", {"reason": "over"})
    after = api.get(f"organizations/{acme.slug}/quotas").json()["results"]
    now = next(row for row in after if row["environment"] == "sandbox")
    assert (now["clients_used"], now["initial_access_tokens_used"], now["registrations_used"]) == (0, 0, 1)


def by_hand_of(api, acme):
    key = world.signer()
    metadata = world.machine_metadata(
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg="ES256",
        jwks={"keys": [key.public]},
    )
    body = BY_HAND | {"sponsor": world.person(Role.APPROVER).email, "metadata": metadata}
    return api.post(f"organizations/{acme.slug}/manual-clients", body).json()["client_id"]
