"""What an organization publishes at a domain to prove that it is its own.

A TXT record at `_concordat.<domain>`, or the same text at `https://<domain>/.well-known/concordat`. It is public and
no secret: it says that whoever runs the domain knows this organization, and of this one challenge.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """What has to be seen at a domain, and where."""

    domain: str
    organization: str
    challenge: str

    @property
    def record_name(self) -> str:
        return f"_concordat.{self.domain}"

    @property
    def text(self) -> str:
        return f"concordat-org={self.organization}; proof={self.challenge}"

    @property
    def file_url(self) -> str:
        return f"https://{self.domain}/.well-known/concordat"

    def place(self, method: str) -> str:
        """Where it is looked for: `dns_txt` in DNS, else in the file."""
        return self.record_name if method == "dns_txt" else self.file_url
