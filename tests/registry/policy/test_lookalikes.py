"""Rule D1.lookalike, and what is left of a name when the eye passes over the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.policy.confusables import DOUBLES
from registry.policy.lookalikes import skeletons
from tests.anything import unhurried
from tests.registry.policy.judging import objects, says

BANK = "Northgate Bank"
PAIRS = [(shape, double) for shape, doubles in DOUBLES.items() for double in doubles]


class TestD1Lookalike:
    @pytest.mark.parametrize("member", ["client_name", "client_name#de", "client_name#ja-Jpan-JP"])
    def test_refuses_every_name(self, member: str) -> None:
        (finding,) = says("D1.lookalike", {member: BANK}, foreign_names=skeletons(BANK))
        assert finding.member == member

    @pytest.mark.parametrize("name", ["Northgate Banking", "Bank Northgate", "North", "Ledger"])
    def test_accepts_another_name(self, name: str) -> None:
        assert not objects("D1.lookalike", {"client_name": name}, foreign_names=skeletons(BANK))

    def test_judges_no_other_member(self) -> None:
        assert not objects("D1.lookalike", {"software_id": BANK}, foreign_names=skeletons(BANK))


class TestSkeletons:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("PayPal", "PayPaI"),
            ("PayPal", "P\u0430yP\u0430l"),
            ("PayPal", "\U0001d40f\U0001d41a\U0001d432\U0001d40f\U0001d41a\U0001d425"),
            ("Modern", "Modem"),
            ("Vivid", "Vivicl"),
            ("WeWork", "VVeWork"),
            ("Acme", "\uff21\uff23\uff2d\uff25"),
            ("Acme", "A.C.M.E."),
            ("Acme", "Acm\u00e9"),
            ("Acme", "\u13aa\u0441me"),
            ("\u0412\u0415\u041a\u0422\u041e\u0420", "\u0432\u0435\u043a\u0442\u043e\u0440"),
            ("Stra\u00dfe", "STRASSE"),
            ("Bank 1 00", "Bank l OO"),
            ("\u30a2\u30af\u30e1", "\uff71\uff78\uff92"),
        ],
    )
    def test_of_names_that_look_alike_meet(self, one: str, other: str) -> None:
        assert skeletons(one) & skeletons(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("Acme", "Acne"), ("Bank A", "Bank B"), ("\u6771\u4eac", "\u5317\u4eac"), ("A", "")],
    )
    def test_of_other_names_do_not(self, one: str, other: str) -> None:
        assert not skeletons(one) & skeletons(other)

    @pytest.mark.parametrize("name", ["", " ", "\u2014", "...", "\u0301"])
    def test_of_nothing_to_read_are_none(self, name: str) -> None:
        assert skeletons(name) == frozenset()

    @unhurried
    @given(st.text(st.sampled_from("abdefghikmopqtuxyzABDEFGHKMOPQTUXYZ 24689"), min_size=3), st.data())
    def test_survive_doubles_accents_case_and_punctuation(self, name: str, data: st.DataObject) -> None:
        """Whatever is folded away is put in, at every place."""
        disguised = "".join(data.draw(st.sampled_from(_disguises(character))) for character in name)
        assert bool(skeletons(name)) <= bool(skeletons(name) & skeletons(disguised))

    @unhurried
    @given(st.text(max_size=30))
    def test_are_plain_and_at_most_two(self, name: str) -> None:
        found = skeletons(name)
        assert len(found) <= 2
        assert all(part.isalnum() for part in found)

    def test_know_every_double(self) -> None:
        lost = [(shape, double) for shape, double in PAIRS if not skeletons(shape) & skeletons(double)]
        assert lost == []


def _disguises(character: str) -> list[str]:
    doubles = [double for shape, double in PAIRS if shape == character]
    return [character, character + "\u0301", character + " ", f"{character}-", *doubles]
