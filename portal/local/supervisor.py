"""Start children in order, watch them, stop them in order: Ctrl-C and SIGTERM end the watch, not the order."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from portal.local.processes import Child, Register

WATCH_SECONDS = 0.5
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Our own programs; the engines under them are started and stopped by engines.Engines."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._children: list[Child] = []

    def start(self, child: Child) -> None:
        """Start it and remember it for the run that may have to clean up after us."""
        child.start()
        self._children.append(child)
        self._register.add(child)

    def watch(self, *others: Child) -> NoReturn:
        """Return never: raises KeyboardInterrupt when told to end, ChildDied when a child did by itself."""
        while True:
            for child in (*others, *self._children):
                child.require_alive()
            time.sleep(WATCH_SECONDS)

    def stop(self) -> None:
        """Stop what was started, first started first: nobody asks the web server for more, then the rest drains."""
        for child in self._children:
            child.stop()
        self._children.clear()


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP become KeyboardInterrupt, as Ctrl-C is."""
    before = {number: signal.signal(number, _interrupt) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """While children are being stopped, a second Ctrl-C does not leave half of them running."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
