"""`manage.py judge_policy`: what if this policy were in force, for every living client."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from registry import clock, dry_run, policies
from registry.actors import system
from registry.errors import InvalidInput, NotFound
from registry.management.progress import progress
from registry.models import PolicyDryRun


class Command(BaseCommand):
    help = "Judge all living clients by a policy version, or by a draft in a file. Changes no client."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("policy", help="The number of a version, or the path of a document in JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = _document(options["policy"])
            run = dry_run.start(
                document, label=options["policy"], actor=system("judge_policy"), now=clock.now()
            )
        except (InvalidInput, NotFound, OSError, ValueError) as refusal:
            findings = getattr(refusal, "findings", ())
            said = [f"{finding.member}: {finding.found}. {finding.fix}" for finding in findings]
            raise CommandError("\n".join(said) or str(refusal)) from refusal
        with progress("judged", run.clients) as show:
            while (run := dry_run.next_page(run.pk, now=clock.now())).finished_at is None:
                show(run.judged)
        self._tell(run)

    def _tell(self, run: PolicyDryRun) -> None:
        write = self.stdout.write
        write(
            f"{run.judged} clients judged, {run.failing} would fail, {run.newly_failing} do not fail today."
        )
        for rule, (failing, new) in sorted(run.rules.items()):
            write(f"  {rule}: {failing} would fail, {new} newly")
        for each in dry_run.organizations_to_notify(run):
            write(f"  tell {each.organization.slug}: {each.failing} clients")


def _document(policy: str) -> Any:
    if policy.isdecimal():
        return policies.document(int(policy))
    return json.loads(Path(policy).read_text(encoding="utf-8"))
