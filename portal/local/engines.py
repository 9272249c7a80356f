"""PostgreSQL and Valkey together, with their secrets, in one folder: what quickstart and the tests stand on."""

import os
import shutil
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from portal.local import databases, places, secret_files
from portal.local.postgres import DURABLE, THROWAWAY, Postgres
from portal.local.processes import Child
from portal.local.valkey import Valkey
from registry.signed_note import SigningKey

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
SOCKETS = "sockets"


def remove_sockets(home: Path) -> None:
    """Remove the folder of sockets that `home` points to, if a run left one behind."""
    pointer = home / SOCKETS
    if pointer.is_symlink():
        shutil.rmtree(pointer.readlink(), ignore_errors=True)
        pointer.unlink()


def inherited_environment() -> dict[str, str]:
    """Of our own environment, what any program needs to run."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


class Engines:
    """Both servers of one `home` folder.

    home/keys      secrets, mode 0600
    home/log       what the servers say
    home/postgres  the cluster (elsewhere when root's checkout is closed to others: places.py)
    home/valkey    the append-only file

    durable=False trades safety against power failure for speed and lets the owner make databases.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home
        self.place = places.postgres_place(home)
        self._durable = durable
        remove_sockets(home)
        self._runtime = places.runtime_folder()
        (home / SOCKETS).symlink_to(self._runtime)
        for name, mode in (("keys", 0o700), ("log", 0o700)):
            places.make_own_folder(home / name, mode=mode)
        self.postgres = Postgres(
            self.place,
            sockets=self._runtime / "db",
            log=home / "log" / "database.log",
            password=self.secret("database-superuser"),
            options=DURABLE if durable else THROWAWAY,
        )
        self.valkey = Valkey(
            home / "valkey", sockets=self._runtime / "mq", log=home / "log" / "broker.log", durable=durable
        )

    def secret(self, name: str) -> str:
        return secret_files.read_or_make(self.home / "keys" / name)

    def start(self, started: Callable[[Child], None] = lambda child: None) -> None:
        """Start both and make the roles; returns when both answer. `started` is told of each child."""
        self.postgres.start()
        started(self.postgres.child)
        self.valkey.start()
        started(self.valkey.child)
        databases.make_roles(
            self.postgres.superuser_url,
            owner_password=self.secret("database-owner"),
            application_password=self.secret("database-application"),
            may_create=not self._durable,
        )

    def stop(self) -> None:
        """Stop both, broker first, and remove the sockets."""
        self.valkey.stop()
        self.postgres.stop()
        remove_sockets(self.home)

    def owner_url(self, database: str = databases.DATABASE) -> str:
        return self.postgres.url(databases.OWNER, self.secret("database-owner"), database)

    def application_url(self, database: str = databases.DATABASE) -> str:
        return self.postgres.url(databases.APPLICATION, self.secret("database-application"), database)

    def environment(
        self, *, deployment: str, issuer: str, database: str = databases.DATABASE
    ) -> dict[str, str]:
        """All that portal.config.settings reads, and of our own environment only what programs need to run."""
        return inherited_environment() | {
            "DJANGO_SETTINGS_MODULE": "portal.config.settings",
            "CONCORDAT_DEPLOYMENT": deployment,
            "CONCORDAT_ISSUER": issuer,
            "CONCORDAT_CLOCK_OFFSET_FILE": str(self.home / "clock-offset"),
            "DATABASE_URL": self.application_url(database),
            "DATABASE_OWNER_URL": self.owner_url(database),
            "REDIS_URL": self.valkey.url,
            "SECRET_KEY": self.secret("django"),
            "CREDENTIAL_KEY": self.secret("credentials"),
            "FACTOR_KEY": self.secret("factors"),
            "AUDIT_KEY": self.secret("audit"),
            "AUDIT_PUBLIC_KEYS": self._audit_public_key(issuer),
            "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        }

    def _audit_public_key(self, issuer: str) -> str:
        """What `verify_audit` needs, which reads no key of ours."""
        seed = urlsafe_b64decode(self.secret("audit"))
        return str(SigningKey(f"{urlsplit(issuer).hostname}/audit", seed).verifier)
