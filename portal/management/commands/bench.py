"""`manage.py bench`: what requests cost in CPU-ms, SQL and memory, measured on engines and servers of its own.

Uses PostgreSQL and Valkey from the wheels, 8 connections on loopback without TLS, and deletes all of it at the end.
Compare ratios within one run: absolute figures move with whatever else the machine does.
"""

import json
from argparse import SUPPRESS, ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from portal.local.bench import document, seed
from portal.local.bench.chart import drawn
from portal.local.bench.plan import OPERATIONS, QUICK, Plan
from portal.local.bench.report import Report
from portal.local.bench.run import Findings, Questions, run
from portal.local.bootstrap import ROOT
from registry import clock

HOME = ROOT / "var" / "bench"
DOCUMENT = ROOT / "docs" / "performance.md"


class Command(BaseCommand):
    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organizations", type=int, help=f"default {Plan().organizations:,}")
        parser.add_argument("--clients", type=int, help=f"default {Plan().clients:,}; a multiple of 4")
        parser.add_argument("--rounds", type=int, help="alternated rounds, of which the median counts")
        parser.add_argument("--requests", type=int, help="of each operation in each round")
        parser.add_argument("--only", nargs="+", choices=OPERATIONS, help="measure these operations alone")
        parser.add_argument("--quick", action="store_true", help="a small run: 1 000 clients, one round")
        parser.add_argument(
            "--beside", choices=["stock"], help="the same work on a stock django-oauth-toolkit"
        )
        parser.add_argument("--flat", action="store_true", help="cost at 100 to 100 000 clients")
        parser.add_argument("--pages", action="store_true", help="cost of pages of the staff portal")
        parser.add_argument(
            "--contain", action="store_true", help="count stale answers while organizations are contained"
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
        parser.add_argument(
            "--document", type=Path, metavar="FILE", help="put the figures into this document"
        )
        parser.add_argument(
            "--figures", type=Path, metavar="FILE", help="measure nothing: write the document from this JSON"
        )
        parser.add_argument(
            "--chart", type=Path, metavar="FILE", help="with --flat: draw cost against clients, as SVG"
        )
        parser.add_argument(
            "--home", type=Path, default=HOME, help="a folder for the run, emptied before and after"
        )
        parser.add_argument("--seed", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seed"]:
            self.stdout.write(json.dumps(seed.sow(clock.now())))
        elif options["figures"]:
            document.write(options["document"] or DOCUMENT, document.read(options["figures"]))
        else:
            self._measure(options)

    def _measure(self, options: dict[str, Any]) -> None:
        questions = Questions(
            options["beside"] == "stock", options["flat"], options["contain"], options["pages"]
        )
        plan = planned(options)
        with Report() as report:
            findings = run(options["home"], plan, questions, report)
        show(report, findings)
        if options["json"]:
            options["json"].write_text(findings.as_json() + "\n")
        if options["chart"] and findings.flat:
            options["chart"].write_text(drawn(findings.flat))
        if options["document"]:
            document.write(options["document"], json.loads(findings.as_json()))
        if findings.contained and findings.contained.stale:
            raise CommandError(f"{findings.contained.stale} stale answers after containment")


def planned(options: dict[str, Any]) -> Plan:
    """The plan that the options ask for. Raises CommandError for one that cannot be filled."""
    given = {
        name: options[name] for name in ("organizations", "clients", "rounds", "requests") if options[name]
    }
    if options["document"] and not options["document"].exists():
        raise CommandError(f"{options['document']}: there is no such document to put the figures into")
    plan = replace(QUICK if options["quick"] else Plan(), **given)
    if options["only"]:
        plan = replace(plan, operations=tuple(options["only"]))
    if plan.clients % 4 or plan.clients < plan.organizations * 4:
        raise CommandError("--clients has to be a multiple of 4, and at least 4 for each organization")
    for operation, most in plan.most_requests.items():
        if operation in plan.operations and plan.requests > most:
            raise CommandError(
                f"{plan.clients:,} clients are enough for {most:,} of {operation} in each round:"
                " ask for fewer --requests, for more --clients, or --only for other operations"
            )
    return plan


def show(report: Report, findings: Findings) -> None:
    report.costs(findings.costs)
    report.memory(findings.idle_mib, findings.after_mib, findings.workers_mib)
    if findings.flat:
        report.flat(findings.flat)
    if findings.pages:
        report.pages(findings.pages)
    if findings.contained:
        report.contained(findings.contained)
