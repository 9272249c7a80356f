"""Migrations wait briefly for locks: nobody queues behind one that cannot go on, and it can be run again."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest

from portal.local import databases, programs
from portal.local.errors import StepFailed

LATEST_BUT_SOME = "0022_contained_by_for_each_scope"
TABLE = "registry_keyfingerprint"  # made by the next one


@pytest.fixture
def owner(clone_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """The owner's URL of a migrated database."""
    with clone_database() as name:
        yield databases.with_database(os.environ["DATABASE_OWNER_URL"], name)


def migrate(owner: str, *arguments: str) -> str:
    environment = os.environ | {"DATABASE_OWNER_URL": owner}
    return programs.run_command(environment, "migrate_as_owner", "--skip-checks", *arguments)


def has_table(owner: str) -> bool:
    with psycopg.connect(owner) as session:
        return session.execute("SELECT to_regclass(%s)", [TABLE]).fetchone() != (None,)


def test_one_that_cannot_have_its_lock_gives_up_and_can_be_run_again(owner: str) -> None:
    brief = ("--lock-seconds", "0.1", "--attempts", "1")
    with psycopg.connect(owner) as holding:
        holding.execute(f"LOCK TABLE {TABLE} IN ACCESS SHARE MODE")  # type: ignore[call-overload]  # as a long SELECT
        with pytest.raises(StepFailed, match="not recorded as done"):
            migrate(owner, *brief, "registry", LATEST_BUT_SOME)
        assert has_table(owner)
    migrate(owner, *brief, "registry", LATEST_BUT_SOME)
    assert not has_table(owner)
    migrate(owner)
    assert has_table(owner)


FOREIGN_KEY = """
SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND conrelid = 'registry_client'::regclass
AND confrelid = 'registry_organization'::regclass
"""


def test_a_client_refers_to_its_organization_again_where_that_was_lost(owner: str) -> None:
    with psycopg.connect(owner, autocommit=True) as session:
        migrate(owner, "registry", "0070_people_and_terms")
        assert session.execute(FOREIGN_KEY).fetchall() == [(True,)]
        session.execute(
            "ALTER TABLE registry_client"
            " DROP CONSTRAINT registry_client_organization_id_4563ae98_fk_registry_"
        )
        migrate(owner)
        assert session.execute(FOREIGN_KEY).fetchall() == [(True,)]
