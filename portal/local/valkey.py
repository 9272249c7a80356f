"""One Valkey server as our direct child, reachable over a Unix socket only. Holds nothing PostgreSQL does not know."""

import socket
import time
from pathlib import Path

from portal.local.errors import NotReady
from portal.local.places import make_own_folder, valkey_program
from portal.local.processes import POLL_SECONDS, Child

READY_SECONDS = 15.0


class Valkey:
    """The server that serves the append-only file in `data` on a socket in `sockets`.

    durable=False keeps nothing on disk.
    """

    def __init__(self, data: Path, *, sockets: Path, log: Path, durable: bool = True) -> None:
        self._data = data
        self._sockets = sockets
        self.socket = sockets / "valkey.sock"
        self.child = Child(
            name="broker",
            command=[
                str(valkey_program()),
                *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                *("--dir", str(data), "--appendonly", "yes" if durable else "no", "--save", ""),
                *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
            ],
            log=log,
            environment={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
        )

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def start(self) -> None:
        """Start it and return when it answers; a file cut short by a kill is repaired by the server."""
        make_own_folder(self._sockets, mode=0o700)
        make_own_folder(self._data, mode=0o700)
        self.socket.unlink(missing_ok=True)
        self.child.start()
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            self.child.require_alive()
            if time.monotonic() > deadline:
                raise NotReady(self.child.name, READY_SECONDS, self.child.log, self.child.tail())
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop it with SIGTERM and wait."""
        self.child.stop()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")  # -LOADING while it reads its file
            except OSError:
                return False
