"""The commands: an export is written, and verified where there is no database, no Django and no secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.auditor import command
from registry import audit_identity, signed_note, transparency
from registry.models import Organization
from registry.signed_note import COSIGNATURE_V1, SigningKey
from tests import audit_log, world
from tests.architecture.source import ROOT

ALONE = """
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "registry", "psycopg", "celery", "jwcrypto"}:
            raise ImportError(name)
sys.meta_path.insert(0, Refusing())
from portal.auditor.command import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def acme(db: None) -> Organization:
    holder = world.organization()
    audit_log.sequence()
    return holder


@pytest.fixture
def export(acme: Organization, tmp_path: Path) -> Path:
    path = tmp_path / "export.jsonl"
    call_command("export_audit", str(path))
    return path


def key() -> str:
    return str(audit_identity.signing_key().verifier)


class TestVerifyAudit:
    def test_works_offline_and_alone(self, export: Path, tmp_path: Path) -> None:
        arguments = [sys.executable, "-c", ALONE, str(export), "--public-key", key()]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("The export is as it was signed.")

    def test_names_the_first_bad_leaf(self, export: Path, capsys: pytest.CaptureFixture[str]) -> None:
        export.write_bytes(export.read_bytes().replace(b'"action":"o', b'"action":"p', 1))
        assert command.main([str(export), "--public-key", key()]) == command.NOT_TRUE
        assert capsys.readouterr().err.startswith("NOT as it was signed. leaf 0:")

    def test_takes_keys_from_a_file(self, export: Path, tmp_path: Path) -> None:
        former = SigningKey(audit_identity.origin(), bytes(32)).verifier
        (tmp_path / "keys").write_text(f"{former}\n{key()}\n")
        assert command.main([str(export), "--public-key", str(tmp_path / "keys")]) == command.TRUE

    def test_takes_the_key_from_the_environment(self, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AUDIT_PUBLIC_KEYS", key())
        assert command.main([str(export)]) == command.TRUE

    def test_compares_an_earlier_checkpoint(self, export: Path, tmp_path: Path) -> None:
        kept = tmp_path / "checkpoint"
        kept.write_text(transparency.latest_checkpoint()[1])
        arguments = [str(export), "--public-key", key(), "--checkpoint", str(kept)]
        assert command.main(arguments) == command.TRUE
        head = signed_note.Checkpoint(audit_identity.origin(), 1, b"x" * 32)
        kept.write_text(signed_note.sign(str(head), audit_identity.signing_key()))
        assert command.main(arguments) == command.NOT_TRUE

    @pytest.mark.parametrize(
        "arguments",
        [
            ["/nowhere", "--public-key", "log+00000000+AAAA"],
            ["/nowhere", "--public-key", "/nowhere"],
            ["/nowhere"],
        ],
    )
    def test_says_when_it_cannot_be_asked(
        self, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("AUDIT_PUBLIC_KEYS", raising=False)
        assert command.main(arguments) == command.NOT_ASKED
        assert capsys.readouterr().err.startswith("verify_audit: ")

    def test_without_a_file_asks_for_the_database(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("DATABASE_URL")
        assert command.main(["--public-key", key()]) == command.NOT_ASKED
        assert "DATABASE_URL" in capsys.readouterr().err


class TestExportAudit:
    def test_only_its_owner_reads_the_file(self, export: Path) -> None:
        assert export.stat().st_mode & 0o777 == 0o600
        assert [path.name for path in export.parent.iterdir()] == [export.name]

    def test_of_an_organization_and_a_time(self, acme: Organization, tmp_path: Path) -> None:
        path = tmp_path / "part.jsonl"
        call_command("export_audit", str(path), organization=acme.slug, since=None, until=world.now())
        assert command.main([str(path), "--public-key", key()]) == command.TRUE

    def test_says_that_there_is_no_such_organization(self, acme: Organization, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="no organization nobody"):
            call_command("export_audit", str(tmp_path / "x"), organization="nobody")

    @pytest.mark.django_db
    def test_says_that_nothing_is_sequenced(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="Nothing is sequenced"):
            call_command("export_audit", str(tmp_path / "x"))


class TestOtherCommands:
    def test_public_key(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("audit_public_key")
        assert capsys.readouterr().out.splitlines()[0] == key()

    def test_checkpoint(self, acme: Organization, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("audit_checkpoint")
        assert capsys.readouterr().out == transparency.latest_checkpoint()[1]

    def test_a_cosignature_of_a_stranger_is_not_kept(
        self, acme: Organization, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        note = transparency.latest_checkpoint()[1]
        stranger = SigningKey("stranger.example", bytes(32), COSIGNATURE_V1)
        (tmp_path / "note").write_text(note + signed_note.cosign(note, stranger, 1))
        call_command("audit_checkpoint", add=str(tmp_path / "note"))
        assert capsys.readouterr().out == "0 new cosignatures.\n"

    def test_sequence(self, acme: Organization, capsys: pytest.CaptureFixture[str]) -> None:
        audit_log.record(acme, 3)
        call_command("sequence_audit")
        assert capsys.readouterr().out == "3 sequenced, 0 held.\n"
