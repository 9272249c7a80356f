"""Is the key at hand the one that this database was filled with? A wrong one would answer 401 to everybody."""

from datetime import datetime

from registry.identifiers import digest
from registry.models import KeyFingerprint

_CREDENTIALS = "credential_key"
_KNOWN_TEXT = "the key that hashes the credentials of this registry"


def remember(now: datetime) -> None:
    """Remember the credential key by what it makes of a known text; the first one stays."""
    row = KeyFingerprint(name=_CREDENTIALS, digest=digest(_KNOWN_TEXT), since=now)
    KeyFingerprint.objects.bulk_create([row], ignore_conflicts=True)


def credential_key_fits() -> bool | None:
    """False when another key hashed this database's credentials; None when none was remembered yet."""
    row = KeyFingerprint.objects.filter(name=_CREDENTIALS).first()
    return None if row is None else row.digest == digest(_KNOWN_TEXT)
