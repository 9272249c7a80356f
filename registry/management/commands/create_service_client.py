"""`manage.py create_service_client`: credentials for a service that uses the API."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from registry import clock, operator, queries
from registry.actors import system
from registry.errors import Refusal


class Command(BaseCommand):
    help = "Register a service client of the operator; prints client_id and client_secret once, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--scope", action="append", required=True, choices=operator.API_SCOPES)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = operator.make_service_client(
                queries.operator_organization(),
                options["name"],
                options["scope"],
                actor=system("create_service_client"),
                now=clock.now(),
            )
        except Refusal as refusal:
            raise CommandError(f"{refusal.found} {refusal.fix}") from refusal
        self.stdout.write(json.dumps({"client_id": made.client_id, "client_secret": made.client_secret}))
