"""Who signs the audit log: its name, its key, the keys of its past, and the witnesses it knows."""

from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from urllib.parse import urlsplit

from django.conf import settings

from registry import signed_note
from registry.signed_note import SigningKey, VerifierKey


class AuditKeyMissing(RuntimeError):
    """This process has no AUDIT_KEY of 32 bytes: it can verify what the log signed, and sign nothing."""


def origin() -> str:
    """The log's name in every checkpoint: AUDIT_ORIGIN, or the issuer's host with `/audit`."""
    return settings.REGISTRY.audit_origin or f"{urlsplit(settings.REGISTRY.issuer).hostname}/audit"


def signing_key() -> SigningKey:
    """The key of new checkpoints. Raises AuditKeyMissing; only the sequencing worker and the export need it."""
    seed = seed_of(settings.REGISTRY.audit_key)
    if seed is None:
        raise AuditKeyMissing
    return SigningKey(origin(), seed)


def seed_of(text: str) -> bytes | None:
    """The 32 bytes that this URL-safe base64 holds, None when it holds anything else."""
    try:
        seed = urlsafe_b64decode(text)
    except (NotBase64, ValueError):
        return None
    return seed if len(seed) == 32 else None


def verifier_keys() -> tuple[VerifierKey, ...]:
    """The keys that checkpoints of this log may be signed with: the present one, and those of AUDIT_PUBLIC_KEYS."""
    told = tuple(signed_note.read_verifier_key(text) for text in settings.REGISTRY.audit_public_keys)
    own = () if seed_of(settings.REGISTRY.audit_key) is None else (signing_key().verifier,)
    return tuple(dict.fromkeys([*own, *told]))


def witness_keys() -> tuple[VerifierKey, ...]:
    """The witnesses whose cosignatures are kept (AUDIT_WITNESS_KEYS)."""
    return tuple(signed_note.read_verifier_key(text) for text in settings.REGISTRY.audit_witness_keys)
