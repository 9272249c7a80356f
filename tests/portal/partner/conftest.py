"""Acme with Alice and Bob, and Carol of another organization."""

import pytest
from django.test import Client

from registry.models import Organization
from registry.roles import Role
from tests import world
from tests.portal.signed_in import as_role


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization("acme", production_review="one_person")


@pytest.fixture
def other(db: None) -> Organization:
    return world.organization("other")


@pytest.fixture
def alice(acme: Organization) -> Client:
    """Admin of Acme."""
    return as_role(Role.ORGANIZATION_ADMIN, acme)


@pytest.fixture
def bob(acme: Organization) -> Client:
    """Developer of Acme."""
    return as_role(Role.ORGANIZATION_DEVELOPER, acme)


@pytest.fixture
def carol(other: Organization) -> Client:
    """Admin of another organization."""
    return as_role(Role.ORGANIZATION_ADMIN, other)
