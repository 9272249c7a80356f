"""The officer's drill: the database is saved, restored elsewhere and proved; a restore that is not true is found."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from portal.config.environment import database
from portal.drill import DrillFailed, run
from portal.local import databases, places
from portal.local.bootstrap import ROOT
from registry import clock, fingerprints, queries, transparency
from registry.actors import Viewer
from registry.events import Event
from registry.roles import Role
from tests import side_by_side, world
from tests.portal.signed_in import enrolled

OTHER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
ANOTHER_KEY = "OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="
Clone = Callable[[], AbstractContextManager[str]]


@pytest.fixture
def saved(clone_database: Clone) -> Iterator[str]:
    """A database with a partner, a person with a second factor, and a signed log; and what was signed."""
    with clone_database() as name:
        world.initial_access_token(world.organization())
        enrolled(world.person(Role.APPROVER))
        transparency.sequence(now=clock.now())
        yield name


@contextmanager
def empty_database() -> Iterator[str]:
    """The URL of an empty database of the owner's."""
    owner, name = os.environ["DATABASE_OWNER_URL"], f"drill_{os.getpid()}"
    with databases.administering(databases.with_database(owner, databases.MAINTENANCE)) as session:
        session.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]  # a name of ours
    try:
        yield databases.with_database(owner, name)
    finally:
        databases.drop_database(owner, name)


def drill(into: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    name = str(connection.settings_dict["NAME"])
    ours = {
        "DATABASE_URL": side_by_side.url(),
        "DATABASE_OWNER_URL": databases.with_database(os.environ["DATABASE_OWNER_URL"], name),
    }
    programs = places.postgres_place(Path(os.devnull)).binaries
    return subprocess.run(
        [sys.executable, "manage.py", "drill", "--into", into, "--programs", str(programs)],
        cwd=ROOT,
        env=os.environ | ours | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_comes_back_is_proved_and_recorded(saved: str) -> None:
    with empty_database() as into:
        answer = drill(into)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert [line.split("  ")[0] for line in answer.stdout.splitlines()[:-1]] == ["holds"] * 5
    assert "1 of 1 read" in answer.stdout
    told = queries.audit_events(Viewer(Role.AUDITOR, None)).filter(action=Event.BACKUP_PROVED)
    assert set(told.get().after["seconds"]) == {"dump", "restore", "prove"}


def test_a_loss_and_wrong_keys_are_found(saved: str) -> None:
    """The end of the log is lost in the database itself, and the keys are not those that it was filled with."""
    fingerprints.remember(clock.now())
    owner = databases.with_database(os.environ["DATABASE_OWNER_URL"], saved)
    with psycopg.connect(owner) as session:
        session.execute("ALTER TABLE registry_auditleaf DISABLE TRIGGER USER")
        session.execute(
            "DELETE FROM registry_auditleaf WHERE number = (SELECT max(number) FROM registry_auditleaf)"
        )
        session.execute("ALTER TABLE registry_auditleaf ENABLE TRIGGER USER")
    with empty_database() as into:
        answer = drill(into, CREDENTIAL_KEY=OTHER_KEY, FACTOR_KEY=ANOTHER_KEY)
    assert answer.returncode == 1, answer.stderr
    failed = [line.partition(":")[0] for line in answer.stdout.splitlines() if line.startswith("FAILS")]
    assert failed == ["FAILS  CREDENTIAL_KEY fits", "FAILS  FACTOR_KEY fits", "FAILS  the audit log is true"]
    assert "0 of 1 read" in answer.stdout
    assert "What came back is not what was saved." in answer.stderr


def test_a_database_that_holds_something_is_left_alone(saved: str) -> None:
    with pytest.raises(DrillFailed, match="has tables"):
        run(side_by_side.url(), programs=None)


def test_a_program_that_is_missing_is_told(saved: str, settings: Any, tmp_path: Path) -> None:
    settings.DATABASE_OF_OWNER = database(side_by_side.url(), pool=False, pool_size=0)
    with empty_database() as into, pytest.raises(DrillFailed, match="Install PostgreSQL's client programs"):
        run(into, programs=tmp_path)
