#!/usr/bin/env python3
"""The one entrance: `quickstart`, `test` and `verify` bring their own environment, the rest is Django's."""

from __future__ import annotations

import importlib
import os
import sys

from portal.local import bootstrap
from portal.local.errors import CannotRun, DependenciesMissing

# These must work before there is a database or a setting to read, so they are not Django commands.
OURS = {
    "quickstart": "portal.local.quickstart",
    "test": "portal.local.suite",
    "verify": "portal.local.verify",
    "verify_audit": "portal.auditor.command",
}


def main(argv: list[str]) -> int:
    """Run one command and return its exit code; what hinders it is said in one sentence."""
    try:
        bootstrap.enter(argv)
        return _run(argv)
    except CannotRun as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(argv: list[str]) -> int:
    command = argv[1] if len(argv) > 1 else "help"
    if command in OURS:
        return int(importlib.import_module(OURS[command]).main(argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError as error:
        raise DependenciesMissing(error.name or "django") from error
    execute_from_command_line(argv)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
