"""`manage.py found_operator`: the first act in a new database."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from registry import clock, fingerprints, operator, people
from registry.errors import Refusal
from registry.roles import Role


class Command(BaseCommand):
    help = (
        "Make the operator's organization and invite its first administrator; prints the invitation's link."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--legal-name", required=True)
        parser.add_argument("--display-name", required=True)
        parser.add_argument("--registration-number", required=True)
        parser.add_argument("--country", required=True, help="ISO 3166-1, two letters.")
        parser.add_argument(
            "--administrator", required=True, help="E-mail address of the first administrator."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = self._found(options)
        except Refusal as refusal:
            raise CommandError(f"{refusal.found} {refusal.fix}") from refusal
        self.stdout.write(f"{settings.REGISTRY.issuer}/invitations/{token}/")

    @transaction.atomic
    def _found(self, options: dict[str, Any]) -> str:
        fingerprints.remember(clock.now())
        organization = operator.found(
            legal_name=options["legal_name"],
            display_name=options["display_name"],
            number=options["registration_number"],
            country=options["country"],
            now=clock.now(),
        )
        _, token = people.invite(
            options["administrator"],
            "First administrator",
            Role.ADMINISTRATOR,
            None,
            actor=operator.FOUNDER,
            operator_id=organization.pk,
            now=clock.now(),
        )
        return token
