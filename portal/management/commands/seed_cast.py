"""`manage.py seed_cast`: the people and services of the demo, printed as JSON. Local deployments only."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import transaction

from portal.local import cast
from registry import clock
from registry.errors import Refusal


class Command(BaseCommand):
    help = "Make the demo's operator and staff, or (with slugs) the people of these organizations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = self._made(options["slugs"])
        except Refusal as refusal:
            raise CommandError(f"{refusal.found} {refusal.fix}") from refusal
        self.stdout.write(json.dumps(made))

    def _made(self, slugs: list[str]) -> dict[str, Any]:
        now = clock.now()
        return cast.seed_partners(slugs, now) if slugs else cast.seed_operator(now)
