"""The database engine of DATABASES: Django looks for its `DatabaseWrapper` here."""

import select
from collections.abc import Mapping
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

Pool = ConnectionPool[psycopg.Connection]


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, which after a restart of PostgreSQL would answer one failure for each idle connection of its pool.

    An end by the server can be read from an idle connection, and that question costs no exchange with the server as
    Django's CONN_HEALTH_CHECKS would. Not seen is an end of which nobody told us: a host that went without a word.
    """

    def get_new_connection(self, conn_params: Mapping[str, Any]) -> psycopg.Connection:
        """A connection that the server has not ended; psycopg's OperationalError when there is none in time."""
        found: psycopg.Connection = super().get_new_connection(conn_params)
        while self.pool and not is_alive(found):
            found.close()
            self.pool.putconn(found)
            found = super().get_new_connection(conn_params)
        return found


def is_alive(idle: psycopg.Connection) -> bool:
    """False when the server has ended it. The server is asked only if it has said something unasked."""
    if not _has_something_to_read(idle):
        return True
    try:
        Pool.check_connection(idle)
    except psycopg.OperationalError:
        return False
    return True


def _has_something_to_read(idle: psycopg.Connection) -> bool:
    waiting = select.poll()
    waiting.register(idle.fileno(), select.POLLIN)
    return bool(waiting.poll(0))
