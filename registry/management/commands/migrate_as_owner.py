"""`manage.py migrate_as_owner`: migrate as the role that owns the tables, which never serves requests."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import OperationalError, connections
from psycopg.errors import LockNotAvailable, QueryCanceled

_PAUSE_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Migrate the database as its owner (DATABASE_OWNER_URL); web processes use DATABASE_URL. A migration "
        "that waits for a lock keeps all behind it waiting: it gives up soon, and is tried again from there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("arguments", nargs="*", help="What `migrate` takes: an app and a migration.")
        parser.add_argument(
            "--lock-seconds", type=float, default=3.0, help="How long to wait for a lock (3)."
        )
        parser.add_argument("--statement-seconds", type=float, default=900.0, help="For one statement (900).")
        parser.add_argument("--attempts", type=int, default=5, help="How often to try (5).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_OF_OWNER:
            raise CommandError("DATABASE_OWNER_URL is not set. Set it to the URL of the tables' owner.")
        _become_owner(options["lock_seconds"], options["statement_seconds"])
        attempts = range(1, options["attempts"] + 1)
        any(self._migrates(options, attempt) for attempt in attempts)

    def _migrates(self, options: dict[str, Any], attempt: int) -> bool:
        """Whether this attempt came to its end."""
        try:
            call_command("migrate", *options["arguments"], verbosity=options["verbosity"], interactive=False)
        except OperationalError as failure:
            self._give_up_or_wait(failure, attempt, options["attempts"])
            return False
        return True

    def _give_up_or_wait(self, failure: OperationalError, attempt: int, attempts: int) -> None:
        """Those before stay done; of this one nothing, unless it builds beside the traffic: that begins anew."""
        connections["default"].close()
        if not isinstance(failure.__cause__, LockNotAvailable | QueryCanceled):
            raise failure
        if attempt == attempts:
            raise CommandError(
                f"A migration ran out of time, {attempts} times: {failure}. It is not recorded as done. "
                "Look for long transactions in pg_stat_activity, and run this again."
            ) from failure
        self.stderr.write(f"A migration ran out of time ({failure}); trying again.")
        time.sleep(_PAUSE_SECONDS)


def _become_owner(lock_seconds: float, statement_seconds: float) -> None:
    limits = f"-c lock_timeout={lock_seconds}s -c statement_timeout={statement_seconds}s"
    owner: dict[str, Any] = settings.DATABASE_OF_OWNER
    own = owner["OPTIONS"]
    connections["default"].close()
    connections["default"].settings_dict.update(
        owner | {"OPTIONS": own | {"options": f"{own.get('options', '')} {limits}".strip()}}
    )
