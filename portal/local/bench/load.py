"""The other side of the wire: keep-alive connections in processes of their own that send prepared bytes.

Speaks as little HTTP as the two servers need, so that the generator takes little of the machine it shares with them.
"""

import multiprocessing
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError

from portal.local.bench.bed import HOST
from portal.local.errors import CannotRun

TIMEOUT_SECONDS = 120.0  # a disk that others use may keep every commit waiting
FORK = multiprocessing.get_context("fork")


class WrongAnswer(CannotRun):
    """A request of the bench was answered otherwise than it has to be: figures about it would say nothing."""

    def __init__(self, answer: "Answer") -> None:
        super().__init__(
            f"The bench was answered {answer.status}: {answer.body[:400].decode(errors='replace')}"
        )


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """One request as bytes, and what its answer has to be: a status, and a piece of the body."""

    octets: bytes = field(repr=False)
    status: int = 200
    contains: bytes = b""

    def fits(self, answer: Answer) -> bool:
        return answer.status == self.status and self.contains in answer.body


@dataclass(frozen=True, slots=True)
class Driven:
    """What came of a batch: seconds from first request to last answer, and each request's latency in ms."""

    seconds: float
    latencies: list[float]

    @property
    def requests(self) -> int:
        return len(self.latencies)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Channel:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, octets: bytes) -> Answer:
        """Send one request and read its answer to the end. Raises ConnectionError when the server closes."""
        self._socket.sendall(octets)
        head = self._until(b"\r\n\r\n")
        length = _length(head)
        body = self._chunked() if length is None else self._take(length)
        return Answer(int(head[9:12]), body)

    def close(self) -> None:
        self._socket.close()

    def _until(self, mark: bytes) -> bytes:
        while (end := self._rest.find(mark)) < 0:
            self._receive()
        head, self._rest = self._rest[:end], self._rest[end + len(mark) :]
        return head

    def _take(self, length: int) -> bytes:
        while len(self._rest) < length:
            self._receive()
        body, self._rest = self._rest[:length], self._rest[length:]
        return body

    def _chunked(self) -> bytes:
        parts = []
        while size := int(self._until(b"\r\n"), 16):
            parts.append(self._take(size + 2)[:-2])
        self._take(2)
        return b"".join(parts)

    def _receive(self) -> None:
        part = self._socket.recv(65536)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._rest += part


def _length(head: bytes) -> int | None:
    """Content-Length, or None for an answer in chunks; 204 has no body (RFC 9110 §15.3.5)."""
    if head[9:12] == b"204":
        return 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return None


def drive(port: int, requests: Sequence[Prepared], *, connections: int, seconds: float) -> Driven:
    """Send the requests over so many connections at once, each in a process; raises WrongAnswer for the first."""
    barrier = FORK.Barrier(connections)
    shares = [requests[number::connections] for number in range(connections)]
    pipes = [_started(port, share, barrier, seconds) for share in shares]
    return _collected([part for pipe in pipes for part in _received(pipe)])


def _started(port: int, share: Sequence[Prepared], barrier: Barrier, seconds: float) -> Connection:
    ours, theirs = FORK.Pipe(duplex=False)
    FORK.Process(target=_work, args=(port, share, barrier, seconds, theirs), daemon=True).start()
    theirs.close()
    return ours


def _received(pipe: Connection) -> "list[tuple[float, float]]":
    found = pipe.recv()
    if isinstance(found, Answer):
        raise WrongAnswer(found)
    if isinstance(found, str):
        raise CannotRun(f"A connection of the bench broke ({found}); the server's log says why.")
    return list(found)


def _collected(spans: list[tuple[float, float]]) -> Driven:
    first, last = min(begun for begun, _ in spans), max(ended for _, ended in spans)
    return Driven(last - first, [(ended - begun) * 1000 for begun, ended in spans])


def _work(port: int, share: Sequence[Prepared], barrier: Barrier, seconds: float, pipe: Connection) -> None:
    """The child's whole life: what it sends is spans, the first answer that does not fit, or what broke."""
    try:
        pipe.send(_send_all(Channel(port), share, barrier, seconds))
    except (OSError, BrokenBarrierError) as error:
        pipe.send(str(error) or type(error).__name__)


def _send_all(
    channel: Channel, share: Sequence[Prepared], barrier: Barrier, seconds: float
) -> "list[tuple[float, float]] | Answer":
    """Wait for the others, ask, and tell begin and end of each request."""
    barrier.wait(TIMEOUT_SECONDS)
    deadline = time.monotonic() + seconds
    spans = []
    for request in share:
        begun = time.monotonic()
        answer = channel.ask(request.octets)
        spans.append((begun, time.monotonic()))
        if not request.fits(answer):
            return answer
        if spans[-1][1] > deadline:
            break
    return spans
