"""Partners' https servers on loopback: each says what its test wants, octet for octet, to whoever connects."""

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

from portal.config.environment import EgressPeer


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs server certificates for any name; its own certificate is in `file`."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        return self.folder / "authority.pem"

    def server(self, *names: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = _builder(name, self.certificate.subject, key).add_extension(alternatives, critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        path = self.folder / f"{names[0]}.pem"
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def authority(folder: Path) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of tests")])
    ca = x509.BasicConstraints(ca=True, path_length=0)
    certificate = _builder(name, name, key).add_extension(ca, critical=True).sign(key, hashes.SHA256())
    made = Authority(folder, key, certificate)
    made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return made


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )


@dataclass(slots=True)
class Peer:
    """A server at `port`; `requests` holds every head that came."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    channels: list[ssl.SSLSocket] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [head.split(b" ")[1].decode() for head in self.requests]


@contextlib.contextmanager
def speaking(context: ssl.SSLContext, talk: Callable[[ssl.SSLSocket, Peer], None]) -> Iterator[Peer]:
    """Serve until the test ends. `talk` has one connection to itself; that the caller hangs up is its right."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        peer = Peer(listener.getsockname()[1])
        threads: list[threading.Thread] = []
        threads.append(threading.Thread(target=_accept, args=(listener, context, talk, peer, threads)))
        threads[0].start()
        try:
            yield peer
        finally:
            for each in (listener, *peer.channels):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(timeout=5)


def _accept(
    listener: socket.socket,
    context: ssl.SSLContext,
    talk: Callable[[ssl.SSLSocket, Peer], None],
    peer: Peer,
    threads: list[threading.Thread],
) -> None:
    with contextlib.suppress(OSError):
        while True:
            plain, _ = listener.accept()
            peer.connections += 1
            thread = threading.Thread(target=_speak, args=(plain, context, talk, peer))
            threads.append(thread)
            thread.start()


def _speak(
    plain: socket.socket, context: ssl.SSLContext, talk: Callable[[ssl.SSLSocket, Peer], None], peer: Peer
) -> None:
    plain.settimeout(3)
    with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as channel:
        peer.channels.append(channel)
        talk(channel, peer)


def heard(channel: ssl.SSLSocket, peer: Peer) -> bool:
    """Read one request's head; False when nobody asks any more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        part = channel.recv(65_536)
        if not part:
            return False
        head += part
    peer.requests.append(head)
    return True


def answer(body: bytes, media_type: str = "application/json", status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def saying(context: ssl.SSLContext, *octets: bytes, close: bool = True) -> Iterator[Peer]:
    """Answer each request with the same octets, in so many pieces; then close, or wait for the next request."""

    def talk(channel: ssl.SSLSocket, peer: Peer) -> None:
        while heard(channel, peer):
            for part in octets:
                channel.sendall(part)
            if close:
                return

    with speaking(context, talk) as peer:
        yield peer


@contextlib.contextmanager
def serving(context: ssl.SSLContext, documents: Mapping[str, bytes]) -> Iterator[Peer]:
    """Serve documents by path, as they are at the moment of the request; connections are kept."""

    def talk(channel: ssl.SSLSocket, peer: Peer) -> None:
        while heard(channel, peer):
            document = documents.get(peer.paths[-1])
            channel.sendall(answer(document) if document is not None else answer(b"", status=404))

    with speaking(context, talk) as peer:
        yield peer


def allow(monkeypatch: pytest.MonkeyPatch, host: str, port: int, ca_file: Path) -> None:
    """As CONCORDAT_EGRESS_ALLOW would, besides what it allows already."""
    from dataclasses import replace

    peers = (*settings.REGISTRY.egress_allow, EgressPeer(host, port, str(ca_file)))
    monkeypatch.setattr(settings, "REGISTRY", replace(settings.REGISTRY, egress_allow=peers))


def stand_for(monkeypatch: pytest.MonkeyPatch, host: str, peer: Peer, signed_by: Authority) -> None:
    """Let `https://host/` be this server, as a public one would be: the name resolves, and connections end here."""
    allow(monkeypatch, host, 443, signed_by.file)
    own_lookup, own_connect = socket.getaddrinfo, socket.socket.connect

    def look_up(name, port, *args, **options):
        if name == host:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        return own_lookup(name, port, *args, **options)

    def connect(channel, address):
        return own_connect(channel, ("127.0.0.1", peer.port) if address == ("127.0.0.1", 443) else address)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
