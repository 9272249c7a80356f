"""The protocol door within this process, and its clock."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry import clock, decisions
from registry.models import Organization, Registration, User
from registry.policy import presets
from registry.policy.presets import BASELINE
from registry.states import Environment
from tests import world
from tests.portal.protocol.holder import Manager
from tests.software import InProcess, Software, machine, register, somebody


@pytest.fixture
def door() -> InProcess:
    return InProcess()


@pytest.fixture
def acme(db: None) -> Organization:
    return world.organization()


@pytest.fixture
def user(db: None) -> User:
    return somebody()


@pytest.fixture
def app(door: InProcess, acme: Organization) -> Software:
    """Software that acts for people, with a secret."""
    return register(door, acme)


@pytest.fixture
def batch(door: InProcess, acme: Organization) -> Software:
    """Software without people, with a secret."""
    return machine(door, acme)


@pytest.fixture
def server(db: None) -> tuple[str, str]:
    return world.resource_server()


@pytest.fixture
def later(tmp_path: Path, settings: Any) -> Iterator[Callable[[int], None]]:
    """Move the clock of this process by so many seconds from now, as a local deployment may."""
    file = tmp_path / "offset"
    settings.REGISTRY = replace(settings.REGISTRY, clock_offset_file=str(file))
    clock._offset_file.cache_clear()
    yield lambda seconds: file.write_text(str(seconds)) and None
    clock._offset_file.cache_clear()


@pytest.fixture
def held(app: Software) -> Manager:
    return Manager(app)


@pytest.fixture
def careful(door: InProcess) -> Organization:
    """In its production one person decides."""
    return world.organization(production_review="one_person")


@pytest.fixture
def waiting(door: InProcess, careful: Organization) -> Manager:
    """A client in production, approved, of an organization whose changes wait."""
    software = register(door, careful, environment=Environment.PRODUCTION)
    row = Registration.objects.get(client__client_id=software.client_id)
    decisions.approve(row.pk, actor=world.PAUL, reason="known", now=world.now())
    return Manager(software)


@pytest.fixture
def preset(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(**parameters: Any) -> None:
        monkeypatch.setitem(presets.PRESETS, "baseline", replace(BASELINE, **parameters))

    return use
