"""Every filter of every list: what matches comes, what does not match does not, and nonsense is refused."""

from datetime import timedelta

import pytest

from portal.api.shapes.audit_events import AuditEventFilters
from portal.api.shapes.clients import ClientFilters
from portal.api.shapes.organizations import OrganizationFilters
from portal.api.shapes.registrations import RegistrationFilters
from registry import client_metadata, jwk, registration
from registry.models import Client, Registration
from registry.registration import RegistrationRequest
from registry.states import Environment, Route
from tests import world
from tests.portal.api.conftest import registered, waiting

pytestmark = pytest.mark.django_db

LATER = world.now() + timedelta(days=1)
EARLIER = world.now() - timedelta(days=1)


def found(api, path, name, **query):
    answer = api.get(path, **query)
    assert answer.status_code == 200, answer.content
    return {row[name] for row in answer.json()["results"]}


class TestOrganizations:
    @pytest.mark.parametrize(
        ("query", "matches"),
        [
            ({"country": "NO"}, True),
            ({"country": "SE"}, False),
            ({"registration_scheme": "national"}, True),
            ({"registration_scheme": "lei"}, False),
            ({"registration_number": "{slug}"}, True),
            ({"registration_number": "{slug}x"}, False),
            ({"registration_number": "{part}"}, False),
            ({"state": "active", "country": "NO", "q": "{slug}"}, True),
            ({"state": "draft", "country": "NO"}, False),
        ],
    )
    def test_by(self, query, matches, api, acme):
        asked = {name: value.format(slug=acme.slug, part=acme.slug[:-1]) for name, value in query.items()}
        assert (acme.slug in found(api, "organizations", "slug", **asked)) is matches

    @pytest.mark.parametrize(
        "query", [{"country": "no"}, {"country": "NOR"}, {"registration_scheme": "duns"}]
    )
    def test_nonsense(self, query, api):
        assert api.get("organizations", **query).status_code == 422


class TestClients:
    def made(self, acme, signer=None):
        members = {"software_id": "ledger-1"}
        if signer is not None:
            members |= {"jwks": {"keys": [signer.public]}, "token_endpoint_auth_method": "private_key_jwt"}
            members |= {"token_endpoint_auth_signing_alg": "ES256"}
        request = RegistrationRequest(
            acme.pk,
            Environment.SANDBOX,
            Route.DYNAMIC,
            client_metadata.parse(world.machine_metadata(**members)),
            {},
        )
        return registration.register(request, actor=world.STAN, now=world.now())[0].client_id

    def test_by_software(self, api, acme):
        ours, other = self.made(acme), registered(acme)
        assert found(api, "clients", "client_id", software_id="ledger-1") >= {ours}
        assert other not in found(api, "clients", "client_id", software_id="ledger-1")
        assert found(api, "clients", "client_id", software_id="ledger") == set()

    def test_by_route(self, api, acme):
        ours = registered(acme)
        assert ours in found(api, "clients", "client_id", route="dynamic")
        assert ours not in found(api, "clients", "client_id", route="manual")

    def test_by_key_whatever_became_of_it(self, api, acme):
        signer = world.signer()
        ours = self.made(acme, signer)
        (thumbprint,) = jwk.thumbprints(client_metadata.parse({"jwks": {"keys": [signer.public]}}).keys)
        registered(acme)
        assert found(api, "clients", "client_id", key=thumbprint) == {ours}
        api.post(f"clients/{ours}/deregister", {"reason": "old"})
        assert found(api, "clients", "client_id", key=thumbprint) == {ours}
        assert found(api, "clients", "client_id", key="A" * 43) == set()

    def test_by_use(self, api, acme):
        used, unused = registered(acme), registered(acme)
        Client.objects.filter(client_id=used).update(last_used_at=LATER)
        slug = {"organization": acme.slug}
        assert found(api, "clients", "client_id", unused_since=LATER.isoformat(), **slug) == {unused}
        assert found(api, "clients", "client_id", unused_since=EARLIER.isoformat(), **slug) == set()

    @pytest.mark.parametrize(
        "query", [{"key": "short"}, {"key": "=" * 43}, {"route": "x"}, {"unused_since": "1"}]
    )
    def test_nonsense(self, query, api):
        assert api.get("clients", **query).status_code == 422


class TestRegistrations:
    def test_by_client_and_route(self, api, acme):
        one, other = waiting(acme), waiting(acme)
        ids = found(api, "registrations", "id", client_id=one.client.client_id)
        assert ids == {str(one.pk)}
        assert {str(one.pk), str(other.pk)} <= found(api, "registrations", "id", route="dynamic")
        assert found(api, "registrations", "id", route="manual", organization=acme.slug) == set()

    def test_by_decision(self, api, acme):
        one = waiting(acme)
        slug = {"organization": acme.slug}
        assert found(api, "registrations", "id", decided_from=EARLIER.isoformat(), **slug) == set()
        api.post(f"registrations/{one.pk}/approve", {})
        at = Registration.objects.get(pk=one.pk).decided_at
        assert found(api, "registrations", "id", decided_from=at.isoformat(), **slug) == {str(one.pk)}
        assert found(api, "registrations", "id", decided_to=at.isoformat(), **slug) == set()
        span = {"decided_from": EARLIER.isoformat(), "decided_to": LATER.isoformat()}
        assert found(api, "registrations", "id", **span, **slug) == {str(one.pk)}


class TestAuditEvents:
    def test_by_actor_and_request(self, api, acme):
        answer = api.patch(f"organizations/{acme.slug}", {"display_name": "A"})
        assert found(api, "audit-events", "action", actor=api.client_id) == {"organization.record.changed"}
        by_request = found(api, "audit-events", "action", request_id=answer["Request-Id"])
        assert by_request == {"organization.record.changed"}
        assert found(api, "audit-events", "id", actor="nobody") == set()
        assert found(api, "audit-events", "id", request_id="req_none") == set()


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("organizations", OrganizationFilters),
        ("clients", ClientFilters),
        ("registrations", RegistrationFilters),
        ("audit-events", AuditEventFilters),
    ],
)
def test_all_filters_together_are_one_statement(path, shape, api, django_assert_num_queries):
    given = {
        "country": "NO",
        "registration_scheme": "lei",
        "state": "active",
        "environment": "sandbox",
        "route": "dynamic",
        "key": "A" * 43,
        "outcome": "pending",
        "action": "organization.record.changed",
    }
    instant = world.now().isoformat()
    query = {name: given.get(name, "x") for name in shape().fields if name not in {"cursor", "page_size"}}
    query |= {name: instant for name in query if name in {"from", "to", "unused_since"} or "decided" in name}
    with django_assert_num_queries(3):
        assert api.get(path, **query).json()["results"] == []
