"""CVE-2026-18573 (Keycloak): a change is judged by what the client was, so that one PUT leaves the rules behind."""

from typing import Any

import pytest

from registry.models import ClientSecret, Organization
from tests import world
from tests.attacks.holding import everything
from tests.portal.protocol.holder import Manager
from tests.portal.protocol.reading import error
from tests.software import InProcess, register

pytestmark = pytest.mark.django_db
LOOPBACK = "http://127.0.0.1/cb"
PUBLIC = {"application_type": "native", "token_endpoint_auth_method": "none"}
CONFIDENTIAL = {"application_type": "web", "token_endpoint_auth_method": "client_secret_basic"}


@pytest.fixture
def acme() -> Organization:
    return world.organization()


@pytest.fixture
def public(acme: Organization) -> Manager:
    return Manager(register(InProcess(), acme, redirect_uris=[LOOPBACK], **PUBLIC))


@pytest.fixture
def confidential(acme: Organization) -> Manager:
    return Manager(register(InProcess(), acme))


@pytest.mark.parametrize(
    ("members", "refused"),
    [
        (CONFIDENTIAL, (400, "invalid_redirect_uri")),
        ({"application_type": "web"}, (400, "invalid_redirect_uri")),
        ({"token_endpoint_auth_method": "client_secret_basic"}, (400, "invalid_client_metadata")),
        ({"token_endpoint_auth_method": "private_key_jwt"}, (400, "invalid_client_metadata")),
        ({"grant_types": ["authorization_code", "client_credentials"]}, (400, "invalid_client_metadata")),
    ],
)
def test_a_public_client_becomes_a_confidential_one_by_its_rules(
    public: Manager, members: dict[str, Any], refused: tuple[int, str]
) -> None:
    before = everything(public.software.client_id)
    assert error(public.change(**members)) == refused
    assert everything(public.software.client_id) == before


@pytest.mark.parametrize(
    ("members", "refused"),
    [
        ({"redirect_uris": [LOOPBACK]}, (400, "invalid_redirect_uri")),
        (
            PUBLIC | {"grant_types": ["client_credentials"], "redirect_uris": None, "response_types": None},
            (400, "invalid_client_metadata"),
        ),
    ],
)
def test_a_confidential_client_becomes_a_public_one_by_its_rules(
    confidential: Manager, members: dict[str, Any], refused: tuple[int, str]
) -> None:
    before = everything(confidential.software.client_id)
    assert error(confidential.change(**members)) == refused
    assert everything(confidential.software.client_id) == before


def test_whoever_goes_all_the_way_has_what_belongs_there(public: Manager, acme: Organization) -> None:
    """A secret with the method that needs one, none with the other; and the old one never works again."""
    uris = [f"https://app.{acme.slug}.example/cb"]
    made = public.change(redirect_uris=uris, **CONFIDENTIAL).json()
    assert made["client_secret"].startswith("pcs_")
    assert made["client_secret_expires_at"] == 0
    back = public.change(redirect_uris=[LOOPBACK], **PUBLIC).json()
    assert "client_secret" not in back
    assert not ClientSecret.objects.filter(client=public.software.row, ended_at=None).exists()
    again = public.change(redirect_uris=uris, **CONFIDENTIAL).json()
    assert again["client_secret"] != made["client_secret"]
