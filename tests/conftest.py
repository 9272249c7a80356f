"""Engines, databases and the live server.

Every run stands on a real PostgreSQL and a real Valkey: those of DATABASE_URL and REDIS_URL when the environment
names them, else throw-away ones (portal.local.throwaway). The database of DATABASE_URL is migrated and then only a
template, to which nobody connects; tests work on clones of it, as the role that owns no table:

django_db, db     one clone with an operator and a few organizations, each test is rolled back
live_db           another clone, commits stay; live_server serves this one
clone_database    a clone of its own for a test that needs to begin with an empty one

Nobody cleans up after live_db: the audit's triggers refuse it. Tests make their own, uniquely named organizations.
"""

import atexit
import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NoReturn

import django
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from portal.local import databases, programs, throwaway
from portal.local.places import make_own_folder
from tests.live import Live, free_port, serving

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
CLONES = f"test_{os.getpid()}_"
COUNT = itertools.count()


def _prepare_environment() -> None:
    """Set what portal.config.settings reads; it is imported after this file."""
    if "DATABASE_URL" not in os.environ:
        engines = throwaway.Throwaway()
        atexit.register(engines.dispose)
        signal.signal(signal.SIGTERM, _exit)
        engines.start()
        os.environ |= engines.engines.environment(deployment="test", issuer="https://localhost")
    elif not WORKER:
        _require_test_deployment()
        programs.migrate(os.environ)
    os.environ["CONCORDAT_ISSUER"] = f"https://localhost:{free_port()}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.config.settings"
    django.setup()
    settings.PASSWORD_HASHERS = ["tests.weak_scrypt.WeakScrypt"]


def _exit(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


def _require_test_deployment() -> None:
    if os.environ.get("CONCORDAT_DEPLOYMENT") != "test":
        pytest.exit("DATABASE_URL is set: set CONCORDAT_DEPLOYMENT=test if tests may use it.", 4)


_prepare_environment()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse what does not go together, and let each process start with what only it has to bring up."""
    _refuse_mixtures(items)
    journeys, pages, others = (_inside(items, room) for room in ("journeys", "browser", ""))
    before_the_second_half = max(0, len(items) // 2 - len(journeys))
    items[:] = [
        *journeys,
        *others[:before_the_second_half],
        *pages,
        *others[before_the_second_half:],
    ]


def _inside(items: list[pytest.Item], room: str) -> list[pytest.Item]:
    """Those of one room, or of none that brings up something dear, in the order that chance gave them."""
    dear = {"journeys", "browser"}
    return [
        item
        for item in items
        if (item.path.parent.name == room if room else item.path.parent.name not in dear)
    ]


def _refuse_mixtures(items: list[pytest.Item]) -> None:
    """Refuse what would end in a TRUNCATE, or in a test that cannot see the server's rows."""
    for item in items:
        mark = item.get_closest_marker("django_db")
        fixtures = getattr(item, "fixturenames", ())
        if (mark and mark.kwargs.get("transaction")) or "transactional_db" in fixtures:
            raise pytest.UsageError(f"{item.nodeid}: use live_db or clone_database, nothing may truncate")
        if {"live_server", "live_db"} & set(fixtures) and (mark or "db" in fixtures):
            raise pytest.UsageError(f"{item.nodeid}: live_server goes with live_db, not with django_db")


@contextmanager
def _clone(suffix: str) -> Iterator[str]:
    owner_url = os.environ["DATABASE_OWNER_URL"]
    name = CLONES + suffix
    databases.clone_database(owner_url, databases.name_of(os.environ["DATABASE_URL"]), name)
    try:
        yield name
    finally:
        databases.drop_database(owner_url, name)


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    """Point Django's default connection, in every thread, at this database."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The clone that ordinary database tests roll back on; what most of them begin with is in it."""
    from tests import world

    with _clone("rolled_back") as name, _connected_to(name):
        with django_db_blocker.unblock():
            world.prepare()
        yield


@pytest.fixture(scope="session")
def live_database() -> Iterator[str]:
    """The name of the clone that keeps what is committed."""
    with _clone("live") as name:
        yield name


@pytest.fixture
def live_db(
    live_database: str, django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Django's default connection on the live clone, with commits; threads must close their own connections."""
    with django_db_blocker.unblock(), _connected_to(live_database):
        yield


@pytest.fixture(scope="session")
def live_server(live_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The real web server, two processes, TLS, on the live clone."""
    folder = tmp_path_factory.mktemp("live")
    environment = dict(os.environ) | {
        "DATABASE_URL": databases.with_database(os.environ["DATABASE_URL"], live_database),
        "DATABASE_POOL": "1",
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(folder / "mail"),
        "PROMETHEUS_MULTIPROC_DIR": str(make_own_folder(folder / "metrics", mode=0o700)),
    }
    with serving(environment, folder) as live:
        yield live


@pytest.fixture
def _live_server_helper() -> None:
    """Take the place of pytest-django's own, which would flush the database after each test."""


@pytest.fixture
def clone_database(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Callable[[], AbstractContextManager[str]]:
    """`with clone_database() as name:` gives a migrated, empty database and points Django at it, with commits."""

    @contextmanager
    def clone() -> Iterator[str]:
        with _clone(f"own_{next(COUNT)}") as name, django_db_blocker.unblock(), _connected_to(name):
            yield name

    return clone
