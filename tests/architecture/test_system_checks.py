"""Each system check on both sides: it fires on the unsafe value, and is silent on the safe one."""

import os
import re
from base64 import urlsafe_b64encode
from dataclasses import replace
from ipaddress import ip_network
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.core import checks as framework
from django.core.checks import CheckMessage
from django.core.checks.registry import registry as registered
from django.db import connection
from pytest_django.fixtures import Settings

from portal.config.environment import EgressPeer
from registry import checks
from tests.architecture.source import ROOT

STRONG = urlsafe_b64encode(bytes(range(32))).decode()
OTHER = urlsafe_b64encode(bytes(range(2, 34))).decode()
WEAK = urlsafe_b64encode(bytes(31)).decode()
EVERY_ID = set(re.findall(r"registry\.[EWC]\d+", (ROOT / "registry/checks.py").read_text()))

UNSAFE: list[tuple[str, dict[str, Any]]] = [
    ("registry.E001", {"credential_key": ""}),
    ("registry.E001", {"credential_key": WEAK}),
    ("registry.E001", {"factor_key": WEAK}),
    ("registry.E001", {"factor_key": "not base64 at all, but of some length!"}),
    ("registry.E002", {"issuer": ""}),
    ("registry.E002", {"issuer": "http://as.example"}),
    ("registry.E002", {"issuer": "https://as.example/tenant"}),
    ("registry.E002", {"issuer": "https://as.example?x=1"}),
    ("registry.E002", {"issuer": "https://as.example#x"}),
    ("registry.E003", {"deployment": "production", "clock_offset_file": "/run/offset"}),
    ("registry.E005", {"deployment": "staging"}),
    ("registry.E005", {"deployment": ""}),
    ("registry.E007", {"audit_key": "", "audit_public_keys": ()}),
    ("registry.E007", {"audit_key": WEAK}),
    ("registry.E007", {"audit_key": urlsafe_b64encode(bytes(33)).decode()}),
    ("registry.E007", {"audit_public_keys": ("example.com/log+00000000+AAAA",)}),
    ("registry.E007", {"audit_witness_keys": ("witness",)}),
    ("registry.W010", {"egress_allow": (EgressPeer("localhost", 9443, ""),)}),
]
PUBLIC = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SAFE: list[dict[str, Any]] = [
    {"deployment": "production", "clock_offset_file": ""},
    {"deployment": "local", "clock_offset_file": "/run/offset"},
    {"deployment": "test", "clock_offset_file": "/run/offset"},
    {"credential_key": STRONG, "factor_key": OTHER},
    {"issuer": "https://as.example"},
    {"issuer": "https://as.example:8443"},
    {"audit_key": "", "audit_public_keys": (PUBLIC,)},
]


def fired(**where: Any) -> set[str]:
    return {str(message.id) for message in framework.run_checks(tags=["concordat"], **where)}


@pytest.mark.parametrize(("name", "values"), UNSAFE)
def test_an_unsafe_value_is_told(settings: Settings, name: str, values: dict[str, Any]) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, **values)
    assert name in fired()


@pytest.mark.parametrize("values", SAFE)
def test_a_safe_value_is_not(settings: Settings, values: dict[str, Any]) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, **values)
    assert fired() == set()


@pytest.mark.parametrize(("url", "ids"), [("", {"registry.E004"}), ("redis://broker.example:6379/0", set())])
def test_the_broker_is_named(settings: Settings, url: str, ids: set[str]) -> None:
    settings.CELERY_BROKER_URL = url
    assert fired() == ids


@pytest.mark.parametrize(
    ("key", "ids"),
    [
        ("", {"registry.E009"}),
        ("change me", {"registry.E009"}),
        (WEAK, {"registry.E009"}),
        (urlsafe_b64encode(bytes(range(1, 33))).decode(), set()),
    ],
)
def test_pages_have_a_strong_key(settings: Settings, key: str, ids: set[str]) -> None:
    settings.SECRET_KEY = key
    assert fired() == ids


@pytest.mark.parametrize("other", ["credential_key", "factor_key", "audit_key"])
def test_no_two_keys_are_one(settings: Settings, other: str) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, **{other: settings.SECRET_KEY})
    (told,) = checks.pages_have_a_key_of_their_own(None)
    assert f"{other.upper()} and SECRET_KEY are one key" in told.msg


@pytest.mark.parametrize(
    ("networks", "ids"),
    [
        ([], set()),
        (["127.0.0.1", "10.0.0.0/8", "fd00::/8"], set()),
        (["0.0.0.0/0"], {"registry.E008"}),
        (["0.0.0.0/1", "128.0.0.0/1"], {"registry.E008"}),
        (["::/0"], {"registry.E008"}),
    ],
)
def test_not_everybody_is_a_proxy(settings: Settings, networks: list[str], ids: set[str]) -> None:
    settings.TRUSTED_PROXIES = [ip_network(network) for network in networks]
    assert fired() == ids


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https")),
        ("USE_X_FORWARDED_HOST", True),
        ("USE_X_FORWARDED_PORT", True),
        ("ALLAUTH_TRUSTED_PROXY_COUNT", 1),
        ("ALLAUTH_TRUSTED_CLIENT_IP_HEADER", "X-Real-IP"),
    ],
)
def test_no_header_is_believed_from_everybody(settings: Settings, name: str, value: Any) -> None:
    setattr(settings, name, value)
    assert fired() == {"registry.E008"}


def test_every_exception_of_egress_is_named(settings: Settings) -> None:
    peers = (EgressPeer("localhost", 9443, ""), EgressPeer("::1", 8443, "/etc/ca.pem"))
    settings.REGISTRY = replace(settings.REGISTRY, egress_allow=peers)
    told = checks.every_exception_of_egress_is_named(None)
    assert [message.msg.partition(" ")[0] for message in told] == ["localhost:9443", "::1:8443"]


def _as_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"])
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "USER", owner.username)
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", unquote(owner.password or ""))


@pytest.fixture
def own_connection(live_db: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """The connection of the role that the test names; closed on the way out, so that nobody inherits it."""
    if request.param == "owner":
        _as_owner(monkeypatch)
    yield request.param
    connection.close()


@pytest.mark.parametrize(
    ("own_connection", "deployment", "ids"),
    [
        ("owner", "production", ["registry.E006"]),
        ("owner", "test", []),
        ("application", "production", []),
    ],
    indirect=["own_connection"],
)
def test_who_serves_owns_nothing(
    own_connection: str, settings: Settings, deployment: str, ids: list[str]
) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, deployment=deployment)
    assert [message.id for message in checks.application_role_owns_nothing(None, ["default"])] == ids


def test_without_a_database_the_owner_is_not_asked(settings: Settings) -> None:
    settings.REGISTRY = replace(settings.REGISTRY, deployment="production")
    assert checks.application_role_owns_nothing(None, None) == []


def test_every_check_has_its_cases() -> None:
    alone = {"registry.E004", "registry.E006", "registry.E008", "registry.E009"}
    assert {name for name, _ in UNSAFE} | alone == EVERY_ID


def test_every_check_is_registered() -> None:
    ours = {check.__name__ for check in registered.get_checks() if check.__module__ == "registry.checks"}
    defined = {name for name, value in vars(checks).items() if getattr(value, "tags", None)}
    assert ours == defined


def test_every_message_says_what_to_do(settings: Settings) -> None:
    settings.REGISTRY = replace(
        settings.REGISTRY,
        credential_key="",
        audit_key="",
        audit_public_keys=(),
        issuer="",
        deployment="staging",
        clock_offset_file="/run/offset",
        egress_allow=(EgressPeer("localhost", 9443, ""),),
    )
    settings.CELERY_BROKER_URL = settings.SECRET_KEY = ""
    settings.TRUSTED_PROXIES = [ip_network("::/0")]
    told: list[CheckMessage] = framework.run_checks(tags=["concordat"])
    assert {str(message.id) for message in told} == EVERY_ID - {"registry.E006"}
    assert all(message.hint and message.is_serious() == (".E" in str(message.id)) for message in told)
