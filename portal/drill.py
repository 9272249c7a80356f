"""The drill of a restore: save the database, restore it elsewhere, and prove that what came back is what was saved.

Uses pg_dump and pg_restore of PostgreSQL's own release. What came back is read by processes of their own, which know
the restored database and the keys of this deployment, and nothing of the database that was saved.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.exceptions import InvalidTag
from django.conf import settings

from portal.authn import FactorAdapter
from registry import audit_identity, backup, clock
from registry.backup import Facts, Source


class DrillFailed(Exception):
    """The drill could not be done, or one of its programs ended badly; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that holds of the restored database, or does not."""

    name: str
    holds: bool
    told: str


@dataclass(slots=True)
class Drill:
    """What was found: seconds of each step, and the proofs."""

    seconds: dict[str, float] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return bool(self.proofs) and all(proof.holds for proof in self.proofs)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[step] = round(time.monotonic() - began, 2)


def run(into: str, *, programs: Path | None) -> Drill:
    """Save, restore into the empty database at the URL `into`, prove. Raises DrillFailed.

    programs  folder of pg_dump and pg_restore; None for those on the PATH
    """
    if not backup.is_empty(into):
        raise DrillFailed(
            "The database to restore into has tables. Name an empty one, on another machine if you can."
        )
    drill = Drill()
    with TemporaryDirectory() as name:
        folder = Path(name)
        with drill.timed("dump"), backup.source(clock.now()) as source:
            _dump(source, folder / "dump", programs)
        with drill.timed("restore"):
            _restore(folder / "dump", into, programs)
        with drill.timed("prove"):
            told = _told_of(into)
            drill.proofs += _compared(source.facts, told)
            drill.proofs.append(_audit_log(source, into, folder))
    return drill


def tell() -> dict[str, Any]:
    """What the drill compares, of the database that this process is connected to."""
    facts = backup.facts()
    readable = [_is_readable(secret) for secret in backup.factor_secrets()]
    return {
        "rows": dict(facts.rows),
        "guards": sorted(facts.guards),
        "key_fits": facts.key_fits,
        "factors": len(readable),
        "unreadable": readable.count(False),
    }


def _is_readable(secret: str) -> bool:
    try:
        return bool(FactorAdapter().decrypt(secret))
    except (InvalidTag, ValueError):
        return False


def _compared(saved: Facts, told: Mapping[str, Any]) -> Iterator[Proof]:
    rows, guards = dict(saved.rows), sorted(saved.guards)
    differing = sorted(
        table for table in {*rows, *told["rows"]} if rows.get(table) != told["rows"].get(table)
    )
    missing = sorted(set(guards) ^ set(told["guards"]))
    counted = f"{sum(rows.values())} rows in {len(rows)} tables"
    yield Proof("every row is there", not differing, ", ".join(differing) or counted)
    yield Proof("every guard is there", not missing, ", ".join(missing) or f"{len(guards)} of them")
    yield Proof("CREDENTIAL_KEY fits", told["key_fits"] is True, "it hashed the credentials in there")
    yield Proof(
        "FACTOR_KEY fits",
        not told["unreadable"],
        f"{told['factors'] - told['unreadable']} of {told['factors']} read",
    )


def _audit_log(source: Source, into: str, folder: Path) -> Proof:
    """The restored log is what was signed, and goes at least as far as the checkpoint that was seen."""
    if not source.checkpoint:
        return Proof("the audit log is true", holds=False, told="no checkpoint was ever signed")
    (folder / "checkpoint").write_text(source.checkpoint)
    keys = [part for key in audit_identity.verifier_keys() for part in ("--public-key", str(key))]
    command = [*_manage("verify_audit"), *keys, "--checkpoint", str(folder / "checkpoint")]
    answer = _run(command, os.environ | {"DATABASE_URL": into}, may_fail=True)
    lines = (answer.stdout + answer.stderr).strip().splitlines()
    return Proof("the audit log is true", answer.returncode == 0, lines[0] if lines else "nothing was said")


def _dump(source: Source, file: Path, programs: Path | None) -> None:
    command = [_program("pg_dump", programs), "--format", "custom", "--snapshot", source.snapshot]
    _run([*command, "--no-password", "--file", str(file)], _owner())


def _restore(file: Path, into: str, programs: Path | None) -> None:
    command = [_program("pg_restore", programs), "--no-owner", "--no-privileges", "--exit-on-error"]
    target = _libpq(into)
    _run([*command, "--no-password", "--dbname", target["PGDATABASE"], str(file)], target)


def _told_of(into: str) -> dict[str, Any]:
    answer = _run([*_manage("drill"), "--tell"], os.environ | {"DATABASE_URL": into})
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def _manage(command: str) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), command]


def _program(name: str, folder: Path | None) -> str:
    return str(folder / name) if folder else name


def _owner() -> dict[str, str]:
    owner: dict[str, Any] = settings.DATABASE_OF_OWNER
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    return _quietly({variable: str(owner[name]) for variable, name in names.items()})


def _libpq(url: str) -> dict[str, str]:
    """The URL as variables: on a command line everybody on the machine could read the password."""
    parts, query = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    return _quietly(
        {
            "PGHOST": query.get("host", parts.hostname or ""),
            "PGPORT": query.get("port", str(parts.port or "")),
            "PGUSER": unquote(parts.username or ""),
            "PGPASSWORD": unquote(parts.password or ""),
            "PGDATABASE": parts.path.lstrip("/"),
        }
    )


def _quietly(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value} | {"PATH": os.environ.get("PATH", "")}


def _run(
    command: Sequence[str], environment: Mapping[str, str], *, may_fail: bool = False
) -> "subprocess.CompletedProcess[str]":
    try:
        answer = subprocess.run(  # noqa: S603  # our own programs and PostgreSQL's, without a shell
            command,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as cause:
        raise DrillFailed(
            f"There is no {command[0]}. Install PostgreSQL's client programs of its release."
        ) from cause
    if answer.returncode and not may_fail:
        raise DrillFailed(
            f"{Path(command[0]).name} ended with {answer.returncode}: {answer.stderr.strip()[-800:]}"
        )
    return answer
