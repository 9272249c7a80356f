"""What quickstart tells the person in front of the terminal: progress, then addresses and sign-ins."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


class Report:
    """Prints lines; on a terminal with a moving sign beside the step that is under way."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show `name` while the block runs and how long it took when it came to its end."""
        started = time.monotonic()
        with self._console.status(name):
            yield
        self._console.print(f"  {name:<42}{time.monotonic() - started:5.1f} s")

    def say(self, text: str) -> None:
        self._console.print(f"  {text}", soft_wrap=True, markup=False)

    def addresses(self, base_url: str, facts: Mapping[str, Any]) -> None:
        table = Table(title="Concordat is ready", title_justify="left", show_header=False)
        table.add_row("Portal", f"{base_url}/sign-in/")
        table.add_row("Registration", f"{base_url}/register")
        table.add_row("Token", f"{base_url}/token")
        table.add_row("Introspection", f"{base_url}/introspect")
        table.add_row("API", f"{base_url}/api/v1/")
        table.add_row("Server metadata", f"{base_url}/.well-known/oauth-authorization-server")
        self._console.print(table)
        self._accounts(facts.get("accounts", {}))

    def _accounts(self, accounts: Mapping[str, Mapping[str, str]]) -> None:
        table = Table(title="Sign-ins", title_justify="left")
        for column in ("Role", "E-mail", "Password", "TOTP seed"):
            table.add_column(column, overflow="fold")
        for role, account in accounts.items():
            cells = (account.get(name) or "" for name in ("email", "password", "totp_seed"))
            table.add_row(role, *cells)
        if accounts:
            self._console.print(table)

    def closing(self, authority: Path, facts_file: Path) -> None:
        self.say(f"All of it, for scripts: {facts_file}")
        self.say(
            "The certificate is signed by an authority made for this machine, which can sign localhost only."
        )
        self.say(f"A browser asks once; to be spared that, import {authority} as an authority.")
        self.say(f"curl takes it with --cacert {authority}")
        self.say("Ctrl-C stops everything; the data stays for the next start.")
