"""The only way out: one https GET to a public address, bounded in time and octets, told in named failures.

A name is resolved once, every address it has must be public, and the connection goes to one of them with the
name kept for SNI, Host and the certificate: a name that changes its mind between check and use changes nothing.
No redirect is followed, no compressed body is opened, no proxy of the environment is believed. What else may be
reached, loopback included, is named by the deployment (CONCORDAT_EGRESS_ALLOW).

Never called inside a transaction that holds a row: a slow peer would hold it, too.
"""

import os
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from threading import BoundedSemaphore, Thread
from typing import Any

import urllib3
from django.conf import settings
from urllib3 import exceptions

from registry import networks
from registry.fetch_failures import (
    AddressForbidden,
    CertificateRefused,
    ConnectionFailed,
    NameNotResolved,
    Redirected,
    TooLarge,
    TooSlow,
    UrlForbidden,
    WrongMediaType,
    WrongStatus,
)
from registry.policy import uri
from registry.policy.uri import Uri

MAXIMUM_URL_CHARACTERS = 2048

_POOLS = 256
_CONNECTIONS_OF_A_POOL = 8
_CHUNK = 16_384
_READ_AHEAD = 8192  # of the buffer through which http.client reads the head
_LOOKUPS = BoundedSemaphore(32)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost: seconds from the lookup to the last octet, octets of head and of body."""

    seconds: float = 5.0
    body_octets: int = 65_536
    header_octets: int = 16_384


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer with status 200. Names of headers are in lower case; the media type has no parameters."""

    url: str
    status: int
    media_type: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


Resolve = Callable[[str, int], Sequence[str]]


def system_addresses(host: str, port: int) -> list[str]:
    """The host's addresses as the system orders them (RFC 6724). Raises OSError."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def get(
    url: str,
    *,
    media_types: Collection[str],
    limits: Limits | None = None,
    resolve: Resolve = system_addresses,
) -> Fetched:
    """Fetch `url`. Raises FetchFailed, always one of its subclasses.

    media_types  what the Content-Type may be, in lower case and without parameters
    resolve      asked once; stands for the system's resolver

    Does not judge the body, follow a redirect, retry, or remember anything but the connection.
    """
    limits = limits or Limits()
    allowance = _Allowance(limits)
    target = _target(url)
    address = _address(target, resolve, allowance)
    bound = _ALLOWANCE.set(allowance)
    try:
        answer = _asked(target, address, media_types, allowance)
        return _read(url, answer, media_types, limits, allowance)
    except exceptions.NewConnectionError as cause:
        raise ConnectionFailed from cause
    except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError) as cause:
        raise TooSlow from cause
    except exceptions.SSLError as cause:
        raise CertificateRefused from cause
    except exceptions.HTTPError as cause:
        raise ConnectionFailed from cause
    finally:
        _ALLOWANCE.reset(bound)


# Whom to call


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a URL leads. `ca_file` is "" for the system's authorities; `is_allowed` by the deployment's own list."""

    host: str
    port: int
    path: str
    is_allowed: bool
    ca_file: str

    @property
    def name(self) -> str:
        """The host as it is asked for. A public name is absolute, so that no search list makes another one of it."""
        return self.host if self.is_allowed else f"{self.host}."

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"


def _target(url: str) -> _Target:
    parsed = uri.parse(url[: MAXIMUM_URL_CHARACTERS + 1])
    if not _is_plain(parsed) or len(url) > MAXIMUM_URL_CHARACTERS:
        raise UrlForbidden
    host, port = parsed.host.strip("[]"), int(parsed.port or 443)
    path = (parsed.path or "/") + ("" if parsed.query is None else f"?{parsed.query}")
    for peer in settings.REGISTRY.egress_allow:
        if (peer.host, peer.port) == (host, port):
            return _Target(host, port, path, is_allowed=True, ca_file=peer.ca_file)
    if port not in settings.REGISTRY.egress_ports or "." not in host or not uri.is_dns_name(parsed.host):
        raise UrlForbidden
    return _Target(host, port, path, is_allowed=False, ca_file="")


def _is_plain(parsed: Uri) -> bool:
    """https, a host, no user, no fragment, and no two ways to read it."""
    if parsed.problems or parsed.scheme != "https" or not parsed.host:
        return False
    return parsed.userinfo is None and parsed.fragment is None and parsed.port != "" and _is_port(parsed)


def _is_port(parsed: Uri) -> bool:
    return parsed.port is None or (len(parsed.port) <= 5 and 0 < int(parsed.port) < 65_536)


def _address(target: _Target, resolve: Resolve, allowance: "_Allowance") -> str:
    """One address to connect to, once all of them are found public."""
    addresses = _lookup(target, resolve, allowance)
    if not addresses:
        raise NameNotResolved
    if not target.is_allowed and not all(networks.is_public(address) for address in addresses):
        raise AddressForbidden
    return addresses[0]


def _lookup(target: _Target, resolve: Resolve, allowance: "_Allowance") -> Sequence[str]:
    """Ask in a thread of its own: the system's resolver takes its time, and this fetch has a limit.

    Threads that nobody waits for any more end with the resolver's own limit; there are never more than 32.
    """
    if not _LOOKUPS.acquire(timeout=allowance.seconds_left()):
        raise NameNotResolved
    found: Future[Sequence[str]] = Future()
    Thread(target=_look_up, args=(found, target, resolve), daemon=True).start()
    try:
        return found.result(timeout=allowance.seconds_left())
    except (TimeoutError, OSError, ValueError) as cause:
        raise NameNotResolved from cause


def _look_up(found: Future[Sequence[str]], target: _Target, resolve: Resolve) -> None:
    try:
        found.set_result(resolve(target.name, target.port))
    except (OSError, ValueError) as cause:  # a name may be none for the system's IDNA
        found.set_exception(cause)
    finally:
        _LOOKUPS.release()


# How long and how much


class _Allowance:
    """What is left of one fetch's limits."""

    def __init__(self, limits: Limits) -> None:
        self._end = time.monotonic() + limits.seconds
        self._octets = limits.header_octets + _READ_AHEAD

    def seconds_left(self) -> float:
        """Raises TooSlow when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TooSlow
        return left

    def spend(self, octets: int) -> None:
        """Count what came out of TLS, whatever it stands for. Raises TooLarge."""
        self._octets -= octets
        if self._octets < 0:
            raise TooLarge

    def allow_body(self, octets: int) -> None:
        """Twice its size: each chunk of a chunked body has some words of its own (RFC 9112 §7.1)."""
        self._octets += 2 * octets


_ALLOWANCE: ContextVar[_Allowance] = ContextVar("_ALLOWANCE")


class _BoundedSocket(ssl.SSLSocket):
    """Waits for as long as the whole fetch has left, at each step: who drips gains nothing over who is silent."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  # the library's signature
        self.settimeout(_ALLOWANCE.get().seconds_left())
        super().do_handshake(block)

    def read(self, *arguments: Any, **named: Any) -> Any:
        allowance = _ALLOWANCE.get()
        self.settimeout(allowance.seconds_left())
        got: Any = super().read(*arguments, **named)
        allowance.spend(got if isinstance(got, int) else len(got))
        return got


# The exchange


def _asked(
    target: _Target, address: str, media_types: Collection[str], allowance: _Allowance
) -> urllib3.BaseHTTPResponse:
    """The head of the answer; its body is still to be read."""
    headers = {
        "Host": target.authority,
        "Accept": ", ".join(sorted(media_types)),
        "Accept-Encoding": "identity",
        "User-Agent": "concordat",
    }
    left = allowance.seconds_left()
    return _pool(target, address).urlopen(
        "GET",
        target.path,
        headers=headers,
        timeout=urllib3.Timeout(connect=left, read=left),
        retries=False,
        redirect=False,
        preload_content=False,
        decode_content=False,
    )


def _pool(target: _Target, address: str) -> urllib3.HTTPConnectionPool:
    """Connections to this address for this name alone: the name is part of the pool's key."""
    proxy = "" if target.is_allowed else settings.REGISTRY.egress_proxy
    return _pools(os.getpid(), proxy).connection_from_host(
        address,
        target.port,
        "https",
        pool_kwargs={
            "ssl_context": _context(target.ca_file),
            "server_hostname": target.host,
            "assert_hostname": target.host,
        },
    )


@cache
def _pools(process: int, proxy: str) -> urllib3.PoolManager:
    """Of one process: a connection is not taken through a fork."""
    options: dict[str, Any] = {"maxsize": _CONNECTIONS_OF_A_POOL, "cert_reqs": "CERT_REQUIRED"}
    if proxy:
        return urllib3.ProxyManager(proxy, _POOLS, **options)
    return urllib3.PoolManager(_POOLS, **options)


@cache
def _context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _BoundedSocket
    return context


def _read(
    url: str,
    answer: urllib3.BaseHTTPResponse,
    media_types: Collection[str],
    limits: Limits,
    allowance: _Allowance,
) -> Fetched:
    try:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        _require_good_head(answer.status, headers, media_types, limits)
        allowance.allow_body(limits.body_octets)
        body = _body(answer, limits)
    except BaseException:
        answer.close()
        raise
    answer.release_conn()
    return Fetched(url, answer.status, _essence(headers), headers, body)


def _require_good_head(
    status: int, headers: Mapping[str, str], media_types: Collection[str], limits: Limits
) -> None:
    if sum(len(name) + len(value) + 4 for name, value in headers.items()) > limits.header_octets:
        raise TooLarge
    if 300 <= status < 400:
        raise Redirected
    if status != 200:
        raise WrongStatus(status)
    if _essence(headers) not in media_types or headers.get("content-encoding", "identity") != "identity":
        raise WrongMediaType
    length = headers.get("content-length", "")
    if not length and "transfer-encoding" not in headers:
        raise ConnectionFailed  # it ends with the connection, and nobody knows whether it is whole
    if length.isdecimal() and (len(length) > 18 or int(length) > limits.body_octets):
        raise TooLarge


def _essence(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _body(answer: urllib3.BaseHTTPResponse, limits: Limits) -> bytes:
    body = b""
    while part := answer.read(_CHUNK, decode_content=False):
        body += part
        if len(body) > limits.body_octets:
            raise TooLarge
    return body
