"""The embedded servers: who may do what, what survives a kill, and under which account they run."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from portal.local import databases, places
from portal.local.bootstrap import ROOT
from portal.local.engines import Engines

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another account")
DISTRIBUTION_PYTHON = Path("/usr/bin/python3")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="concordat-engines-"))  # pytest's own are closed to `nobody`
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def engines(home: Path) -> Iterator[Engines]:
    made = Engines(home, durable=True)
    made.start()
    databases.make_database(made.postgres.superuser_url, databases.DATABASE)
    yield made
    made.stop()


class TestRoles:
    def test_owner_makes_tables_and_the_application_uses_them(self, engines: Engines) -> None:
        with psycopg.connect(engines.owner_url()) as owner:
            owner.execute("CREATE TABLE used (id bigint GENERATED ALWAYS AS IDENTITY, word text)")
        with psycopg.connect(engines.application_url()) as application:
            application.execute("INSERT INTO used (word) VALUES ('a')")
            application.execute("UPDATE used SET word = 'b'")
            application.execute("DELETE FROM used")

    @pytest.mark.parametrize(
        "statement", ["CREATE TABLE mine ()", "CREATE DATABASE mine", "CREATE ROLE mine"]
    )
    def test_application_makes_nothing(self, engines: Engines, statement: str) -> None:
        with (
            psycopg.connect(engines.application_url(), autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)  # type: ignore[call-overload]

    def test_application_cannot_switch_triggers_off(self, engines: Engines) -> None:
        with psycopg.connect(engines.owner_url()) as owner:
            owner.execute("CREATE TABLE guarded ()")
        with psycopg.connect(engines.application_url()) as connection:
            for statement in (
                b"ALTER TABLE guarded DISABLE TRIGGER ALL",
                b"TRUNCATE guarded",
                b"DROP TABLE guarded",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(statement)

    def test_a_wrong_password_is_refused(self, engines: Engines) -> None:
        url = engines.postgres.url(databases.APPLICATION, "wrong", databases.DATABASE)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url)


class TestPostgres:
    def test_keeps_its_data_through_a_kill(self, engines: Engines) -> None:
        with psycopg.connect(engines.owner_url()) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 1 AS one")
        child = engines.postgres.child
        assert child.process is not None
        child.process.kill()
        child.process.wait()
        engines.postgres.start()
        with psycopg.connect(engines.owner_url()) as owner:
            assert owner.execute("SELECT one FROM kept").fetchone() == (1,)

    def test_starts_again_after_a_stop(self, engines: Engines) -> None:
        engines.postgres.stop()
        engines.postgres.start()
        with psycopg.connect(engines.application_url()) as connection:
            assert connection.execute("SHOW data_checksums").fetchone() == ("on",)

    def test_listens_on_no_port(self, engines: Engines) -> None:
        with psycopg.connect(engines.application_url()) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)

    @ROOT_ONLY
    def test_runs_as_nobody_when_we_are_root(self, engines: Engines) -> None:
        assert engines.place.account is not None
        assert engines.place.data.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert Path(f"/proc/{engines.postgres.child.pid}").stat().st_uid == engines.place.account.uid


class TestValkey:
    def test_keeps_its_data_through_a_kill(self, engines: Engines) -> None:
        with redis.Redis(unix_socket_path=str(engines.valkey.socket)) as client:
            client.set("key", "value")
            assert client.waitaof(1, 0, 2000)[0] == 1
        child = engines.valkey.child
        assert child.process is not None
        child.process.kill()
        child.process.wait()
        engines.valkey.start()
        with redis.Redis(unix_socket_path=str(engines.valkey.socket)) as client:
            assert client.get("key") == b"value"


class TestFiles:
    def test_secrets_are_for_us_alone(self, engines: Engines) -> None:
        keys = engines.home / "keys"
        modes = {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()}
        assert (stat.S_IMODE(keys.stat().st_mode), modes) == (0o700, {0o600})

    def test_sockets_have_short_paths_in_closed_folders(self, engines: Engines) -> None:
        folder = engines.valkey.socket.parent
        assert len(str(engines.valkey.socket)) < places.SOCKET_PATH_LIMIT + 40
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_names_every_setting_of_the_contract(self, engines: Engines) -> None:
        environment = engines.environment(deployment="test", issuer="https://localhost:1")
        assert environment["DATABASE_URL"].startswith("postgresql://concordat_app:")
        assert environment["DATABASE_OWNER_URL"].startswith("postgresql://concordat_owner:")
        assert environment["REDIS_URL"].startswith("redis+socket:///")


class TestClosedCheckout:
    @ROOT_ONLY
    def test_is_served_from_elsewhere_and_no_mode_is_changed(self, tmp_path: Path, home: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        place = places.postgres_place(closed / "var", fallback=home / "fallback")
        assert place.moved_from is not None
        assert place.data.is_relative_to(home / "fallback")
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert subprocess.run([place.binaries / "postgres", "-V"], user="nobody", check=True, cwd="/")

    @ROOT_ONLY
    def test_open_checkout_keeps_its_data(self, home: Path) -> None:
        assert places.postgres_place(home / "var").data == home / "var" / "postgres"


@ROOT_ONLY
@pytest.mark.skipif(not DISTRIBUTION_PYTHON.exists(), reason="needs an interpreter that `nobody` may execute")
def test_an_ordinary_user_needs_no_other_account(home: Path) -> None:
    folder = home / "ordinary"
    folder.mkdir()
    shutil.chown(folder, "nobody", "nogroup")
    code = (
        "from pathlib import Path; from portal.local.engines import Engines;"
        f"e = Engines(Path({str(folder)!r})); e.start(); print(e.place.account); e.stop()"
    )
    answer = subprocess.run(
        [DISTRIBUTION_PYTHON, "-c", code],
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"},
        user="nobody",
        group="nogroup",
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stdout, answer.returncode) == ("None\n", 0), answer.stderr
