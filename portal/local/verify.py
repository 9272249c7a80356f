"""`manage.py verify`: the checks that need no server, each named, the first failure ends it."""

import argparse
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.local import secret_files
from portal.local.bootstrap import ROOT
from portal.local.engines import inherited_environment
from portal.local.errors import StepFailed


def main(arguments: Sequence[str]) -> int:
    """Run every step, or those named in `arguments`; raises StepFailed at the first that fails."""
    steps = _steps()
    parser = argparse.ArgumentParser(prog="manage.py verify", description=__doc__)
    parser.add_argument(
        "steps", nargs="*", metavar="step", help=f"one of {', '.join(steps)}; all without any"
    )
    wanted = parser.parse_args(arguments).steps or list(steps)
    if unknown := set(wanted) - set(steps):
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    for name in wanted:
        run_step(name, steps[name], production_environment())
    return 0


def _steps() -> dict[str, list[str]]:
    programs = Path(sys.executable).parent
    django = [sys.executable, str(ROOT / "manage.py")]
    return {
        "ruff": [str(programs / "ruff"), "check", "."],
        "format": [str(programs / "ruff"), "format", "--check", "."],
        "mypy": [str(programs / "mypy")],
        "imports": [str(programs / "lint-imports")],
        "deploy": [*django, "check", "--deploy", "--fail-level", "WARNING"],
        "migrations": [*django, "makemigrations", "--check", "--dry-run"],
    }


def production_environment() -> dict[str, str]:
    """Production settings as docs/operate.md asks for them, with secrets that live as long as this process."""
    return inherited_environment() | {
        "DJANGO_SETTINGS_MODULE": "portal.config.settings",
        "CONCORDAT_DEPLOYMENT": "production",
        "CONCORDAT_ISSUER": "https://login.example.com",
        "ALLOWED_HOSTS": "login.example.com",
        "DATABASE_URL": "postgresql://concordat_app@/concordat?host=/nowhere",
        "DATABASE_OWNER_URL": "postgresql://concordat_owner@/concordat?host=/nowhere",
        "REDIS_URL": "redis+socket:///nowhere/valkey.sock",
        "SECRET_KEY": secret_files.random_secret() * 2,
        "CREDENTIAL_KEY": secret_files.random_secret(),
        "FACTOR_KEY": secret_files.random_secret(),
        "AUDIT_KEY": secret_files.random_secret(),
        "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history",
    }


def run_step(name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run one program to its end with its output on ours; raises StepFailed."""
    started = time.monotonic()
    answer = subprocess.run(command, cwd=ROOT, env=dict(environment), stdin=subprocess.DEVNULL, check=False)
    if answer.returncode != 0:
        raise StepFailed(f"verify: {name}", answer.returncode, "see above")
    print(f"{name}: passed in {time.monotonic() - started:.1f} s", flush=True)
