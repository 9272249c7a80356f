"""What the demo story is told about the deployment it plays on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


def say_nothing(text: str) -> None:
    """The announcer of those who have nobody to tell."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A running Concordat on this machine.

    base_url     https://localhost:PORT, which is the issuer too
    ca_file      PEM of the authority that signed the server's certificate
    var          folder for files; secrets in it have mode 0600
    environment  what a process needs to run Django commands against the same database
    announce     tells the person in front of the terminal, in a few words, what happens now
    """

    base_url: str
    ca_file: Path
    var: Path
    environment: Mapping[str, str]
    announce: Callable[[str], None] = say_nothing
