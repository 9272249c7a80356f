"""A DNS server on loopback, by UDP and TCP at one port: resolver and the zone's own server in one."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from django.conf import settings

from portal.config.environment import EgressPeer


@dataclass(slots=True)
class Zone:
    """What is said, by name and type; `asked` is what somebody wanted to know.

    silent     answers nothing
    truncated  says over UDP that the rest is to be had over TCP
    lame       does not answer for the zone itself
    """

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    silent: bool = False
    truncated: bool = False
    lame: bool = False
    rcode: dns.rcode.Rcode | None = None

    def hold(self, domain: str, *servers: str) -> None:
        """Servers of a zone, all at loopback unless an address is named as `host=address`."""
        pairs = [server.partition("=") for server in servers or ("ns1.dns.example",)]
        self.records[(domain, "NS")] = [f"{host}." for host, _, _ in pairs]
        for host, _, address in pairs:
            self.records[(host, "A")] = [address or "127.0.0.1"]

    def publish(self, name: str, *texts: str) -> None:
        self.records[(name, "TXT")] = [
            " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200)) for text in texts
        ]

    def answer(self, octets: bytes, *, tcp: bool) -> bytes | None:
        question = dns.message.from_wire(octets)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        self.asked.append(f"{kind} {name}{' over TCP' if tcp else ''}")
        if self.silent:
            return None
        said = dns.message.make_response(question)
        said.flags |= 0 if self.lame else dns.flags.AA
        held = self.records.get((name, kind), [])
        if self.truncated and not tcp:
            said.flags |= dns.flags.TC
        elif held:
            said.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *held))
        known = any(each == name or each.endswith(f".{name}") for each, _ in self.records)
        said.set_rcode(
            self.rcode if self.rcode is not None else dns.rcode.NOERROR if known else dns.rcode.NXDOMAIN
        )
        return said.to_wire()


@contextlib.contextmanager
def serving(zone: Zone, port: int = 0) -> Iterator[Zone]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind(("127.0.0.1", port))
        zone.port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", zone.port))
        tcp.listen()
        threads = [
            threading.Thread(target=_datagrams, args=(udp, zone), daemon=True),
            threading.Thread(target=_streams, args=(tcp, zone), daemon=True),
        ]
        for thread in threads:
            thread.start()
        yield zone
        for each in (udp, tcp):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=2)


def _datagrams(udp: socket.socket, zone: Zone) -> None:
    with contextlib.suppress(OSError):
        while True:
            octets, source = udp.recvfrom(65_535)
            if not octets:
                return
            said = zone.answer(octets, tcp=False)
            if said is not None:
                udp.sendto(said, source)


def _streams(tcp: socket.socket, zone: Zone) -> None:
    with contextlib.suppress(OSError):
        while True:
            channel, _ = tcp.accept()
            with channel, channel.makefile("rb") as reader:
                (length,) = struct.unpack("!H", reader.read(2))
                said = zone.answer(reader.read(length), tcp=True)
                if said is not None:
                    channel.sendall(struct.pack("!H", len(said)) + said)


def use(monkeypatch: pytest.MonkeyPatch, *resolvers: Zone, authority: Zone) -> None:
    """Let these be the resolvers, and let zones be asked at the authority's port on loopback."""
    monkeypatch.setattr(
        settings,
        "REGISTRY",
        replace(
            settings.REGISTRY,
            dns_resolvers=tuple(("127.0.0.1", zone.port) for zone in resolvers),
            name_server_port=authority.port,
            egress_allow=(*settings.REGISTRY.egress_allow, EgressPeer("127.0.0.1", authority.port, "")),
        ),
    )
