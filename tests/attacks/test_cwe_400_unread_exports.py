"""CWE-400, CWE-410: exports of the audit log that are asked for and never read, so that nobody else is answered."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection

from registry.roles import Role
from tests import audit_log, world
from tests.live import TOKEN_FIELD, Live
from tests.portal.signed_in import as_role

pytestmark = pytest.mark.usefixtures("live_db")
CSRF = "f" * 32
CONNECTIONS = 16  # of both processes
EVENTS = 500  # 4 MB: more than sockets and the server hold for a reader


def asking(live: Live, path: str, session: str) -> bytes:
    body = urlencode({TOKEN_FIELD: CSRF, "reason": "x"}).encode()
    fields = {
        "Host": f"localhost:{live.port}",
        "Referer": f"{live.base_url}/",
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


@contextmanager
def unread(live: Live, request: bytes) -> Iterator[bytes]:
    """The first octets of an answer of which the rest is not read."""
    context = ssl.create_default_context(cafile=str(live.ca_file))
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(20)
    plain.connect(("127.0.0.1", live.port))
    with plain, context.wrap_socket(plain, server_hostname="localhost") as line:
        line.sendall(request)
        yield line.recv(100)


def held() -> int:
    """Connections of the application within a transaction, but this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%%'"
        )
        return int(cursor.fetchone()[0])


def test_keep_no_connection_from_anybody(live_server: Live) -> None:
    acme, service = world.organization(), world.service()
    audit_log.record(acme, EVENTS, text="x" * 8000)
    audit_log.sequence()
    session = as_role(Role.AUDITOR).session.session_key or ""
    request = asking(live_server, f"/staff/audit/export/?organization={acme.slug}", session)
    pair = (service.client_id, service.client_secret)
    with ExitStack() as kept:
        for _ in range(CONNECTIONS + 2):
            begun = kept.enter_context(unread(live_server, request))
            assert begun.startswith(b"HTTP/1.1 200 ")
        answer = live_server.post("/token", basic=pair, form={"grant_type": "client_credentials"})
        assert (answer.status, held()) == (200, 0)
