"""Roles and databases: the owner makes tables, the application only uses them.

concordat_owner  owns every database and table, runs migrations, no superuser
concordat_app    owns nothing; may read and write rows, so that triggers and missing rights bind it
"""

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

OWNER = "concordat_owner"
APPLICATION = "concordat_app"
DATABASE = "concordat"
MAINTENANCE = "postgres"
LEAVING_TRIES, LEAVING_SECONDS = 20, 0.1


@contextmanager
def administering(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection in autocommit, as CREATE DATABASE wants it."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def with_database(url: str, name: str) -> str:
    """The same server, role and options, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def name_of(url: str) -> str:
    """The database that a URL names."""
    return unquote(urlsplit(url).path.lstrip("/"))


def make_roles(
    superuser_url: str, *, owner_password: str, application_password: str, may_create: bool
) -> None:
    """Make both roles, or set their passwords again. `may_create` lets the owner make databases (tests)."""
    create = sql.SQL("CREATEDB" if may_create else "NOCREATEDB")
    with administering(superuser_url) as connection:
        for role, password, rights in (
            (OWNER, owner_password, create),
            (APPLICATION, application_password, sql.SQL("NOCREATEDB")),
        ):
            verb = sql.SQL("ALTER" if _exists(connection, "pg_roles", "rolname", role) else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEROLE {} PASSWORD {}").format(
                    verb, sql.Identifier(role), rights, sql.Literal(password)
                )
            )


def make_database(superuser_url: str, name: str) -> bool:
    """Make the owner's database `name` with the application's rights on all that the owner makes in it later.

    Returns False, and changes nothing, when it exists.
    """
    with administering(superuser_url) as connection:
        if _exists(connection, "pg_database", "datname", name):
            return False
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        )
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(name), sql.Identifier(APPLICATION)
            )
        )
    with administering(with_database(superuser_url, name)) as connection:
        _grant_default_rights(connection)
    return True


def _grant_default_rights(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    rights = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} ON {} TO {}")
    for granted, kind in (("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE, SELECT", "SEQUENCES")):
        connection.execute(
            rights.format(sql.Identifier(OWNER), sql.SQL(granted), sql.SQL(kind), sql.Identifier(APPLICATION))
        )


def clone_database(owner_url: str, template: str, name: str) -> None:
    """Copy `template`, to which nobody may be connected, as the owner; rights on its tables come with it."""
    with administering(with_database(owner_url, MAINTENANCE)) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        # Rights on the database itself are not copied.
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(name), sql.Identifier(APPLICATION)
            )
        )


def drop_database(owner_url: str, name: str) -> None:
    """Drop `name` and whoever is connected to it; nothing happens when there is none.

    The owner may not end sessions of the application's role: those that are closing get a moment for it.
    """
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with administering(with_database(owner_url, MAINTENANCE)) as connection:
        for _ in range(LEAVING_TRIES):
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                connection.execute(drop)
                return
            time.sleep(LEAVING_SECONDS)
        connection.execute(drop)


def _exists(
    connection: "psycopg.Connection[tuple[object, ...]]", catalogue: str, column: str, name: str
) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier(catalogue), sql.Identifier(column)
    )
    return connection.execute(query, [name]).fetchone() is not None
