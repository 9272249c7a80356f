"""Signed notes, checkpoints, cosignatures and proofs of C2SP, read strictly. Written apart from the writer's."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG, WITNESS = 1, 4
_DASH = "— "
_MAX_LINES = 100
_PROOF = "c2sp.org/tlog-proof@v1"


class NotANote(ValueError):
    """The text is no note, no checkpoint, no proof or no key of the kind that was asked for."""


class NotSigned(ValueError):
    """No key that is known signed this, or a signature of a known key is wrong."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A verifier key: its name, the kind of its signatures, 32 bytes of Ed25519."""

    name: str
    kind: int
    material: bytes

    @classmethod
    def read(cls, text: str) -> "PublicKey":
        """From `name+id+base64`."""
        parts = text.strip().split("+", 2)
        octets = unbase64(parts[2]) if len(parts) == 3 else b""
        if len(octets) != 33 or octets[0] not in {LOG, WITNESS} or not _is_name(parts[0]):
            raise NotANote("the public key is no Ed25519 verifier key")
        key = cls(parts[0], octets[0], octets[1:])
        if parts[1] != key.id.hex():
            raise NotANote("the ID in the public key is not its own")
        return key

    @property
    def id(self) -> bytes:
        return sha256(b"%s\n%c%s" % (self.name.encode(), self.kind, self.material)).digest()[:4]

    def renamed(self, suffix: str) -> "PublicKey":
        return PublicKey(self.name + suffix, self.kind, self.material)

    def require_signature(self, signature: bytes, text: str) -> None:
        """Raises NotSigned unless `signature`, without the key ID, is ours over this text of a note."""
        message, signed = (text, signature) if self.kind == LOG else _cosigned(text, signature)
        try:
            Ed25519PublicKey.from_public_bytes(self.material).verify(signed, message.encode())
        except InvalidSignature as error:
            raise NotSigned(f"the signature of {self.name} is wrong") from error


def _cosigned(text: str, signature: bytes) -> tuple[str, bytes]:
    """What a witness signed: a head line, the time from the first eight bytes, the text."""
    at = int.from_bytes(signature[:8])
    if at >= 2**63:
        raise NotSigned("a cosignature's time is beyond 2^63 - 1")
    return f"cosignature/v1\ntime {at}\n{text}", signature[8:]


@dataclass(frozen=True, slots=True)
class Head:
    """A signed tree head."""

    origin: str
    size: int
    root: bytes
    witnesses: frozenset[str] = frozenset()
    unknown: int = 0


def opened(note: str, keys: Iterable[PublicKey]) -> tuple[str, frozenset[str], int]:
    """The text, the names of `keys` that signed it, and the number of lines of others. Raises NotSigned."""
    text, lines = _split(note)
    known = {(key.name, key.id): key for key in keys}
    names = set()
    for name, octets in lines:
        key = known.get((name, octets[:4]))
        if key is not None:
            key.require_signature(octets[4:], text)
            names.add(name)
    unknown = sum((name, octets[:4]) not in known for name, octets in lines)
    return text, frozenset(names), unknown


def head(note: str, keys: Sequence[PublicKey], witnesses: Sequence[PublicKey] = ()) -> Head:
    """The tree head that the log of one of `keys` signed. Raises NotANote, NotSigned."""
    origin, size, root = _checkpoint(_split(note)[0])
    own = [key for key in keys if key.kind == LOG and key.name == origin]
    watching = [key for key in witnesses if key.kind == WITNESS]
    _, names, unknown = opened(note, [*own, *watching])
    if origin not in names:
        raise NotSigned("no known key of the log signed this checkpoint")
    return Head(origin, size, root, names - {origin}, unknown)


def proof(text: str) -> tuple[int, list[bytes], str]:
    """Index, inclusion proof and checkpoint of a tlog-proof; verifies nothing. Raises NotANote."""
    top, parting, note = text.partition("\n\n")
    lines = top.split("\n")
    if lines[0] != _PROOF or not parting:
        raise NotANote("the text is no tlog-proof")
    place = 2 if len(lines) > 1 and lines[1].startswith("extra ") else 1
    if place == 2:
        unbase64(lines[1].removeprefix("extra "))
    if len(lines) <= place or not lines[place].startswith("index "):
        raise NotANote("the proof names no index")
    hashes = [unbase64(line) for line in lines[place + 1 :]]
    if len(hashes) > 63 or any(len(each) != 32 for each in hashes):
        raise NotANote("the proof is no list of hashes")
    return _decimal(lines[place].removeprefix("index ")), hashes, note


def unbase64(text: str) -> bytes:
    """Raises NotANote unless `text` is the one spelling of its value."""
    try:
        octets = b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise NotANote("a value is no base64") from error
    if b64encode(octets).decode() != text:
        raise NotANote("a value is no canonical base64")
    return octets


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures below the last empty line."""
    end = note.rfind("\n\n")
    lines = note[end + 2 :].split("\n")
    if end < 0 or lines.pop() or not 0 < len(lines) <= _MAX_LINES:
        raise NotANote("the text is no signed note")
    if any(ord(character) < 32 for character in note.replace("\n", "")):
        raise NotANote("the note holds control characters")
    return note[: end + 1], [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    name, _, text = line.removeprefix(_DASH).partition(" ")
    octets = unbase64(text)
    if not line.startswith(_DASH) or not _is_name(name) or len(octets) < 5:
        raise NotANote("a line below the note is no signature")
    return name, octets


def _checkpoint(text: str) -> tuple[str, int, bytes]:
    lines = text.split("\n")
    if len(lines) != 4 or not lines[0] or lines[3]:
        raise NotANote("the note is no checkpoint")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise NotANote("the root is no SHA-256 hash")
    return lines[0], _decimal(lines[1]), root


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or (text[0] == "0" and text != "0"):
        raise NotANote("a number is no decimal without leading zeroes")
    return int(text)


def _is_name(name: str) -> bool:
    return bool(name) and name.isprintable() and not set(name) & {"+", " "} and name.split() == [name]
