"""Signed notes, checkpoints, cosignatures and proofs as C2SP spells them, with Ed25519. Pure: no clock, no table.

Sources: c2sp.org/signed-note, /tlog-checkpoint, /tlog-cosignature (v1, Ed25519) and /tlog-proof.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
MAX_NOTE_CHARACTERS = 65_536
MAX_TIMESTAMP = 2**63 - 1

_SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class InvalidNote(ValueError):
    """The text is no signed note, no checkpoint or no key; the message says why."""


class UnverifiedNote(InvalidNote):
    """No key that was given signed this, or a signature of one of them is wrong."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and the kind of signature that it verifies."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encode(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its name. `seed` is 32 bytes (RFC 8032 §5.1.5)."""

    name: str
    seed: bytes = field(repr=False)
    kind: int = ED25519

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.kind, self._private().public_key().public_bytes_raw())

    def named(self, name: str) -> "SigningKey":
        """The same key under another name. A signature covers the text alone: let no text mean something under both."""
        return SigningKey(name, self.seed, self.kind)

    def line(self, message: bytes, stamp: bytes = b"") -> str:
        """The signature line over `message`; `stamp` goes before the signature (cosignatures)."""
        signature = self.verifier.key_id + stamp + self._private().sign(message)
        return f"— {self.name} {_encode(signature)}\n"

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note: the name, four bytes of key ID, and the rest."""

    name: str
    key_id: bytes
    rest: bytes

    def is_of(self, key: VerifierKey) -> bool:
        return (self.name, self.key_id) == (key.name, key.key_id)

    def __str__(self) -> str:
        return f"— {self.name} {_encode(self.key_id + self.rest)}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, which root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encode(self.root)}\n"


def read_verifier_key(text: str) -> VerifierKey:
    """`name+id+base64`, a vkey. Raises InvalidNote, also when the ID is not the one of name and key."""
    name, _, rest = text.strip().partition("+")
    key_id, _, material = rest.partition("+")
    octets = _decode(material)
    if len(octets) != 33 or octets[0] not in {ED25519, COSIGNATURE_V1}:
        raise InvalidNote("the key is not one of Ed25519")
    key = VerifierKey(name, octets[0], octets[1:])
    if not _is_name(name) or key.key_id.hex() != key_id:
        raise InvalidNote("the key's ID does not belong to its name and material")
    return key


def sign(text: str, key: SigningKey) -> str:
    """The note over `text`, which ends in a newline. Raises InvalidNote when that is no text of a note."""
    _require_text(text)
    return f"{text}\n{key.line(text.encode())}"


def split_note(note: str) -> tuple[str, tuple[Signature, ...]]:
    """Text and signatures; the last empty line parts them. Verifies nothing. Raises InvalidNote."""
    text, parting, lines = note.rpartition("\n\n")
    text += "\n"
    if not parting or not lines.endswith("\n") or len(note) > MAX_NOTE_CHARACTERS:
        raise InvalidNote("the text is no signed note")
    _require_text(text)
    return text, tuple(_signature(line) for line in lines[:-1].split("\n"))


def open_note(note: str, keys: Iterable[VerifierKey]) -> str:
    """The text of a note that at least one of `keys` signed.

    Signatures of other keys are ignored; a wrong one of a known key refuses the whole note. Raises UnverifiedNote.
    """
    text, signatures = split_note(note)
    known = [(signature, key) for key in keys for signature in signatures if signature.is_of(key)]
    if not known:
        raise UnverifiedNote("no known key signed this note")
    for signature, key in known:
        _verify(signature, key, text)
    return text


def read_checkpoint(text: str) -> Checkpoint:
    """The tree head that a note's text tells. Raises InvalidNote; extension lines are refused, we write none."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise InvalidNote("the text is no checkpoint")
    root = _decode(lines[2])
    if len(root) != 32:
        raise InvalidNote("the root is not a hash")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The tree head that a log signed with one of its keys. Raises UnverifiedNote, also for another log's."""
    text, _ = split_note(note)
    checkpoint = read_checkpoint(text)
    open_note(note, [key for key in keys if key.name == checkpoint.origin])
    return checkpoint


def cosign(note: str, key: SigningKey, at: int) -> str:
    """The cosignature line of a witness over a checkpoint that it has seen at `at`, in seconds since 1970.

    Checks nothing about the checkpoint: that is the witness's work, see registry.witness.
    """
    text, _ = split_note(note)
    return key.line(_cosigned(text, at), at.to_bytes(8))


def cosignatures(note: str, keys: Sequence[VerifierKey]) -> Iterator[tuple[Signature, int]]:
    """Lines of known witnesses with their time. Raises UnverifiedNote for a wrong one."""
    text, signatures = split_note(note)
    for key in keys:
        for signature in signatures:
            if key.kind == COSIGNATURE_V1 and signature.is_of(key):
                _verify(signature, key, text)
                yield signature, int.from_bytes(signature.rest[:8])


def proof_text(index: int, proof: Iterable[bytes], note: str) -> str:
    """A C2SP tlog-proof: the index, the inclusion proof from the leaf upwards, the checkpoint."""
    hashes = "".join(f"{_encode(node)}\n" for node in proof)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note}"


def _verify(signature: Signature, key: VerifierKey, text: str) -> None:
    message, signed = text.encode(), signature.rest
    if key.kind == COSIGNATURE_V1:
        at = int.from_bytes(signed[:8])
        message, signed = _cosigned(text, at), signed[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signed, message)
    except InvalidSignature as error:
        raise UnverifiedNote(f"the signature of {key.name} is wrong") from error


def _cosigned(text: str, at: int) -> bytes:
    if at > MAX_TIMESTAMP:
        raise UnverifiedNote("the time is beyond 2^63 - 1")
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _require_text(text: str) -> None:
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise InvalidNote("the text does not end in a newline or holds control characters")


def _signature(line: str) -> Signature:
    match = _SIGNATURE_LINE.fullmatch(line)
    octets = _decode(match["signature"]) if match else b""
    if not match or len(octets) < 5:
        raise InvalidNote("a line below the text is no signature")
    return Signature(match["name"], octets[:4], octets[4:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _encode(octets: bytes) -> str:
    return b64encode(octets).decode()


def _decode(text: str) -> bytes:
    """Strict base64: no other characters, canonical padding and bits, so that one value has one spelling."""
    try:
        octets = b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise InvalidNote("a value is not base64") from error
    if _encode(octets) != text:
        raise InvalidNote("a value is not canonical base64")
    return octets
