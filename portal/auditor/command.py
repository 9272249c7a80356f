"""`manage.py verify_audit [EXPORT]`, or `python -m portal.auditor [EXPORT]`: is the audit log what was signed?

Without EXPORT the tables at DATABASE_URL are verified. The end is 0 when all is true, 1 when something is not, and 2
when the question could not be asked.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from portal.auditor.export import Export
from portal.auditor.heads import KnownHeads, read_heads
from portal.auditor.notes import NotANote, PublicKey
from portal.auditor.verdict import Refuted, Report

TRUE, NOT_TRUE, NOT_ASKED = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        keys, witnesses = _keys(options.public_key or options.told), _keys(options.witness_key)
        if not keys:
            raise NotANote("give the log's key: --public-key, or AUDIT_PUBLIC_KEYS in the environment")
        report = _verify(options, keys, witnesses)
    except Refuted as refuted:
        print(f"NOT as it was signed. {refuted}", file=sys.stderr)
        return NOT_TRUE
    except (NotANote, OSError) as error:
        print(f"verify_audit: {error}", file=sys.stderr)
        return NOT_ASKED
    print("\n".join(report.lines()))
    return TRUE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="verify_audit", description=__doc__)
    told = os.environ.get("AUDIT_PUBLIC_KEYS", "").split(",")
    parser.add_argument("export", nargs="?", type=Path, help="file of export_audit; the database without it")
    parser.add_argument(
        "--public-key",
        action="append",
        default=[],
        metavar="KEY",
        help="verifier key of the log, or a file with some; default AUDIT_PUBLIC_KEYS",
    )
    parser.add_argument("--witness-key", action="append", default=[], metavar="KEY", help="of a witness")
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="an earlier checkpoint, or a witness's file, that the log has to continue",
    )
    parser.set_defaults(told=[key for key in told if key])
    return parser


def _keys(texts: Sequence[str]) -> list[PublicKey]:
    """Verifier keys as they are given, or in files, one a line."""
    lines = [line for text in texts for line in (Path(text).read_text() if "+" not in text else text).split()]
    return [PublicKey.read(line) for line in lines]


def _verify(options: argparse.Namespace, keys: list[PublicKey], witnesses: list[PublicKey]) -> Report:
    known = KnownHeads(head for path in options.checkpoint for head in read_heads(path, keys, witnesses))
    if options.export:
        with options.export.open("rb") as file:
            return Export(file, keys, witnesses, known, _progress).verify()
    from portal.auditor.tables import verify_database  # noqa: PLC0415  # an export needs no driver

    if not os.environ.get("DATABASE_URL"):
        raise NotANote("name an export, or set DATABASE_URL")
    return verify_database(
        os.environ["DATABASE_URL"], keys, witnesses=witnesses, known=known, progress=_progress
    )


def _progress(count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{count} lines ", end="", file=sys.stderr, flush=True)
