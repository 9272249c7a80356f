"""Notes as C2SP spells them: its own examples, and every way in which one may be none."""

from base64 import b64encode

import pytest

from portal.auditor import notes
from portal.auditor.notes import NotANote, NotSigned, PublicKey
from registry import signed_note
from registry.signed_note import COSIGNATURE_V1, Checkpoint, SigningKey
from tests.registry.test_signed_note import EXAMPLE, EXAMPLE_KEY

LOG = SigningKey("log.example/audit", bytes(range(32)))
WITNESS = SigningKey("witness.example/w1", bytes(32), COSIGNATURE_V1)
NOTE = signed_note.sign(str(Checkpoint("log.example/audit", 7, b"r" * 32)), LOG)
COSIGNED = NOTE + signed_note.cosign(NOTE, WITNESS, 1679315147)


def key(of: SigningKey) -> PublicKey:
    return PublicKey.read(str(of.verifier))


class TestPublicKey:
    def test_reads_the_example(self) -> None:
        assert PublicKey.read(EXAMPLE_KEY).id.hex() == "530d903a"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "a",
            "a+b",
            "a+530d903a+",
            EXAMPLE_KEY.replace("530d903a", "530d903b"),
            "x" + EXAMPLE_KEY,
            "+" + EXAMPLE_KEY,
            EXAMPLE_KEY + "A",
            EXAMPLE_KEY[:-4],
            "a b+00000000+AAAA",
            f"a+00000000+{b64encode(bytes([2]) + bytes(32)).decode()}",
        ],
    )
    def test_refuses(self, text: str) -> None:
        with pytest.raises(NotANote):
            PublicKey.read(text)


class TestOpened:
    def test_verifies_the_example(self) -> None:
        text, names, unknown = notes.opened(EXAMPLE, [PublicKey.read(EXAMPLE_KEY)])
        assert (text, names, unknown) == ("This is an example message.\n", {"example.com/foo"}, 0)

    def test_ignores_keys_that_share_only_the_name(self) -> None:
        other = SigningKey("example.com/foo", bytes(32))
        assert notes.opened(EXAMPLE, [key(other)])[1:] == (frozenset(), 1)

    def test_a_wrong_signature_of_a_known_key_refuses_the_note(self) -> None:
        with pytest.raises(NotSigned):
            notes.opened(EXAMPLE.replace("example message", "other message"), [PublicKey.read(EXAMPLE_KEY)])

    def test_sixteen_signatures_are_accepted(self) -> None:
        many = [SigningKey(f"witness.example/{number}", bytes([number]) * 32) for number in range(16)]
        note = NOTE + "".join(each.line(NOTE.partition("\n\n")[0].encode() + b"\n") for each in many)
        assert len(notes.opened(note, [key(each) for each in many])[1]) == 16

    def test_the_last_empty_line_parts(self) -> None:
        note = signed_note.sign("one\n\ntwo\n", LOG)
        assert notes.opened(note, [key(LOG)])[0] == "one\n\ntwo\n"


class TestHead:
    def test_tells_what_was_signed(self) -> None:
        head = notes.head(NOTE, [key(LOG)])
        assert (head.origin, head.size, head.root, head.unknown) == ("log.example/audit", 7, b"r" * 32, 0)

    def test_names_the_witnesses_that_are_known(self) -> None:
        assert notes.head(COSIGNED, [key(LOG)], [key(WITNESS)]).witnesses == {"witness.example/w1"}
        assert notes.head(COSIGNED, [key(LOG)]).unknown == 1

    def test_a_witness_is_not_the_log(self) -> None:
        with pytest.raises(NotSigned):
            notes.head(COSIGNED, [key(WITNESS)], [key(WITNESS)])

    def test_a_wrong_cosignature_of_a_known_witness_refuses(self) -> None:
        line = signed_note.cosign(NOTE.replace("7", "8", 1), WITNESS, 1)
        with pytest.raises(NotSigned):
            notes.head(NOTE + line, [key(LOG)], [key(WITNESS)])

    def test_a_time_beyond_63_bits_refuses(self) -> None:
        stamp = b"\x80" + bytes(7)
        line = WITNESS.line(f"cosignature/v1\ntime {2**63}\n{NOTE.partition('—')[0][:-1]}".encode(), stamp)
        with pytest.raises(NotSigned, match="2\\^63"):
            notes.head(NOTE + line, [key(LOG)], [key(WITNESS)])

    def test_any_of_several_keys_will_do(self) -> None:
        former = SigningKey("log.example/audit", bytes([9]) * 32)
        assert notes.head(NOTE, [key(former), key(LOG)]).size == 7


class TestProof:
    def test_reads_what_the_writer_writes(self) -> None:
        text = signed_note.proof_text(3, [b"a" * 32, b"b" * 32], NOTE)
        assert notes.proof(text) == (3, [b"a" * 32, b"b" * 32], NOTE)

    def test_reads_extra_data_without_trusting_it(self) -> None:
        text = signed_note.proof_text(3, [], NOTE).replace("@v1\n", "@v1\nextra Zm9v\n")
        assert notes.proof(text) == (3, [], NOTE)
