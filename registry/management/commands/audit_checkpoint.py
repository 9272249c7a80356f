"""`manage.py audit_checkpoint`: the last signed head of the audit log, for witnesses; and what they answer."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from registry import transparency
from registry.signed_note import InvalidNote


class Command(BaseCommand):
    help = "Print the last checkpoint of the audit log, or keep the cosignatures below one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--add", metavar="FILE", help="A checkpoint with the lines of known witnesses.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["add"]:
            self._add(Path(options["add"]))
            return
        latest = transparency.latest_checkpoint()
        if latest is None:
            raise CommandError("Nothing is sequenced yet.")
        self.stdout.write(latest[1], ending="")

    def _add(self, path: Path) -> None:
        try:
            added = transparency.add_cosignatures(path.read_text(encoding="utf-8"))
        except (InvalidNote, OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from error
        self.stdout.write(f"{added} new cosignatures.")
