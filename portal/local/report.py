"""What quickstart tells the person in front of the terminal: progress, then addresses and sign-ins."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ADDRESSES = {
    "Portal": "/sign-in/",
    "Registration": "/register",
    "Token": "/token",
    "Introspection": "/introspect",
    "API, its description": "/api/v1/schema",
    "Server metadata": "/.well-known/oauth-authorization-server",
}
WIDTH = 130  # a narrower terminal wraps the lines itself, and a password can still be copied


class Report:
    """Prints lines; on a terminal with a moving sign beside the step that is under way."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._console.width = max(self._console.width, WIDTH)

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
        self._console.print("\n[bold]Concordat is ready[/bold]")
        table = _table("What", "Where")
        for name, path in ADDRESSES.items():
            table.add_row(name, base_url + path)
        self._console.print(table)
        self._console.print()
        self._accounts(facts.get("accounts", {}))

    def _accounts(self, accounts: Mapping[str, Mapping[str, str]]) -> None:
        table = _table("Sign in as", "E-mail", "Password", "TOTP seed")
        for role, account in accounts.items():
            cells = (account.get(name) or "" for name in ("email", "password", "totp_seed"))
            table.add_row(role.replace("_", " "), *cells)
        if accounts:
            self._console.print(table)
            self.say(
                "A seed goes into an authenticator app; `oathtool --totp -b SEED` prints the code of this moment."
            )

    def closing(self, authority: Path, facts_file: Path) -> None:
        self._console.print()
        self.say(f"All of it, for scripts: {facts_file}")
        self.say(
            "The certificate is signed by an authority made for this machine, which can sign localhost only."
        )
        self.say(f"A browser asks once; to be spared that, import {authority} as an authority.")
        self.say(f"curl takes it with --cacert {authority}")
        self.say("Ctrl-C stops everything; the data stays for the next start.")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=True, header_style="dim", title_justify="left")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table
