"""The writer's notes: the examples of C2SP, and what it refuses to sign or to take for signed."""

import pytest

from registry import signed_note
from registry.signed_note import (
    COSIGNATURE_V1,
    Checkpoint,
    InvalidNote,
    SigningKey,
    UnverifiedNote,
    VerifierKey,
)

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Z"
    "tg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
    "zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJs"
    "X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = SigningKey("log.example/audit", bytes(range(32)))
WITNESS = SigningKey("witness.example/w1", bytes(32), COSIGNATURE_V1)
HEAD = Checkpoint("log.example/audit", 7, b"r" * 32)


class TestExamplesOfC2sp:
    def test_key(self) -> None:
        key = signed_note.read_verifier_key(EXAMPLE_KEY)
        assert (key.name, key.kind, str(key)) == ("example.com/foo", 1, EXAMPLE_KEY)

    def test_note(self) -> None:
        key = signed_note.read_verifier_key(EXAMPLE_KEY)
        assert signed_note.open_note(EXAMPLE, [key]) == "This is an example message.\n"

    def test_checkpoint_with_cosignature(self) -> None:
        text, signatures = signed_note.split_note(CHECKPOINT)
        assert signed_note.read_checkpoint(text).size == 20852163
        assert [line.name for line in signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
        assert int.from_bytes(signatures[1].rest[:8]) == 1679315147
        assert "".join(map(str, signatures)) == CHECKPOINT.partition("\n\n")[2]


class TestSign:
    def test_can_be_opened(self) -> None:
        note = signed_note.sign(str(HEAD), LOG)
        assert signed_note.open_checkpoint(note, [LOG.verifier]) == HEAD

    @pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\r\n", "a\0\n"])
    def test_refuses_what_is_no_text_of_a_note(self, text: str) -> None:
        with pytest.raises(InvalidNote):
            signed_note.sign(text, LOG)

    def test_another_name_is_another_key(self) -> None:
        note = signed_note.sign(str(HEAD), LOG.named("log.example/audit/export"))
        with pytest.raises(UnverifiedNote, match="no known key"):
            signed_note.open_note(note, [LOG.verifier])

    def test_shows_no_secret(self) -> None:
        assert repr(LOG.seed)[2:-1] not in repr(LOG)


class TestOpenCheckpoint:
    @pytest.mark.parametrize(
        "text",
        [
            "log.example/audit\n07\n{root}\n",
            "log.example/audit\n7\nAAAA\n",
            "log.example/audit\n7\n",
            "log.example/audit\n7\n{root}\nextension\n",
            "\n7\n{root}\n",
            "log.example/audit\n-7\n{root}\n",
        ],
    )
    def test_refuses_what_is_no_checkpoint(self, text: str) -> None:
        note = signed_note.sign(text.format(root=str(HEAD).splitlines()[2]), LOG)
        with pytest.raises(InvalidNote):
            signed_note.open_checkpoint(note, [LOG.verifier])

    def test_refuses_another_log(self) -> None:
        note = signed_note.sign(str(Checkpoint("log.example/other", 7, b"r" * 32)), LOG)
        with pytest.raises(UnverifiedNote):
            signed_note.open_checkpoint(note, [LOG.verifier])

    def test_takes_any_key_of_the_log(self) -> None:
        former = SigningKey(LOG.name, bytes(32))
        note = signed_note.sign(str(HEAD), former)
        assert signed_note.open_checkpoint(note, [LOG.verifier, former.verifier]) == HEAD

    @pytest.mark.parametrize("spoilt", ["— ", "— log.example/audit", "— log.example/audit AAAA", "no line"])
    def test_refuses_lines_that_are_no_signatures(self, spoilt: str) -> None:
        note = signed_note.sign(str(HEAD), LOG)
        with pytest.raises(InvalidNote):
            signed_note.open_checkpoint(f"{note}{spoilt}\n", [LOG.verifier])


class TestCosign:
    NOTE = signed_note.sign(str(HEAD), LOG)

    def test_tells_witness_and_time(self) -> None:
        note = self.NOTE + signed_note.cosign(self.NOTE, WITNESS, 1679315147)
        found = list(signed_note.cosignatures(note, [WITNESS.verifier]))
        assert [(line.name, at) for line, at in found] == [("witness.example/w1", 1679315147)]

    def test_strangers_are_ignored(self) -> None:
        note = self.NOTE + signed_note.cosign(self.NOTE, WITNESS, 1)
        assert list(signed_note.cosignatures(note, [VerifierKey("x", COSIGNATURE_V1, bytes(32))])) == []

    def test_another_time_is_another_message(self) -> None:
        line = signed_note.cosign(self.NOTE, WITNESS, 1)
        _, (signature,) = signed_note.split_note(f"x\n\n{line}")
        forged = signed_note.Signature(signature.name, signature.key_id, (2).to_bytes(8) + signature.rest[8:])
        with pytest.raises(UnverifiedNote, match="wrong"):
            list(signed_note.cosignatures(self.NOTE + str(forged), [WITNESS.verifier]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b+c",
        "a+530d903a+!!",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY[:-4],
        "a b" + EXAMPLE_KEY[15:],
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_refuses_what_is_no_verifier_key(text: str) -> None:
    with pytest.raises(InvalidNote):
        signed_note.read_verifier_key(text)
