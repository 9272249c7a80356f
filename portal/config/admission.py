"""Who is let in when a process has more to do than it can: revoke, introspect, token, register, portal, in this order.

A process works on a few requests at a time; the rest wait at this door, each kind in its own line. A place that becomes
free goes to the first line that has somebody. The waiting room is smaller for each kind than for the one before, so
that the last are sent away first: with 503 and Retry-After, before Django has seen anything of them. What they sent has
been taken whole by then (portal.config.bodies): a half-sent body waits before this door and holds no place.
"""

import threading
from collections import deque
from enum import IntEnum


class Kind(IntEnum):
    """Kinds of requests, from the first to survive to the last. Containing is of the kind that stops."""

    STOP = 0
    INTROSPECT = 1
    TOKEN = 2
    REGISTER = 3
    PORTAL = 4


ROOM = {Kind.STOP: 118, Kind.INTROSPECT: 112, Kind.TOKEN: 96, Kind.REGISTER: 80, Kind.PORTAL: 64}
PATIENCE_SECONDS = {
    Kind.STOP: 10.0,
    Kind.INTROSPECT: 10.0,
    Kind.TOKEN: 3.0,
    Kind.REGISTER: 3.0,
    Kind.PORTAL: 3.0,
}
THREADS = 128  # that the web server needs: all who may wait, all who work, and some who are told to come back

_NAMES = {
    "/revoke": Kind.STOP,
    "/introspect": Kind.INTROSPECT,
    "/token": Kind.TOKEN,
    "/register": Kind.REGISTER,
}


def kind_of(path: str) -> Kind | None:
    """What kind of request a path makes; None for those that are always let in: health and what is the same for all."""
    found = _NAMES.get(path)
    if found is not None:
        return found
    if path.startswith(("/healthz/", "/.well-known/")):
        return None
    if path.rstrip("/").endswith("/contain"):
        return Kind.STOP
    return Kind.REGISTER if path.startswith(("/api/", "/register/")) else Kind.PORTAL


class Admission:
    """The door of one process. `slots` requests are worked on at a time; the last two kinds leave one of them free."""

    def __init__(self, slots: int) -> None:
        spare = max(1, slots - 1)
        self._limits = (slots, slots, slots, spare, spare)
        self._lock = threading.Lock()
        self._lines: tuple[deque[threading.Lock], ...] = tuple(deque() for _ in Kind)
        self._busy = self._waiting = 0

    def enter(self, kind: Kind) -> bool:
        """Take a place, waiting for one if there is room to wait; False for who has to come back later."""
        with self._lock:
            if self._busy < self._limits[kind] and not any(self._lines[: kind + 1]):
                self._busy += 1
                return True
            if self._waiting >= ROOM[kind]:
                return False
            gate = threading.Lock()
            gate.acquire()
            self._lines[kind].append(gate)
            self._waiting += 1
        return gate.acquire(timeout=PATIENCE_SECONDS[kind]) or self._was_called(kind, gate)

    def _was_called(self, kind: Kind, gate: threading.Lock) -> bool:
        """Leave the line after waiting in vain; True when the place came at the last moment."""
        with self._lock:
            if gate not in self._lines[kind]:
                return True
            self._lines[kind].remove(gate)
            self._waiting -= 1
            return False

    def leave(self) -> None:
        """Give the place back, to whoever is next."""
        with self._lock:
            self._busy -= 1
            for line, limit in zip(self._lines, self._limits, strict=True):
                if line and self._busy < limit:
                    self._busy += 1
                    self._waiting -= 1
                    line.popleft().release()
                    return
