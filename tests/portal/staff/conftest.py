"""Staff who sign in, and something for them to look at."""

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
def draft(db: None) -> Organization:
    return world.organization("juniper", active=False)


@pytest.fixture
def stan(db: None) -> Client:
    """A partner manager."""
    return as_role(Role.PARTNER_MANAGER)


@pytest.fixture
def paul(db: None) -> Client:
    """An approver."""
    return as_role(Role.APPROVER)


@pytest.fixture
def sofia(db: None) -> Client:
    """A security officer."""
    return as_role(Role.SECURITY_OFFICER)


@pytest.fixture
def ada(db: None) -> Client:
    """An auditor."""
    return as_role(Role.AUDITOR)
