"""RFC 9112 §6.3, §11.2: a request whose end two readers see in two places, and other raw requests. Never 5xx."""

import pytest

from tests import world
from tests.attacks.attempts import Intruder
from tests.live import Live

pytestmark = pytest.mark.usefixtures("live_db")
HEAD = b"POST /register HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/json\r\nConnection: close\r\n"
BODY = b'{"grant_types":["client_credentials"],"scope":"accounts:read"}'
RAW = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 62\r\n\r\n" + BODY,
    "a length and chunks": b"Content-Length: 62\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + BODY,
    "chunks in disguise": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"Content-Length: -1\r\n\r\n" + BODY,
    "a signed length": b"Content-Length: +62\r\n\r\n" + BODY,
    "a length in hex": b"Content-Length: 0x3e\r\n\r\n" + BODY,
    "a length too long": b"Content-Length: 99999999999999999999\r\n\r\n" + BODY,
    "a length in other digits": "Content-Length: \u0666\u0662\r\n\r\n".encode() + BODY,
    "no length": b"\r\n" + BODY,
    "a folded header": b"Content-Length: 62\r\n X: y\r\n\r\n" + BODY,
    "a header without a colon": b"Content-Length\r\n\r\n" + BODY,
    "a space before the colon": b"Content-Length : 62\r\n\r\n" + BODY,
    "a bare line feed": b"Content-Length: 62\nX: y\r\n\r\n" + BODY,
    "a NUL": b"X: \x00\r\nContent-Length: 62\r\n\r\n" + BODY,
    "a huge header": b"X: " + b"a" * 100_000 + b"\r\nContent-Length: 62\r\n\r\n" + BODY,
    "many headers": b"X: y\r\n" * 2000 + b"Content-Length: 62\r\n\r\n" + BODY,
    "an expectation": b"Expect: 200-ok\r\nContent-Length: 62\r\n\r\n" + BODY,
    "an upgrade": b"Upgrade: h2c\r\nContent-Length: 62\r\n\r\n" + BODY,
    "a compressed body": b"Content-Encoding: gzip\r\nContent-Length: 62\r\n\r\n" + BODY,
}


@pytest.mark.parametrize("name", RAW)
def test_is_refused_or_read_as_one(live_server: Live, name: str) -> None:
    intruder = Intruder(live_server, max_uses=5)
    head = HEAD % live_server.port + b"Authorization: Bearer %s\r\n" % intruder.token.encode()
    received = live_server.raw(head + RAW[name], timeout=5)
    answers = [part for part in received.split(b"HTTP/1.1 ")[1:] if part[:1].isdigit()]
    assert len(answers) <= 1
    assert all(not part.startswith(b"5") for part in answers)
    assert intruder.left_behind()["clients"] <= 1


def chunked(*parts: bytes) -> bytes:
    """A body in chunks (RFC 9112 §7.1)."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


class TestChunks:
    """A body without a length is read, and judged like any other; Django alone would take it for empty."""

    def register(self, live: Live, body: bytes) -> tuple[bytes, Intruder]:
        intruder = Intruder(live, max_uses=5)
        head = HEAD % live.port + b"Authorization: Bearer %s\r\n" % intruder.token.encode()
        return live.raw(head + body, timeout=5), intruder

    @pytest.mark.parametrize("parts", [(BODY,), (BODY[:10], BODY[10:]), tuple(bytes([c]) for c in BODY)])
    def test_are_one_body(self, live_server: Live, parts: tuple[bytes, ...]) -> None:
        received, intruder = self.register(live_server, chunked(*parts))
        assert received.startswith(b"HTTP/1.1 201 ")
        assert intruder.left_behind()["clients"] == 1

    def test_without_a_chunk_are_an_empty_body(self, live_server: Live) -> None:
        received, intruder = self.register(live_server, chunked())
        assert received.startswith(b"HTTP/1.1 400 ")
        assert intruder.nothing_left()

    def test_nothing_after_the_last_is_read(self, live_server: Live) -> None:
        received, intruder = self.register(live_server, chunked(BODY) + BODY)
        assert received.count(b"HTTP/1.1 2") == 1
        assert intruder.left_behind()["clients"] == 1

    @pytest.mark.parametrize("octets", [65_537, 200_000, 900_000])
    def test_beyond_the_limit_are_too_large(self, live_server: Live, octets: int) -> None:
        parts = [b" " * 50_000] * (octets // 50_000) + [b" " * (octets % 50_000) or b" "]
        received, intruder = self.register(live_server, chunked(*parts))
        assert received.startswith(b"HTTP/1.1 413 ")
        assert intruder.nothing_left()

    def test_carry_forms_too(self, live_server: Live) -> None:
        head = b"POST /token HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n" % live_server.port
        form = b"Content-Type: application/x-www-form-urlencoded\r\n" + chunked(
            b"grant_type=", b"nonsense&client_id=c"
        )
        assert b"grant_type is not offered" in live_server.raw(head + form, timeout=5)

    def test_without_chunks_and_length_there_is_no_body(self, live_server: Live) -> None:
        received, _ = self.register(live_server, b"\r\n")
        assert received.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /",
        b"POST /token",
        b"POST /token HTTP/0.9",
        b"POST /token HTTP/2.0",
        b"post /token HTTP/1.1",
        b"POST  /token HTTP/1.1",
        b"POST /token?\x00 HTTP/1.1",
        b"POST /%00 HTTP/1.1",
        b"POST /register/%ff HTTP/1.1",
        b"POST /register/..%2ftoken HTTP/1.1",
        b"POST //token HTTP/1.1",
        b"POST /./token HTTP/1.1",
        b"POST https://evil.example/token HTTP/1.1",
        b"POST * HTTP/1.1",
        b"CONNECT evil.example:443 HTTP/1.1",
        b"BREW /token HTTP/1.1",
    ],
)
def test_odd_request_lines_are_no_server_error(live_server: Live, request_line: bytes) -> None:
    world.operator()
    host = b"Host: localhost:%d\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % live_server.port
    received = live_server.raw(request_line + b"\r\n" + host, timeout=5)
    assert b" 5" not in received[:13]
