"""Secrets of one machine as files that only their owner may read. They are made once and never printed."""

import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path


def random_secret() -> str:
    """256 random bits as urlsafe base64, padded: strict decoders ask for that."""
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def read_or_make(path: Path, make: Callable[[], str] = random_secret) -> str:
    """The secret in `path`, made first when there is none."""
    if not path.exists():
        write_private(path, make())
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file of mode 0600, in one step: no reader sees half of it."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with open(half, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as handle:
        handle.write(text)
    half.rename(path)
