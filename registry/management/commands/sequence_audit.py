"""`manage.py sequence_audit`: what the audit worker does each second, by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from registry import clock, transparency
from registry.audit_identity import AuditKeyMissing
from registry.audit_tree import TreeBroken


class Command(BaseCommand):
    help = "Give leaves to the events that wait, and sign the tree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", action="store_true", help="Also those held before, once repaired.")

    def handle(self, *args: Any, **options: Any) -> None:
        more = True
        while more:
            done = self._sequence(again=options["again"])
            self.stdout.write(f"{done.added} sequenced, {done.held} held.")
            more = done.is_full and done.added > 0

    def _sequence(self, *, again: bool) -> transparency.Sequenced:
        try:
            return transparency.sequence(now=clock.now(), again=again)
        except TreeBroken as broken:
            raise CommandError(f"Nothing is signed: {broken}.") from broken
        except AuditKeyMissing as missing:
            raise CommandError("AUDIT_KEY is not set, or not 32 bytes.") from missing
