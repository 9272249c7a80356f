"""`manage.py stop_issuing`: the stop switch, by hand; it acts at once, in every process."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from registry import clock, issuance
from registry.actors import Actor, ActorKind
from registry.errors import Refusal


class Command(BaseCommand):
    help = "Stop issuing tokens, codes and registrations, for everybody. Revoking, introspecting, containing go on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="Why; it is kept in the audit log.")
        parser.add_argument("--resume", action="store_true", help="Issue again.")

    def handle(self, *args: Any, **options: Any) -> None:
        account = getpass.getuser()
        actor = Actor(ActorKind.SYSTEM, "stop_issuing", f"stop_issuing, by the account {account}")
        act = issuance.resume_issuing if options["resume"] else issuance.stop_issuing
        try:
            act(actor=actor, reason=options["reason"], now=clock.now())
        except Refusal as refusal:
            raise CommandError(f"{refusal.found} {refusal.fix}") from refusal
        self.stdout.write("Issuing again." if options["resume"] else "Nothing is issued any more.")
