"""The real web server on a loopback port, and the client that tests talk to it with."""

import contextlib
import datetime
import json as jsonlib
import re
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3

from portal.local import programs
from portal.local.certificates import server_certificate

TOKEN_FIELD = "csrfmiddlewaretoken"
TOKEN = re.compile(rf'name="{TOKEN_FIELD}" value="([^"]+)"')
Headers = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read to its end."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return jsonlib.loads(self.body)


@dataclass(frozen=True, slots=True)
class Live:
    """A running server. Safe to use from many threads; follows no redirect and keeps no cookie (see `browser`)."""

    base_url: str
    port: int
    ca_file: Path
    environment: Mapping[str, str]
    pool: urllib3.PoolManager = field(repr=False)

    @property
    def issuer(self) -> str:
        return self.base_url

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        return self.request("POST", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Headers = (),
        body: bytes | str | None = None,
        json: Any = None,
        form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        bearer: str | None = None,
        basic: tuple[str, str] | None = None,
        timeout: float = 10.0,
    ) -> Answer:
        """Send one request. At most one of body, json, form; repeated headers are sent as they are given."""
        sent = urllib3.HTTPHeaderDict()
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            sent.add(name, value)
        if json is not None:
            body = jsonlib.dumps(json)
            sent.setdefault("Content-Type", "application/json")
        if form is not None:
            body = urlencode(form)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        if basic is not None:
            sent["Authorization"] = "Basic " + b64encode(":".join(basic).encode()).decode()
        return self._send(method, path, sent, body, timeout)

    def _send(
        self,
        method: str,
        path: str,
        headers: urllib3.HTTPHeaderDict,
        body: bytes | str | None,
        timeout: float,
    ) -> Answer:
        started = time.monotonic()
        answer = self.pool.request(
            method,
            self.base_url + path,
            body=body,
            headers=headers,
            timeout=timeout,
            redirect=False,
            retries=False,
        )
        return Answer(answer.status, answer.headers, answer.data, time.monotonic() - started)

    def raw(self, request: bytes, *, timeout: float = 10.0) -> bytes:
        """Send these bytes over TLS, whatever they are, and return all that comes back until the server closes.

        The request has to ask for `Connection: close`, or the answer ends with the timeout.
        """
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as channel,
        ):
            channel.sendall(request)
            received = b""
            with contextlib.suppress(TimeoutError):
                while part := channel.recv(65536):
                    received += part
            return received

    @contextlib.contextmanager
    def browser(self) -> Iterator["Browser"]:
        """A person's session: cookies, no redirects followed unless asked for."""
        with Browser(self) as session:
            yield session


class Browser(requests.Session):
    """A session against one live server. URLs are paths; the form token of the last page goes with each post."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live
        self.verify = str(live.ca_file)
        self.trust_env = False
        self.headers["Referer"] = f"{live.base_url}/"
        self.token = ""

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("allow_redirects", False)
        options.setdefault("timeout", 10)
        path = url.decode() if isinstance(url, bytes) else url
        address = self.live.base_url + path if path.startswith("/") else path
        answer = super().request(method, address, *args, **options)
        found = TOKEN.search(answer.text)
        self.token = found.group(1) if found else self.token
        return answer

    def submit(self, path: str, **fields: str) -> requests.Response:
        """Post a form as its page would: with the token that the page held."""
        return self.post(path, data={TOKEN_FIELD: self.token} | fields)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(environment: Mapping[str, str], folder: Path, *, workers: int = 2) -> Iterator[Live]:
    """Run the web server with TLS on the port of CONCORDAT_ISSUER; the environment chooses the database."""
    base_url = environment["CONCORDAT_ISSUER"]
    port = int(base_url.rpartition(":")[2])
    files = server_certificate(folder, folder, now=datetime.datetime.now(datetime.UTC))
    child = programs.web_server(environment, port=port, files=files, log=folder / "web.log", workers=workers)
    child.start()
    try:
        programs.wait_until_ready(child, port, files.authority)
        with reaching(environment, files.authority) as live:
            yield live
    finally:
        child.stop()


@contextlib.contextmanager
def reaching(environment: Mapping[str, str], ca_file: Path) -> Iterator[Live]:
    """The client of the web server that runs at CONCORDAT_ISSUER."""
    base_url = environment["CONCORDAT_ISSUER"]
    with urllib3.PoolManager(maxsize=64, ca_certs=str(ca_file)) as pool:
        yield Live(base_url, int(base_url.rpartition(":")[2]), ca_file, environment, pool)
