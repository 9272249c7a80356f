"""`manage.py export_audit FILE`: the audit log, or a part of it, for an auditor who has nothing but the public key."""

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.core.management import BaseCommand, CommandError

from registry import audit_export, clock
from registry.audit_export import Export, NothingSequenced, Selection
from registry.audit_identity import AuditKeyMissing
from registry.management.progress import progress
from registry.models import Organization


class Command(BaseCommand):
    help = "Write an export of the audit log; `verify_audit FILE` verifies it with the public key alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--organization", metavar="SLUG", help="Only events of this organization.")
        parser.add_argument(
            "--from", dest="since", type=_instant, help="ISO 8601; UTC unless it says otherwise."
        )
        parser.add_argument("--to", dest="until", type=_instant, help="The first instant that is left out.")

    def handle(self, *args: Any, **options: Any) -> None:
        selection = Selection(_organization(options["organization"]), options["since"], options["until"])
        try:
            export = audit_export.export(selection)
        except NothingSequenced as error:
            raise CommandError("Nothing is sequenced yet.") from error
        except AuditKeyMissing as error:
            raise CommandError("AUDIT_KEY is not set, or not 32 bytes; it signs the export.") from error
        lines = _write(export, options["file"])
        self.stdout.write(f"{options['file']}: {lines} lines under the checkpoint of {export.size} events.")


def _write(export: Export, path: Path) -> int:
    """Write a file that nobody else may read; it has its name only when it is whole."""
    lines = 0
    with _replacing(path) as file, progress("Audit events", export.size) as show:
        for number, line in export.lines(now=clock.now()):
            file.write(line)
            lines += 1
            show(number)
    return lines


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(half, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            yield file
        half.rename(path)
    finally:
        half.unlink(missing_ok=True)


def _organization(slug: str | None) -> Organization | None:
    if slug is None:
        return None
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no organization {slug}.")
    return found


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
