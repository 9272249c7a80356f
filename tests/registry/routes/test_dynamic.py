"""Dynamic registration behind its credential: what is recorded, what a retry gets, what a duplicate learns."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from registry import lifecycle, queries
from registry.actors import ActorKind, Viewer
from registry.credentials import matches, revoke_initial_access_token
from registry.errors import (
    Conflict,
    CredentialMissing,
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidToken,
    QuotaReached,
    Refusal,
    RequestTooLarge,
    UnsupportedMediaType,
)
from registry.events import Event
from registry.models import (
    Client,
    ClientSecret,
    IdempotentRegistration,
    InitialAccessToken,
    Organization,
    Quota,
    Registration,
    RegistrationAccessToken,
)
from registry.policy import presets
from registry.registration import Registered
from registry.roles import Role
from registry.routes import dynamic
from registry.routes.dynamic import RegistrationCall
from registry.states import Environment
from tests import world

pytestmark = pytest.mark.django_db
KEY = "4f9d6a3e8c1b27d05e6f90ab4c3d2e1f"
STAFF = Viewer(Role.AUDITOR, None)


@pytest.fixture
def acme() -> Organization:
    return world.organization()


@pytest.fixture
def token(acme: Organization) -> str:
    return world.initial_access_token(acme).value


def call(bearer: str | None, body: Any, **changes: Any) -> RegistrationCall:
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    made = RegistrationCall(bearer, "application/json", octets, None, "192.0.2.7", "req_1")
    return replace(made, **changes)


def register(bearer: str | None, body: Any, **changes: Any) -> Registered:
    now = changes.pop("now", None) or world.now()
    return dynamic.register(call(bearer, body, **changes), now=now)


def machine(**members: Any) -> dict[str, Any]:
    return world.machine_metadata(**members)


def refusals(**conditions: Any) -> Any:
    return queries.audit_events(STAFF, action=Event.REGISTRATION_REFUSED, **conditions)


class TestEvents:
    def test_of_a_grant_are_one(self, acme: Organization, token: str) -> None:
        made = register(token, machine())
        event = queries.audit_events(STAFF, organization=acme, action=Event.REGISTRATION_GRANTED).get()
        assert event.after["client_id"] == made.client_id
        assert (event.actor_kind, event.request_id) == (ActorKind.CREDENTIAL, "req_1")
        assert event.policy_version == presets.POLICY_VERSION

    @pytest.mark.parametrize(
        ("body", "changes", "refusal"),
        [
            (b"{", {}, InvalidClientMetadata),
            (b"[]", {}, InvalidClientMetadata),
            (b"{}", {"content_type": "text/plain"}, UnsupportedMediaType),
            (b"{}", {"content_type": None}, UnsupportedMediaType),
            (b" " * 65_537, {}, RequestTooLarge),
            (b'{"redirect_uris":["http://x/"]}', {}, InvalidRedirectUri),
            (b'{"grant_types":["client_credentials"]}', {"idempotency_key": "short"}, Conflict),
        ],
        ids=range(7),
    )
    def test_of_a_refusal_are_one_for_each_attempt(
        self, acme: Organization, token: str, body: bytes, changes: Any, refusal: type[Exception]
    ) -> None:
        for attempts in (1, 2):
            with pytest.raises(refusal):
                register(token, body, **changes)
            assert refusals(organization=acme).count() == attempts

    def test_of_a_refusal_tell_staff_every_finding(self, acme: Organization, token: str) -> None:
        with pytest.raises(InvalidRedirectUri) as caught:
            register(token, world.metadata(acme, redirect_uris=["http://a/#x"], scope="admin"))
        event = refusals(organization=acme).get()
        assert [told["rule"] for told in event.after["findings"]] == [
            finding.rule for finding in caught.value.findings
        ]
        assert all(
            told.keys() == {"rule", "member", "found", "fix", "source"} for told in event.after["findings"]
        )

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("Ledger", "Ledger"),
            ("Le\u202edger\n\u0007", "Le\ufffddger\ufffd\ufffd"),
            ("e\u0301", "\u00e9"),
            ("a" * 500, "a" * 120),
            (["Ledger"], None),
            (None, None),
        ],
    )
    def test_of_a_refusal_name_the_software(
        self, acme: Organization, token: str, name: Any, told: str | None
    ) -> None:
        with pytest.raises(Refusal):
            register(token, machine() | {"client_name": name, "scope": "admin"})
        assert refusals(organization=acme).get().after.get("client_name") == told

    def test_of_a_body_that_cannot_be_read_name_nothing(self, acme: Organization, token: str) -> None:
        with pytest.raises(InvalidClientMetadata):
            register(token, b'{"client_name": "Ledger"')
        assert "client_name" not in refusals(organization=acme).get().after

    def test_never_hold_a_credential(self, acme: Organization, token: str) -> None:
        made = register(token, machine())
        with pytest.raises(InvalidClientMetadata):
            register(token, b"{")
        everything = str(list(queries.audit_events(STAFF, organization=acme).values()))
        for value in (token, made.client_secret, made.registration_access_token):
            assert str(value) not in everything

    def test_of_strangers_are_one_for_each_source_and_minute(self) -> None:
        operator, now = world.operator(), world.now().replace(second=10)
        for source, at in (("192.0.2.1", 0), ("192.0.2.1", 40), ("192.0.2.2", 0), ("192.0.2.1", 60)):
            for bearer, refusal in ((None, CredentialMissing), ("pri_x", InvalidToken)):
                with pytest.raises(refusal):
                    register(bearer, {}, source=source, now=now + timedelta(seconds=at))
        events = refusals(organization=operator, subject_id__startswith="192.0.2.")
        assert sorted(events.values_list("subject_id", flat=True)) == ["192.0.2.1", "192.0.2.1", "192.0.2.2"]

    def test_of_strangers_from_one_ipv6_network_are_one(self) -> None:
        operator, now = world.operator(), world.now().replace(second=10)
        for source in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:0:1::", "2001:db8:0:1::1"):
            with pytest.raises(InvalidToken):
                register("pri_x", {}, source=source, now=now)
        events = refusals(organization=operator, subject_id__startswith="2001:db8:")
        assert sorted(events.values_list("subject_id", flat=True)) == ["2001:db8:0:1::1", "2001:db8::1"]


class TestInitialAccessToken:
    def test_binds_to_its_environment(self, acme: Organization) -> None:
        value = world.initial_access_token(acme, Environment.PRODUCTION).value
        made = register(value, machine())
        row = Client.objects.get(client_id=made.client_id)
        assert (row.environment, row.state, made.state) == ("production", "pending", "pending")

    def test_binds_to_hosts(self, acme: Organization) -> None:
        host = f"one.{acme.slug}.example"
        value = world.initial_access_token(acme, allowed_hosts=[host]).value
        assert register(value, world.metadata(acme, redirect_uris=[f"https://{host}/cb"]))
        with pytest.raises(InvalidRedirectUri, match=r"U4\.allowed_host"):
            register(value, world.metadata(acme))

    def test_binds_to_software(self, acme: Organization) -> None:
        value = world.initial_access_token(acme, software_id="ledger").value
        assert register(value, machine(software_id="ledger"))
        for other in ({"software_id": "other"}, {}):
            with pytest.raises(InvalidClientMetadata, match=r"T2\.bound"):
                register(value, machine(**other))

    def test_is_spent_by_a_grant_alone(self, acme: Organization) -> None:
        minted = world.initial_access_token(acme, max_uses=2)
        with pytest.raises(InvalidClientMetadata):
            register(minted.value, machine(scope="admin"))
        register(minted.value, machine())
        assert InitialAccessToken.objects.get(pk=minted.row.pk).uses == 1
        register(minted.value, machine())
        with pytest.raises(InvalidToken, match="spent"):
            register(minted.value, machine())

    def test_never_reopens_a_client(self, token: str) -> None:
        made = register(token, machine())
        with pytest.raises(InvalidClientMetadata):
            register(token, machine(client_id=made.client_id, scope="admin"))
        again = register(token, machine(client_id=made.client_id))
        assert again.client_id != made.client_id


class TestIdempotencyKey:
    def again(self, token: str, body: Any = None, **changes: Any) -> Registered:
        return register(token, body or machine(), idempotency_key=KEY, **changes)

    def test_gives_the_same_client_with_new_credentials(self, acme: Organization, token: str) -> None:
        first, second = self.again(token), self.again(token)
        assert first.client_id == second.client_id
        assert first.client_secret != second.client_secret
        assert first.registration_access_token != second.registration_access_token
        assert Client.objects.filter(organization=acme).count() == 1
        assert Registration.objects.filter(organization=acme).count() == 1
        assert InitialAccessToken.objects.get(organization=acme).uses == 1
        repeated = queries.audit_events(STAFF, organization=acme, action=Event.REGISTRATION_REPEATED)
        assert repeated.count() == 1

    def test_kills_the_credentials_of_the_lost_answer(self, token: str) -> None:
        first, second = self.again(token), self.again(token)
        live = ClientSecret.objects.get(client__client_id=first.client_id, ended_at=None)
        assert matches(str(second.client_secret), live.digest)
        live_token = RegistrationAccessToken.objects.get(client__client_id=first.client_id, ended_at=None)
        assert matches(second.registration_access_token, live_token.digest)

    def test_of_another_body_is_refused(self, token: str) -> None:
        self.again(token)
        for body in (machine(client_name="Other"), json.dumps(machine(), indent=1).encode()):
            with pytest.raises(Conflict, match="another body"):
                self.again(token, body)

    @pytest.mark.parametrize("used", ["client", "secret", "token"])
    def test_ends_with_the_first_use_of_what_was_issued(self, token: str, used: str) -> None:
        made = self.again(token)
        changes: dict[str, Any] = {"last_used_at": world.now(), "first_used_at": world.now()}
        if used == "client":
            Client.objects.filter(client_id=made.client_id).update(last_used_at=changes["last_used_at"])
        elif used == "secret":
            ClientSecret.objects.filter(client__client_id=made.client_id).update(last_used_at=world.now())
        else:
            RegistrationAccessToken.objects.filter(client__client_id=made.client_id).update(
                first_used_at=world.now()
            )
        with pytest.raises(Conflict, match="in use"):
            self.again(token)

    def test_ends_with_its_client(self, token: str) -> None:
        made = self.again(token)
        lifecycle.suspend_client(made.client_id, actor=world.STAN, reason="x", now=world.now())
        with pytest.raises(Conflict):
            self.again(token)

    def test_outlives_the_count_of_the_token(self, acme: Organization) -> None:
        value = world.initial_access_token(acme, max_uses=1).value
        assert self.again(value).client_id == self.again(value).client_id

    @pytest.mark.parametrize("end", ["revoked", "expired", "contained"])
    def test_does_not_outlive_the_token_itself(self, acme: Organization, end: str) -> None:
        minted = world.initial_access_token(acme)
        self.again(minted.value)
        by = {"actor": world.STAN, "reason": "x", "now": world.now()}
        if end == "revoked":
            revoke_initial_access_token(minted.row.pk, organization_id=acme.pk, **by)
        elif end == "expired":
            InitialAccessToken.objects.filter(pk=minted.row.pk).update(expires_at=world.now())
        else:
            lifecycle.contain_organization(acme.pk, **by)
            lifecycle.restore_organization(acme.pk, **by | {"actor": world.PAUL})
        with pytest.raises(InvalidToken):
            self.again(minted.value)

    def test_belongs_to_its_token(self, acme: Organization, token: str) -> None:
        other = world.initial_access_token(acme).value
        assert self.again(token).client_id != self.again(other).client_id

    @pytest.mark.parametrize(("age", "same"), [(86_399, True), (86_400, False)])
    def test_lasts_a_day(self, token: str, age: int, same: bool) -> None:
        now = world.now()
        first = self.again(token, now=now)
        InitialAccessToken.objects.update(expires_at=now + timedelta(days=3))
        second = self.again(token, now=now + timedelta(seconds=age))
        assert (first.client_id == second.client_id) is same
        assert IdempotentRegistration.objects.filter(initial_access_token__digest__isnull=False).count() == 1

    @pytest.mark.parametrize("key", ["", "k" * 21, "k" * 256, "é" * 30])
    def test_of_fewer_than_128_bits_is_refused(self, acme: Organization, token: str, key: str) -> None:
        with pytest.raises(Conflict, match="Idempotency-Key"):
            register(token, machine(), idempotency_key=key)
        assert not Client.objects.filter(organization=acme).exists()

    def test_of_a_refused_registration_names_nothing(self, token: str) -> None:
        with pytest.raises(InvalidClientMetadata):
            self.again(token, machine(scope="admin"))
        assert self.again(token).client_id

    def test_rests_as_a_digest(self, token: str) -> None:
        self.again(token)
        assert KEY not in str(list(IdempotentRegistration.objects.values()))


class TestDuplicate:
    def body(self, signer: world.Signer) -> dict[str, Any]:
        return machine(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [signer.public]})

    def test_of_a_key_is_refused_and_names_the_holder_to_its_own(self, token: str) -> None:
        signer = world.signer()
        held = register(token, self.body(signer))
        with pytest.raises(InvalidClientMetadata, match=r"K2\.owner") as caught:
            register(token, self.body(signer))
        assert held.client_id in caught.value.findings[0].found

    def test_of_a_key_names_nobody_to_strangers(self, token: str) -> None:
        signer = world.signer()
        held = register(token, self.body(signer))
        other = world.initial_access_token(world.organization("other")).value
        with pytest.raises(InvalidClientMetadata, match=r"K2\.owner") as caught:
            register(other, self.body(signer))
        assert held.client_id not in str(caught.value.findings)
        assert "acme" not in str(caught.value.findings).lower()

    def test_of_a_key_may_return_after_a_plain_end_in_the_same_organization(
        self, acme: Organization, token: str
    ) -> None:
        signer = world.signer()
        held = register(token, self.body(signer))
        lifecycle.deregister_client(held.client_id, actor=world.STAN, reason="over", now=world.now())
        other = world.initial_access_token(world.organization("other")).value
        with pytest.raises(InvalidClientMetadata, match=r"K2\.owner"):
            register(other, self.body(signer))
        assert register(token, self.body(signer)).client_id != held.client_id

    def test_of_a_compromised_key_never_returns(self, token: str) -> None:
        signer = world.signer()
        held = register(token, self.body(signer))
        lifecycle.revoke_client(held.client_id, actor=world.STAN, reason="stolen", now=world.now())
        with pytest.raises(InvalidClientMetadata, match="never returns"):
            register(token, self.body(signer))

    def test_of_a_software_id_is_refused_where_the_preset_says_so(
        self, monkeypatch: pytest.MonkeyPatch, acme: Organization, token: str
    ) -> None:
        strict = replace(presets.BASELINE, name="one_each", one_client_per_software_id=True)
        monkeypatch.setitem(presets.PRESETS, "one_each", strict)
        for _ in range(2):
            register(token, machine(software_id="a"))
        Organization.objects.filter(pk=acme.pk).update(preset="one_each")
        held = register(token, machine(software_id="b"))
        with pytest.raises(InvalidClientMetadata, match=r"T2\.holder") as caught:
            register(token, machine(software_id="b"))
        assert held.client_id in caught.value.findings[0].found
        production = world.initial_access_token(acme, Environment.PRODUCTION).value
        assert register(production, machine(software_id="b"))
        lifecycle.deregister_client(held.client_id, actor=world.STAN, reason="over", now=world.now())
        assert register(token, machine(software_id="b"))


class TestQuota:
    def test_of_clients_counts_the_living(self) -> None:
        small = world.organization(clients=2)
        token = world.initial_access_token(small).value
        first = register(token, machine())
        register(token, machine())
        with pytest.raises(QuotaReached, match=r"L1\.clients"):
            register(token, machine())
        lifecycle.suspend_client(first.client_id, actor=world.STAN, reason="x", now=world.now())
        with pytest.raises(QuotaReached):
            register(token, machine())
        lifecycle.deregister_client(first.client_id, actor=world.STAN, reason="x", now=world.now())
        assert register(token, machine())

    def test_counts_each_environment_apart(self) -> None:
        small = world.organization(clients=1)
        register(world.initial_access_token(small).value, machine())
        assert register(world.initial_access_token(small, Environment.PRODUCTION).value, machine())

    def test_of_registrations_counts_an_hour(self, acme: Organization, token: str) -> None:
        Quota.objects.filter(organization=acme).update(registrations_per_hour=1)
        now = world.now()
        register(token, machine(), now=now)
        with pytest.raises(QuotaReached, match=r"L1\.rate") as caught:
            register(token, machine(), now=now + timedelta(minutes=59))
        assert caught.value.retry_after == 3600
        assert register(token, machine(), now=now + timedelta(hours=1))
