"""The pool of connections outlives a restart of PostgreSQL without an answer that fails."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest

from portal.config.environment import database
from portal.config.postgresql.base import DatabaseWrapper, is_alive
from portal.local import databases
from tests.together import poll

Clone = Callable[[], AbstractContextManager[str]]
AT_ONCE = 3


@pytest.fixture
def url(clone_database: Clone) -> Iterator[str]:
    with clone_database() as name:
        yield databases.with_database(os.environ["DATABASE_URL"], name)


@contextmanager
def wrappers(url: str) -> Iterator[list[DatabaseWrapper]]:
    """As many as there are requests at once, on one pool."""
    made = [DatabaseWrapper(_settings(url), alias="default") for _number in range(AT_ONCE)]
    try:
        yield made
    finally:
        for one in made:
            one.close()
        made[0].close_pool()


def _settings(url: str) -> dict[str, object]:
    rest = {"AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "CONN_HEALTH_CHECKS": False, "TIME_ZONE": None}
    return database(url, pool=True, pool_size=AT_ONCE) | rest


def use(all_of_them: list[DatabaseWrapper]) -> list[int]:
    """Take as many connections at once as there are, ask each for its process, and give them back."""
    processes = [_process(one) for one in all_of_them]
    for one in all_of_them:
        one.close()
    return processes


def _process(one: DatabaseWrapper) -> int:
    with one.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_connections_that_the_server_ended_are_not_handed_out(url: str) -> None:
    with wrappers(url) as pool:
        before = use(pool)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(one) FROM unnest(%s::int[]) AS one", [before])
            poll(lambda: not _any_lives(other, before), "they do not end")
        after = use(pool)
    assert len(set(after)) == AT_ONCE
    assert not set(before) & set(after)


def _any_lives(other: "psycopg.Connection[tuple[object, ...]]", processes: list[int]) -> bool:
    alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)"
    return other.execute(alive, [processes]).fetchone() != (0,)


def test_connections_that_live_are_kept(url: str) -> None:
    with wrappers(url) as pool:
        assert set(use(pool)) == set(use(pool))


def test_a_word_of_the_server_is_not_its_end(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as idle:
        idle.execute("LISTEN word")
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("NOTIFY word")
        assert is_alive(idle)
