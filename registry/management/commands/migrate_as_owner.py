"""`manage.py migrate_as_owner`: migrate as the role that owns the tables, which never serves requests."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections


class Command(BaseCommand):
    help = "Migrate the database as its owner (DATABASE_OWNER_URL); web processes use DATABASE_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("arguments", nargs="*", help="What `migrate` takes: an app and a migration.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_OF_OWNER:
            raise CommandError("DATABASE_OWNER_URL is not set. Set it to the URL of the tables' owner.")
        connections["default"].close()
        connections["default"].settings_dict.update(settings.DATABASE_OF_OWNER)
        call_command("migrate", *options["arguments"], verbosity=options["verbosity"], interactive=False)
