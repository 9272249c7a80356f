"""`manage.py drill`: restore a backup on purpose, before it is needed, and prove what came back."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from portal import drill
from registry import backup, clock


class Command(BaseCommand):
    help = "Save this database, restore it into an empty one, and prove rows, guards, keys and the audit log."

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument(
            "--into", metavar="URL", help="An empty database, as its owner. It keeps what is restored."
        )
        chosen.add_argument(
            "--tell", action="store_true", help="Print what a drill compares, as JSON; changes nothing."
        )
        parser.add_argument(
            "--programs", type=Path, help="Folder of pg_dump and pg_restore; else they are on the PATH."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["tell"]:
            self.stdout.write(json.dumps(drill.tell()))
            return
        if not settings.DATABASE_OF_OWNER:
            raise CommandError(
                "DATABASE_OWNER_URL is not set: only the owner of the tables can save all of them."
            )
        try:
            done = drill.run(options["into"], programs=options["programs"])
        except drill.DrillFailed as failure:
            raise CommandError(str(failure)) from failure
        self._report(done)

    def _report(self, done: drill.Drill) -> None:
        for proof in done.proofs:
            self.stdout.write(f"{'holds' if proof.holds else 'FAILS'}  {proof.name}: {proof.told}")
        self.stdout.write(", ".join(f"{step} {seconds} s" for step, seconds in done.seconds.items()))
        if not done.holds:
            raise CommandError("What came back is not what was saved.")
        backup.record_drill({"seconds": done.seconds}, now=clock.now())
