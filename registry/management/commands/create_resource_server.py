"""`manage.py create_resource_server`: credentials for a protected resource that introspects."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from registry import clock, queries, resource_servers
from registry.actors import system
from registry.errors import Refusal
from registry.states import Environment


class Command(BaseCommand):
    help = "Admit a resource server; prints its identifier and secret once, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("identifier")
        parser.add_argument("--environment", required=True, choices=[e.value for e in Environment])
        parser.add_argument("--scope", action="append", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            minted = resource_servers.create(
                options["identifier"],
                queries.operator_id(),
                Environment(options["environment"]),
                options["scope"],
                actor=system("create_resource_server"),
                now=clock.now(),
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal.found} {refusal.fix}") from refusal
        self.stdout.write(json.dumps({"id": minted.row.identifier, "secret": minted.value}))
